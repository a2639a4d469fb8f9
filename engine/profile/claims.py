"""What one message says of its author: claims, before they meet the beliefs held so far."""

from dataclasses import dataclass
from enum import StrEnum

from storage.beliefs import SELF, BeliefKind


class Stance(StrEnum):
    """Whether a claim says that something holds, that it no longer holds, or that it is to be forgotten."""

    HOLDS = "holds"
    ENDS = "ends"
    FORGET = "forget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One statement found in a text; `value` in the user's words, `quote` the sentence that says it.

    `context` are words beside the value that may make it a delicate matter.
    """

    kind: BeliefKind
    slot: str
    value: str
    quote: str
    subject: str = SELF
    polarity: int = 1
    stance: Stance = Stance.HOLDS
    context: str = ""
