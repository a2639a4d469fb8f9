"""The user model and its one incremental step (pure): no model call, no look at the history."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from engine.profile.claims import Claim, Stance
from engine.profile.confidence import CONFIRMED_SUPPORT, faded
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


def keep(profile: Profile, belief_id: int, at: datetime) -> Change:
    """The user says that a belief holds; nothing when it is closed or gone.

    From then on nothing that was said before can overrule it.
    """
    meant = next(
        (belief for belief in (*profile.pending, *profile.held) if belief.belief_id == belief_id), None
    )
    if meant is None:
        return Change(profile=profile)
    support = max(meant.support, CONFIRMED_SUPPORT)
    edit = Edit(before=meant, after=replace(meant, status=BeliefStatus.ACTIVE, support=support, last_seen=at))
    return Change(profile=replace(profile, beliefs=_applied(profile.beliefs, [edit])), edits=(edit,))


def believe(profile: Profile, claims: Iterable[Claim], message_id: int, at: datetime) -> Change:
    """Let claims of one message meet what is believed so far, one after the other."""
    edits: list[Edit] = []
    for claim in claims:
        made = _meet(profile, claim, Evidence(message_id=message_id, quote=claim.quote, said_at=at))
        edits += made
        beliefs = _applied(profile.beliefs, made)
        given = max((belief.belief_id for belief in beliefs), default=0)
        profile = replace(profile, beliefs=beliefs, last_belief_id=max(profile.last_belief_id, given))
    return Change(profile=profile, edits=tuple(edits))


def _meet(profile: Profile, claim: Claim, evidence: Evidence) -> list[Edit]:
    """What one claim changes: it repeats a belief, reverses it, ends it, closes an older value, or is new.

    What was said earlier than what is believed changes nothing of it, even when it comes later.
    """
    key = canonical_key(claim.value)
    at = evidence.said_at
    rivals = [
        belief
        for belief in profile.beliefs
        if belief.status in _OPEN and (belief.subject, belief.slot) == (claim.subject, claim.slot)
    ]
    same = next((belief for belief in rivals if belief.key == key), None)
    if claim.stance is not Stance.HOLDS:
        after = _closed if claim.stance is Stance.ENDS else _retracted
        meant = [belief for belief in rivals if (belief.key == key or not key) and belief.last_seen <= at]
        return [Edit(before=belief, after=after(belief, at)) for belief in meant]
    if same is not None and same.polarity == claim.polarity:
        return [Edit(before=same, after=_repeated(same, evidence))]
    new = _new(profile.last_belief_id + 1, claim, key, evidence)
    if new.status is BeliefStatus.PENDING:
        rivals = []  # what waits for the user's word closes nothing yet
    elif claim.slot in ALL_OR_NONE:
        rivals = [belief for belief in rivals if belief.polarity != claim.polarity]
    elif not is_single_valued(claim.slot):
        rivals = [] if same is None else [same]
    newer = [belief for belief in rivals if belief.last_seen > at]
    if newer:
        closed_at = min(belief.valid_from for belief in newer)
        return [Edit(before=None, after=_closed(new, max(at, closed_at)))]
    closed = [Edit(before=rival, after=_contradicted(rival, at)) for rival in rivals]
    return [*closed, Edit(before=None, after=new)]


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


def _contradicted(belief: Belief, at: datetime) -> Belief:
    """A belief closed by a statement against it."""
    return replace(_closed(belief, at), against=belief.against + 1.0)


def _closed(belief: Belief, at: datetime) -> Belief:
    return replace(belief, status=BeliefStatus.SUPERSEDED, valid_to=at)


def _retracted(belief: Belief, at: datetime) -> Belief:
    return replace(belief, status=BeliefStatus.RETRACTED, valid_to=at)


def _new(belief_id: int, claim: Claim, key: str, evidence: Evidence) -> Belief:
    at = evidence.said_at
    about = "" if claim.slot in _PLAIN_SLOTS else f"{claim.slot} {claim.value} {claim.context}"
    sensitivity = sensitivity_of(about)
    return Belief(
        belief_id=belief_id,
        kind=claim.kind,
        subject=claim.subject,
        slot=claim.slot,
        value=claim.value,
        key=key,
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


def _applied(beliefs: tuple[Belief, ...], edits: list[Edit]) -> tuple[Belief, ...]:
    by_id = {belief.belief_id: belief for belief in beliefs}
    by_id |= {edit.after.belief_id: edit.after for edit in edits if edit.after is not None}
    return tuple(by_id.values())
