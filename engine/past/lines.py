"""What the readers of old chats have in common."""

from dataclasses import dataclass

from storage.past import PastLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """One line of the user, or a rated reply to them, in the old chat with the number `source`."""

    source: int
    line: PastLine
