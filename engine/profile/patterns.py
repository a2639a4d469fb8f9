"""What a pattern is: an expression over one clause, and the slot that its groups fill."""

import re
from dataclasses import dataclass

from engine.profile.claims import Stance
from storage.beliefs import BeliefKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """The group `value` fills the slot, in which `{thing}` stands for the group of that name.

    With `lists` the value can be an enumeration, of which each part is a value of its own.
    """

    kind: BeliefKind
    slot: str
    expression: re.Pattern[str]
    polarity: int = 1
    stance: Stance = Stance.HOLDS
    lists: bool = False


def fact(slot: str, expression: str, *, lists: bool = False) -> Pattern:
    """A fact that holds; the expression is anchored at the beginning of the clause."""
    return Pattern(kind=BeliefKind.FACT, slot=slot, expression=_compiled(expression), lists=lists)


def habit(slot: str, expression: str, *, lists: bool = False) -> Pattern:
    """What the user does or can do."""
    return Pattern(kind=BeliefKind.BEHAVIOUR, slot=slot, expression=_compiled(expression), lists=lists)


def liking(expression: str, polarity: int, *, lists: bool = True) -> Pattern:
    """What the user likes, or with polarity -1 dislikes."""
    return Pattern(
        kind=BeliefKind.PREFERENCE,
        slot="likes",
        expression=_compiled(expression),
        polarity=polarity,
        lists=lists,
    )


def wish(slot: str, expression: str) -> Pattern:
    """What the user would like to come about."""
    return Pattern(kind=BeliefKind.INTEREST, slot=slot, expression=_compiled(expression))


def passing(slot: str, expression: str) -> Pattern:
    """What is on the user's mind for a few days."""
    return Pattern(kind=BeliefKind.PASSING, slot=slot, expression=_compiled(expression))


def none(slot: str, expression: str) -> Pattern:
    """Words that say that a slot has no value at all, or never had this one."""
    return Pattern(kind=BeliefKind.FACT, slot=slot, expression=_compiled(expression), polarity=-1)


def ending(slot: str, expression: str) -> Pattern:
    """Words that say of a value that it holds no longer."""
    return Pattern(kind=BeliefKind.FACT, slot=slot, expression=_compiled(expression), stance=Stance.ENDS)


def _compiled(expression: str) -> re.Pattern[str]:
    return re.compile(rf"^{expression}", re.IGNORECASE)
