"""The manner of texts in four numbers, and how far two manners are apart (pure)."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from engine.profile.style import Style, observe_style

_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """Words per text, and the shares that begin in lower case, end with a mark and have an emoji."""

    words: float
    lower_case: float
    punctuated: float
    emoji: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MannerDistance:
    """How far apart two manners are, 0 for not at all.

    `length` is the absolute logarithm of the ratio of words (0.69: twice or half as long), the others are
    differences of shares, at most 1.
    """

    length: float
    case: float
    punctuation: float
    emoji: float


def manner_of(texts: Iterable[str]) -> Manner:
    """The manner of some texts, by the counters that profiles keep of people."""
    style = Style()
    for text in texts:
        style = observe_style(style, text, _ANY_TIME)
    return Manner(
        words=style.mean_words,
        lower_case=style.share(style.lower_case),
        punctuated=style.share(style.punctuated),
        emoji=style.share(style.with_emoji),
    )


def distance(one: Manner, other: Manner) -> MannerDistance:
    """How far apart they are; a text without words counts as one of a single word."""
    return MannerDistance(
        length=abs(math.log(max(one.words, 1.0) / max(other.words, 1.0))),
        case=abs(one.lower_case - other.lower_case),
        punctuation=abs(one.punctuated - other.punctuated),
        emoji=abs(one.emoji - other.emoji),
    )
