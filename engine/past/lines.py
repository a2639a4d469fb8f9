"""What the readers of old chats have in common: lines, and how fields are read that may hold anything."""

from dataclasses import dataclass
from typing import Any

from storage.past import PastLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """One line of the user, or a rated reply to them, in the old chat with the number `source`."""

    source: int
    line: PastLine


def number_in(value: Any) -> int:
    """A number that the database can hold. Raises ValueError, TypeError, OverflowError."""
    number = int(value)
    if abs(number) >= 2**63:
        raise ValueError
    return number


def text_in(value: Any) -> str:
    """A text that the database can hold: halves of characters become question marks. Raises TypeError."""
    if not isinstance(value, str):
        raise TypeError
    return value.encode(errors="replace").decode()
