"""Beliefs as frozen records: what is held to be true of a user, on what evidence, and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

SELF = "user"
"""The subject of a belief about the user; any other subject names somebody else, as in "sister"."""


class BeliefKind(StrEnum):
    """What sort of thing is believed; it decides how fast the belief fades."""

    FACT = "fact"
    RELATION = "relation"
    PREFERENCE = "preference"
    INTEREST = "interest"
    BEHAVIOUR = "behaviour"
    INSTRUCTION = "instruction"
    PASSING = "passing"


class BeliefStatus(StrEnum):
    """Held, waiting for the user's word, followed by a newer value, or taken back."""

    ACTIVE = "active"
    PENDING = "pending"
    SUPERSEDED = "superseded"
    RETRACTED = "retracted"


class Sensitivity(StrEnum):
    """What makes a belief wait for the user's consent."""

    NONE = "none"
    HEALTH = "health"
    RELIGION = "religion"
    POLITICS = "politics"
    SEXUALITY = "sexuality"
    FINANCES = "finances"


class Cause(StrEnum):
    """What brought a change about: a message, what a model read in some, a note, a correction, or an undo."""

    MESSAGE = "message"
    PROPOSAL = "proposal"
    NOTE = "note"
    CORRECTION = "correction"
    UNDO = "undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The words that a belief rests on; of a note, `message_id` is the reply it was written about."""

    message_id: int
    quote: str
    said_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """One belief, which read as a triple says (subject, slot, value).

    `value` is in the user's words, `key` is its form for comparison. `support` and `against` count statements
    as of `last_seen`, older ones faded by then; `times_said` counts all, unfaded. Ids are per user, and
    none is ever given twice.
    """

    belief_id: int
    kind: BeliefKind
    subject: str
    slot: str
    value: str
    key: str
    polarity: int
    status: BeliefStatus
    sensitivity: Sensitivity
    evidence: tuple[Evidence, ...]
    support: float
    against: float
    times_said: int
    first_seen: datetime
    last_seen: datetime
    valid_from: datetime
    valid_to: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One belief before and after a change; None before means that it is new, None after that it is gone."""

    before: Belief | None
    after: Belief | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChange:
    """One entry of the append-only history: everything that one message or one correction changed."""

    change_id: int
    at: datetime
    cause: Cause
    message_id: int | None
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredProfile:
    """A profile as it lies in the file; `document` is JSON, `revision` counts how often it was saved.

    `last_belief_id` is the greatest number that a belief of this user ever had.
    """

    revision: int
    last_message_id: int
    document: str
    beliefs: tuple[Belief, ...]
    last_belief_id: int
