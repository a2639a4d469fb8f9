"""How a user has asked to be answered, as far as the next reply can follow it (pure)."""

from datetime import datetime

from engine.profile.confidence import is_faded
from engine.profile.facts import ANSWER_LENGTH
from engine.profile.profile import Profile
from storage.beliefs import SELF
from storage.preferences import ReplyLength


def wished_length(profile: Profile, now: datetime) -> ReplyLength:
    """The length that the user has asked for in a remark, unless that was so long ago that it has faded."""
    for belief in profile.held:
        if (belief.subject, belief.slot) == (SELF, ANSWER_LENGTH) and not is_faded(belief, now):
            return ReplyLength(belief.value)
    return ReplyLength.NORMAL
