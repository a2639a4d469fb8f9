"""What a reader cares about, as words to look for in an article (pure)."""

from datetime import datetime

from engine.profile.confidence import is_faded
from engine.profile.profile import Profile
from storage.beliefs import SELF, Belief, BeliefKind

MOST_INTERESTS = 12

_LASTING = 2.0
"""A topic that came up about twice lately is an interest, and no passing remark."""


def interests_of(profile: Profile, now: datetime) -> tuple[str, ...]:
    """What the user likes, in their words, then what they talk about most."""
    liked = [belief.value for belief in profile.held if _is_liked(belief) and not is_faded(belief, now)]
    topics = sorted(profile.topics, key=lambda topic: -topic.weight_at(now))
    talked_of = [topic.label for topic in topics if topic.weight_at(now) >= _LASTING]
    return tuple(dict.fromkeys([*liked, *talked_of]))[:MOST_INTERESTS]


def _is_liked(belief: Belief) -> bool:
    about_them = belief.subject == SELF and belief.polarity > 0
    is_taste = belief.slot == "likes" or belief.slot.startswith("favourite ")
    return about_them and (is_taste or belief.kind is BeliefKind.INTEREST)
