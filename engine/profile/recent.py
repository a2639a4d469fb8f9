"""What was read of the users who came last, up to a total size."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Held = TypeVar("Held")

_SIZE_OF_A_USER = 8
"""Of one of whom hardly anything is held: a user is not free."""


class Recent(Generic[Held]):
    """One value for a user; whoever came longest ago leaves first, the last one stays whatever its size."""

    def __init__(self, *, most: int, size_of: Callable[[Held], int]) -> None:
        self._most = most
        self._size_of = size_of
        self._held: OrderedDict[int, tuple[Held, int]] = OrderedDict()
        self._size = 0

    def get(self, user_id: int) -> Held | None:
        """What is held of a user, who comes no later for it."""
        held = self._held.get(user_id)
        return None if held is None else held[0]

    def take(self, user_id: int) -> Held | None:
        """What is held of a user, and no longer is."""
        held = self._held.pop(user_id, None)
        if held is None:
            return None
        value, size = held
        self._size -= size
        return value

    def put(self, user_id: int, value: Held) -> None:
        """Hold this of a user, in the place of what was held."""
        self.take(user_id)
        size = self._size_of(value) + _SIZE_OF_A_USER
        self._held[user_id] = (value, size)
        self._size += size
        while self._size > self._most and len(self._held) > 1:
            _, (_, gone) = self._held.popitem(last=False)
            self._size -= gone

    def clear(self) -> None:
        """Hold nothing of anybody any longer."""
        self._held.clear()
        self._size = 0
