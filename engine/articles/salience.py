"""Which sentences of a text carry it (pure).

Centrality is the cosine to the TF-IDF centroid of the text (Radev et al., "Centroid-based summarization of
multiple documents", 2004). Early sentences, sentences that announce what the text does, and words that the
reader cares about count more; long sentences and lines without an end count less. `choose` then takes one
sentence after the other by what it adds to those taken before (Lin and Bilmes, "A class of submodular
functions for document summarization", 2011). The weights were fitted on the benchmark's sets.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from engine.articles.languages import LITTLE_WORDS

_SENTENCE_END = re.compile(
    r"(?<=[.!?…])(?<!\b[A-Z]\.)(?<!\b(?:Mr|Ms|Dr|St|Jr|Sr|vs|No)\.)(?<!\b(?:Mrs|Gen|Sen|Rep|Gov)\.)"
    r"(?<!\b[ap]\.m\.)(?<!\b(?:Jan|Feb|Aug|Oct|Nov|Dec|Inc|Ltd|Fig|tsp)\.)(?<!\bCo\.)(?<!\b(?:Sept|Corp|tbsp)\.)"
    r"[\"”’')\]]*\s+|(?<=[。！？])[”」]*|\n+"
)
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

_POSITION_BONUS = 1.2
_POSITION_DECAY = 0.8
_ANNOUNCEMENT_BONUS = 0.4
_INTEREST_BONUS = 1.2
_LENGTH_MALUS = 0.5
"""For each 15 words beyond the first 15."""
_UNENDED_MALUS = 0.5
_LEANING_MALUS = 0.2
_HALF_QUOTED_MALUS = 0.1
_REPETITION_MALUS = 2.0
_REPEATED_SHARE = 0.8
_COVERAGE_BONUS = 2.0
_COVERED_TERMS = 30


def split_sentences(text: str) -> list[str]:
    """The sentences of a text, in order, without empty ones."""
    return [stripped for part in _SENTENCE_END.split(text) if (stripped := part.strip())]


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
        _cosine(vector, centroid, length)
        + _POSITION_BONUS / (1 + place) ** _POSITION_DECAY
        + (_INTEREST_BONUS if wanted & vector.keys() else 0.0)
        + _manner(sentence)
        for place, (sentence, vector) in enumerate(zip(sentences, vectors, strict=True))
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
