"""Which sentences of a text carry it (pure).

Centrality is the cosine to the TF-IDF centroid of the text (Radev et al., "Centroid-based summarization of
multiple documents", 2004), with a bonus for early sentences and for words that the reader cares about.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"”')\]]*\s+|(?<=[。！？])[”」]*|\n+")
_TERMS = re.compile(r"[\u3400-\u9fff]|[^\W\d_]{3,}|\d[\d.,]*")
_POSITION_BONUS = 0.3
_INTEREST_BONUS = 0.3


def split_sentences(text: str) -> list[str]:
    """The sentences of a text, in order, without empty ones."""
    return [stripped for part in _SENTENCE_END.split(text) if (stripped := part.strip())]


def terms(text: str) -> list[str]:
    """The words of a text for comparison: folded; single characters in Chinese."""
    return [term.casefold() for term in _TERMS.findall(text)]


def scores(sentences: Sequence[str], interests: Iterable[str] = ()) -> list[float]:
    """How much each sentence carries the whole; higher is more."""
    counted = [Counter(terms(sentence)) for sentence in sentences]
    spread = Counter(term for counts in counted for term in counts)
    weights = {term: math.log(1 + len(sentences) / count) for term, count in spread.items()}
    vectors = [{term: count * weights[term] for term, count in counts.items()} for counts in counted]
    centroid: Counter[str] = Counter()
    for vector in vectors:
        centroid.update(vector)
    wanted = {term for interest in interests for term in terms(interest)}
    return [
        _cosine(vector, centroid)
        + _POSITION_BONUS / (1 + place)
        + (_INTEREST_BONUS if wanted & vector.keys() else 0.0)
        for place, vector in enumerate(vectors)
    ]


def best(sentences: Sequence[str], order: Sequence[float], *, count: int) -> list[str]:
    """The sentences with the highest scores, in the order of the text."""
    places = sorted(range(len(sentences)), key=lambda place: -order[place])[:count]
    return [sentences[place] for place in sorted(places)]


def _cosine(one: dict[str, float], other: Counter[str]) -> float:
    product = sum(value * other[term] for term, value in one.items())
    norms = math.sqrt(sum(value**2 for value in one.values()) * sum(value**2 for value in other.values()))
    return product / norms if norms else 0.0
