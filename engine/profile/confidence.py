"""How sure a belief is: the mean of a Beta distribution over faded statements for and against it."""

from datetime import datetime
from enum import StrEnum

from engine.profile.slots import half_life
from storage.beliefs import Belief, BeliefKind

FADED_BELOW = 0.55
"""Under this a belief is kept, but no longer acted upon; one statement fades so far in 2.2 half-lives."""

_SURE_FROM = 0.78
CONFIRMED_SUPPORT = 8.0
"""The weight of the user's own word about a belief: as much as eight statements."""


class Certainty(StrEnum):
    """Confidence in a word: said often or confirmed, said more than once, said once."""

    SURE = "sure"
    LIKELY = "likely"
    ONCE = "once"


def faded(weight: float, kind: BeliefKind, since: datetime, now: datetime) -> float:
    """What is left of a weight from `since` to `now`; a clock that runs backwards fades nothing."""
    period = half_life(kind)
    if period is None:
        return weight
    return weight * 0.5 ** max(0.0, (now - since) / period)


def confidence(belief: Belief, now: datetime) -> float:
    """Beta(1, 1) updated with the faded support and against: from 0 to 1."""
    support = faded(belief.support, belief.kind, belief.last_seen, now)
    against = faded(belief.against, belief.kind, belief.last_seen, now)
    return (support + 1.0) / (support + against + 2.0)


def certainty(belief: Belief, now: datetime) -> Certainty:
    """The confidence in a word, for people."""
    if confidence(belief, now) >= _SURE_FROM:
        return Certainty.SURE
    return Certainty.LIKELY if belief.times_said > 1 else Certainty.ONCE


def is_faded(belief: Belief, now: datetime) -> bool:
    """Whether a belief has lost so much weight that nothing should be done on its account."""
    return confidence(belief, now) < FADED_BELOW
