"""What the user's own word does to one belief: it is kept, struck out, or gets another value (pure)."""

from dataclasses import replace
from datetime import datetime

from engine.profile.claims import Claim
from engine.profile.confidence import CONFIRMED_SUPPORT
from engine.profile.profile import Change, Profile, applied, contradicted, new_belief, overruled_by, retracted
from storage.beliefs import Belief, BeliefStatus, Edit, Evidence
from storage.records import Message


def open_belief(profile: Profile, belief_id: int) -> Belief | None:
    """The belief of this number, if it holds or waits for the user's word."""
    return next((one for one in (*profile.pending, *profile.held) if one.belief_id == belief_id), None)


def keep(profile: Profile, belief_id: int, at: datetime) -> Change:
    """The user says that a belief holds; nothing when it is closed or gone.

    From then on nothing that was said before can overrule it.
    """
    meant = open_belief(profile, belief_id)
    if meant is None:
        return Change(profile=profile)
    support = max(meant.support, CONFIRMED_SUPPORT)
    kept = replace(meant, status=BeliefStatus.ACTIVE, support=support, last_seen=at)
    return applied(profile, [Edit(before=meant, after=kept)])


def strike_out(profile: Profile, belief_id: int, at: datetime) -> Change:
    """The user says that a belief is wrong: it is taken back, and nothing that was said before revives it."""
    meant = open_belief(profile, belief_id)
    if meant is None:
        return Change(profile=profile)
    return applied(profile, [Edit(before=meant, after=retracted(meant, at))])


def correct(profile: Profile, belief_id: int, message: Message) -> Change:
    """The user has written in a message what is right instead: the words become the value, as if kept.

    The old belief is closed, and so is whatever cannot hold beside the new one. One that waited for the
    user's word is left as it is: the caller erases it, since nobody has agreed to its being kept. Nothing
    changes when the belief is closed or gone.
    """
    meant = open_belief(profile, belief_id)
    if meant is None:
        return Change(profile=profile)
    at = message.created_at
    claim = Claim(
        kind=meant.kind,
        subject=meant.subject,
        slot=meant.slot,
        value=" ".join(message.text.split()),
        polarity=meant.polarity,
        quote=message.text,
    )
    evidence = Evidence(message_id=message.message_id, quote=message.text, said_at=at)
    new = replace(
        new_belief(profile.last_belief_id + 1, claim, evidence),
        status=BeliefStatus.ACTIVE,
        support=CONFIRMED_SUPPORT,
    )
    overruled = {one.belief_id: one for one in (meant, *overruled_by(new, profile.beliefs))}.values()
    closed = [
        Edit(before=belief, after=contradicted(belief, at))
        for belief in overruled
        if belief is not meant or belief.status is BeliefStatus.ACTIVE
    ]
    return applied(profile, [*closed, Edit(before=None, after=new)])
