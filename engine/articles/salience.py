"""Which sentences of a text carry it (pure).

Centrality is the cosine to the TF-IDF centroid of the text (Radev et al., "Centroid-based summarization of
multiple documents", 2004). Early sentences, sentences that announce what the text does, and words that the
reader cares about count more; long sentences and lines without an end count less. `choose` then takes one
sentence after the other by what it adds to those taken before (Lin and Bilmes, "A class of submodular
functions for document summarization", 2011). The weights were fitted on one half of the benchmark's sets.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate

from engine.articles.languages import LITTLE_WORDS

_TERMS = re.compile(r"[\u3400-\u9fff]|[^\W\d_]{3,}|\d[\d.,]*")
_ANNOUNCES = re.compile(
    r"\b(?:we|this (?:paper|work|article|study|report)|our \w+)\b.{0,40}\b"
    r"(?:propos|present|introduc|show|develop|demonstrat|investigat|stud(?:y|ies)|find|found|describ|provid"
    r"|explor|address|argu|prov|deriv|design|analy)",
    re.IGNORECASE,
)
_LEANS = re.compile(
    r"^[\"“]?(?:he|she|they|it|his|her|their|its|but|and|so|also|however|instead|meanwhile|ironically|moreover"
    r"|furthermore|therefore|th(?:is|at|ese|those) (?:is|was|are|were|means?|meant|has|have|will|would))\b",
    re.IGNORECASE,
)
"""How a sentence begins that needs the one before it."""
_ENDED = re.compile(r"[.!?…。！？][\"”’')\]」]*$")

_CENTRALITY_WEIGHT = 0.5
_POSITION_BONUS = 1.8
_POSITION_DECAY = 0.8
_ANNOUNCEMENT_BONUS = 0.6
_INTEREST_BONUS = 1.8
_LENGTH_MALUS = 0.9
"""For each 15 words beyond the first 15."""
_UNENDED_MALUS = 0.5
_LEANING_MALUS = 0.2
_HALF_QUOTED_MALUS = 0.1
_REPETITION_MALUS = 2.0
_REPEATED_SHARE = 0.8
_COVERAGE_BONUS = 4.0
_COVERED_TERMS = 30


def terms(text: str) -> list[str]:
    """The words of a text for comparison: folded; single characters in Chinese."""
    return [term.casefold() for term in _TERMS.findall(text)]


def content_terms(text: str) -> list[str]:
    """The words of a text without those that every text has."""
    return [term for term in terms(text) if term not in LITTLE_WORDS]


def scores(sentences: Sequence[str], interests: Iterable[str] = ()) -> list[float]:
    """How much each sentence carries the whole; higher is more."""
    counted = [Counter(terms(sentence)) for sentence in sentences]
    spread = Counter(term for counts in counted for term in counts)
    weights = {term: math.log(1 + len(sentences) / count) for term, count in spread.items()}
    vectors = [{term: count * weights[term] for term, count in counts.items()} for counts in counted]
    centroid: Counter[str] = Counter()
    for vector in vectors:
        centroid.update(vector)
    length = math.sqrt(sum(value**2 for value in centroid.values()))
    wanted = {term for interest in interests for term in content_terms(interest)}
    return [
        _CENTRALITY_WEIGHT * _cosine(vector, centroid, length)
        + _POSITION_BONUS / (1 + rank) ** _POSITION_DECAY
        + (_INTEREST_BONUS if wanted & vector.keys() else 0.0)
        + _manner(sentence)
        for sentence, vector, rank in zip(sentences, vectors, _ranks(sentences), strict=True)
    ]


def best(sentences: Sequence[str], order: Sequence[float], *, count: int) -> list[str]:
    """The sentences with the highest scores, in the order of the text."""
    places = sorted(range(len(sentences)), key=lambda place: -order[place])[:count]
    return [sentences[place] for place in sorted(places)]


def choose(sentences: Sequence[str], *, count: int, interests: Iterable[str] = ()) -> list[int]:
    """The places of the sentences that together say most of the text, in the order of the text."""
    order = scores(sentences, interests)
    words = [set(content_terms(sentence)) for sentence in sentences]
    common = dict(
        Counter(term for sentence in sentences for term in content_terms(sentence)).most_common(
            _COVERED_TERMS
        )
    )
    total = sum(common.values()) or 1
    chosen: list[int] = []
    said: set[str] = set()

    def gain(place: int) -> float:
        new = words[place] - said
        repeats = len(words[place]) - len(new) >= _REPEATED_SHARE * len(words[place])
        covered = sum(common.get(term, 0) for term in new) / total
        return order[place] + _COVERAGE_BONUS * covered - (_REPETITION_MALUS if repeats and said else 0.0)

    left = set(range(len(sentences)))
    while left and len(chosen) < count:
        place = max(sorted(left), key=gain)
        chosen.append(place)
        left.discard(place)
        said |= words[place]
    return sorted(chosen)


def _ranks(sentences: Sequence[str]) -> list[int]:
    """How many whole sentences stand before each: bylines and headings do not push the text down."""
    whole = (int(bool(_ENDED.search(sentence))) for sentence in sentences)
    return list(accumulate(whole, initial=0))[:-1]


def _manner(sentence: str) -> float:
    """What the form of a sentence tells of its use."""
    excess = max(0, len(terms(sentence)) - 15) / 15
    announced = _ANNOUNCEMENT_BONUS if _ANNOUNCES.search(sentence) else 0.0
    malus = 0.0 if _ENDED.search(sentence) else _UNENDED_MALUS
    malus += _LEANING_MALUS if _LEANS.search(sentence) else 0.0
    if sentence.count("“") != sentence.count("”") or sentence.count('"') % 2:
        malus += _HALF_QUOTED_MALUS  # the other half of the quotation would be missing
    return announced - _LENGTH_MALUS * excess - malus


def _cosine(one: dict[str, float], other: Counter[str], other_length: float) -> float:
    product = sum(value * other[term] for term, value in one.items())
    norms = math.sqrt(sum(value**2 for value in one.values())) * other_length
    return product / norms if norms else 0.0
