"""Which sentences of a text carry it (pure).

One sentence after the other is taken by how many of the text's common words it adds to those taken before
(Lin and Bilmes, "A class of submodular functions for document summarization", 2011). Early sentences,
sentences that announce what the text does, and words that the reader cares about count more; long sentences
and lines without an end count less. The weights were fitted on one half of the benchmark's sets.
"""

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

_POSITION_BONUS = 1.8
_POSITION_DECAY = 0.8
_ANNOUNCEMENT_BONUS = 0.6
_INTEREST_BONUS = 2.5
_LENGTH_MALUS = 0.9
"""For each 15 words beyond the first 15."""
_UNENDED_MALUS = 1.0
_LEANING_MALUS = 0.2
_HALF_QUOTED_MALUS = 0.1
_REPETITION_MALUS = 2.0
_REPEATED_SHARE = 0.8
_COVERAGE_BONUS = 5.5
_COVERED_TERMS = 25


def terms(text: str) -> list[str]:
    """The words of a text for comparison: folded; single characters in Chinese."""
    return [term.casefold() for term in _TERMS.findall(text)]


def content_terms(text: str) -> list[str]:
    """The words of a text without those that every text has."""
    return [term for term in terms(text) if term not in LITTLE_WORDS]


def choose(sentences: Sequence[str], *, count: int, interests: Iterable[str] = ()) -> list[int]:
    """The places of the sentences that together say most of the text, the most telling one first."""
    words = [content_terms(sentence) for sentence in sentences]
    distinct = [frozenset(each) for each in words]
    common = dict(Counter(term for each in words for term in each).most_common(_COVERED_TERMS))
    total = sum(common.values()) or 1
    wanted = {term for interest in interests for term in content_terms(interest)}
    worth = [
        _POSITION_BONUS / (1 + rank) ** _POSITION_DECAY
        + _manner(sentence)
        + (0.0 if wanted.isdisjoint(each) else _INTEREST_BONUS)
        for sentence, each, rank in zip(sentences, distinct, _ranks(sentences), strict=True)
    ]
    chosen: list[int] = []
    said: set[str] = set()

    def gain(place: int) -> float:
        new = distinct[place] - said
        repeats = len(distinct[place]) - len(new) >= _REPEATED_SHARE * len(distinct[place])
        covered = sum(common.get(term, 0) for term in new) / total
        return worth[place] + _COVERAGE_BONUS * covered - (_REPETITION_MALUS if repeats and said else 0.0)

    left = set(range(len(sentences)))
    while left and len(chosen) < count:
        place = max(sorted(left), key=gain)
        chosen.append(place)
        left.discard(place)
        said |= distinct[place]
    return chosen


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
