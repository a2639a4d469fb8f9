"""The user model and its one incremental step (pure): no model call, no look at the history."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from engine.profile.claims import Claim, Stance
from engine.profile.confidence import faded
from engine.profile.embedding import Vector
from engine.profile.facts import claims_in, wishes_in
from engine.profile.keys import canonical_key
from engine.profile.slots import ALL_OR_NONE, is_single_valued, sensitivity_of
from engine.profile.style import Style, observe_style
from engine.profile.topics import Topic, observe_topics
from storage.beliefs import Belief, BeliefStatus, Edit, Evidence, Sensitivity
from storage.records import Message, Origin, Role

_OWN_WORDS = frozenset({Origin.TYPED, Origin.SPOKEN})
_OPEN = frozenset({BeliefStatus.ACTIVE, BeliefStatus.PENDING})
_PLAIN_SLOTS = frozenset({"name", "city", "origin", "job", "employer", "pet"})
"""A word in these says nothing of its bearer: a therapist is not ill."""

_MOST_EVIDENCE = 8

_RECENT = 64
"""Of so many messages it is known one by one that they were learnt from: they may come in any order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What is believed of one user, how they write, and what they talk about.

    Messages up to `proposed_up_to` are never again read for proposals (`proposals.py`).
    `last_belief_id` is the greatest number that a belief ever had, erased ones included.
    """

    style: Style = field(default_factory=Style)
    topics: tuple[Topic, ...] = ()
    beliefs: tuple[Belief, ...] = ()
    seen_up_to: int = 0
    recent: tuple[int, ...] = ()
    proposed_up_to: int = 0
    revision: int = 0
    last_belief_id: int = 0

    @property
    def last_message_id(self) -> int:
        """The greatest id of a message that was learnt from."""
        return max((self.seen_up_to, *self.recent))

    def has_seen(self, message_id: int) -> bool:
        """Whether a message was learnt from, or is so old that it is taken for one that was."""
        return message_id <= self.seen_up_to or message_id in self.recent

    @property
    def held(self) -> tuple[Belief, ...]:
        """The beliefs that hold now."""
        return self._with(BeliefStatus.ACTIVE)

    @property
    def pending(self) -> tuple[Belief, ...]:
        """The beliefs that wait for the user's word."""
        return self._with(BeliefStatus.PENDING)

    def _with(self, status: BeliefStatus) -> tuple[Belief, ...]:
        return tuple(belief for belief in self.beliefs if belief.status is status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The profile after a step, and each belief that the step touched."""

    profile: Profile
    edits: tuple[Edit, ...] = ()


def is_own_words(message: Message) -> bool:
    """Whether a message may be learnt from: the user's own words, not a forward, an article or a command."""
    return message.role is Role.USER and message.origin in _OWN_WORDS


def observe(profile: Profile, message: Message, vector: Vector) -> Change:
    """Learn from one message and its embedding; what is not the user's own words changes nothing."""
    if not is_own_words(message):
        return Change(profile=profile)
    seen_up_to, recent = _seen(profile, message.message_id)
    seen = replace(
        profile,
        style=observe_style(profile.style, message.text, message.created_at),
        topics=observe_topics(
            profile.topics,
            vector=vector,
            text=message.text,
            message_id=message.message_id,
            at=message.created_at,
        ),
        seen_up_to=seen_up_to,
        recent=recent,
    )
    return believe(seen, claims_in(message.text), message.message_id, message.created_at)


def observe_note(profile: Profile, note: str, message_id: int, at: datetime) -> Change:
    """Learn from a remark about the reply with this id."""
    return believe(profile, wishes_in(note), message_id, at)


def believe(profile: Profile, claims: Iterable[Claim], message_id: int, at: datetime) -> Change:
    """Let claims of one message meet what is believed so far, one after the other."""
    edits: list[Edit] = []
    for claim in claims:
        made = _meet(profile, claim, Evidence(message_id=message_id, quote=claim.quote, said_at=at))
        edits += made
        profile = applied(profile, made).profile
    return Change(profile=profile, edits=tuple(edits))


def applied(profile: Profile, edits: Sequence[Edit]) -> Change:
    """The profile with its beliefs as these edits leave them."""
    by_id = {belief.belief_id: belief for belief in profile.beliefs}
    by_id |= {edit.after.belief_id: edit.after for edit in edits if edit.after is not None}
    last = max((profile.last_belief_id, *by_id))
    return Change(
        profile=replace(profile, beliefs=tuple(by_id.values()), last_belief_id=last), edits=tuple(edits)
    )


def overruled_by(new: Belief, beliefs: Iterable[Belief]) -> list[Belief]:
    """The open ones of some beliefs that cannot hold beside this one."""
    rivals = [
        belief
        for belief in beliefs
        if belief.status in _OPEN
        and (belief.subject, belief.slot) == (new.subject, new.slot)
        and belief.belief_id != new.belief_id
    ]
    if new.status is BeliefStatus.PENDING:
        return []  # what waits for the user's word closes nothing yet
    if new.slot in ALL_OR_NONE:
        return [belief for belief in rivals if belief.polarity != new.polarity]
    if is_single_valued(new.slot):
        return rivals
    return [belief for belief in rivals if belief.key == new.key]


def _meet(profile: Profile, claim: Claim, evidence: Evidence) -> list[Edit]:
    """What one claim changes: it repeats a belief, reverses it, ends it, closes an older value, or is new.

    What was said earlier than what is believed changes nothing of it, even when it comes later; nor does it
    bring back what has been closed since.
    """
    key = canonical_key(claim.value)
    at = evidence.said_at
    told = [
        belief for belief in profile.beliefs if (belief.subject, belief.slot) == (claim.subject, claim.slot)
    ]
    rivals = [belief for belief in told if belief.status in _OPEN]
    if claim.stance is not Stance.HOLDS:
        after = _closed if claim.stance is Stance.ENDS else retracted
        meant = [belief for belief in rivals if (belief.key == key or not key) and belief.last_seen <= at]
        return [Edit(before=belief, after=after(belief, at)) for belief in meant]
    same = next((belief for belief in rivals if belief.key == key), None)
    if same is not None and same.polarity == claim.polarity:
        return [Edit(before=same, after=_repeated(same, evidence))]
    if any((one.key, one.polarity) == (key, claim.polarity) and _is_closed_after(one, at) for one in told):
        return []
    new = new_belief(profile.last_belief_id + 1, claim, evidence)
    overruled = overruled_by(new, rivals)
    newer = [belief for belief in overruled if belief.last_seen > at]
    if newer:
        closed_at = min(belief.valid_from for belief in newer)
        return [Edit(before=None, after=_closed(new, max(at, closed_at)))]
    closed = [Edit(before=rival, after=contradicted(rival, at)) for rival in overruled]
    return [*closed, Edit(before=None, after=new)]


def _is_closed_after(belief: Belief, at: datetime) -> bool:
    return belief.valid_to is not None and belief.valid_to > at


def _repeated(belief: Belief, evidence: Evidence) -> Belief:
    last = max(belief.last_seen, evidence.said_at)
    evidences = sorted((*belief.evidence, evidence), key=lambda one: (one.said_at, one.message_id))
    return replace(
        belief,
        support=faded(belief.support, belief.kind, belief.last_seen, last)
        + faded(1.0, belief.kind, evidence.said_at, last),
        against=faded(belief.against, belief.kind, belief.last_seen, last),
        times_said=belief.times_said + 1,
        evidence=tuple(evidences)[-_MOST_EVIDENCE:],
        first_seen=min(belief.first_seen, evidence.said_at),
        last_seen=last,
    )


def contradicted(belief: Belief, at: datetime) -> Belief:
    """A belief closed by a statement against it."""
    return replace(_closed(belief, at), against=belief.against + 1.0)


def _closed(belief: Belief, at: datetime) -> Belief:
    return replace(belief, status=BeliefStatus.SUPERSEDED, valid_to=at)


def retracted(belief: Belief, at: datetime) -> Belief:
    """A belief taken back by the user."""
    return replace(belief, status=BeliefStatus.RETRACTED, valid_to=at)


def new_belief(belief_id: int, claim: Claim, evidence: Evidence) -> Belief:
    """What a claim that was never made before is believed as; a delicate one waits for the user's word."""
    at = evidence.said_at
    about = "" if claim.slot in _PLAIN_SLOTS else f"{claim.slot} {claim.value} {claim.context}"
    sensitivity = sensitivity_of(about)
    return Belief(
        belief_id=belief_id,
        kind=claim.kind,
        subject=claim.subject,
        slot=claim.slot,
        value=claim.value,
        key=canonical_key(claim.value),
        polarity=claim.polarity,
        status=BeliefStatus.ACTIVE if sensitivity is Sensitivity.NONE else BeliefStatus.PENDING,
        sensitivity=sensitivity,
        evidence=(evidence,),
        support=1.0,
        against=0.0,
        times_said=1,
        first_seen=at,
        last_seen=at,
        valid_from=at,
    )


def _seen(profile: Profile, message_id: int) -> tuple[int, tuple[int, ...]]:
    """`seen_up_to` and `recent` after one more message."""
    if profile.has_seen(message_id):
        return profile.seen_up_to, profile.recent
    recent = sorted((*profile.recent, message_id))
    dropped, kept = recent[:-_RECENT], recent[-_RECENT:]
    return max((profile.seen_up_to, *dropped)), tuple(kept)
