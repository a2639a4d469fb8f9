"""How often a chat may see a growing reply change, and how many calls go out over all chats."""

import time
from collections import deque
from collections.abc import Callable

MOST_A_SECOND = 30
"""Telegram asks bots for about so many messages a second over all chats, and refuses what is more."""


class Pace:
    """The pause between two changes in one chat, longer for as long as Telegram asks for patience."""

    def __init__(self, least_seconds: float) -> None:
        self.seconds = least_seconds
        self._least_seconds = least_seconds
        self._was_kept = True

    def widen(self, wait_seconds: float) -> None:
        """Telegram has refused a change and wants so long a wait."""
        self.seconds = max(2 * self.seconds, wait_seconds)
        self._was_kept = False

    def ease(self) -> None:
        """A reply is finished: after one that was not refused anything the pause becomes half as long."""
        if self._was_kept:
            self.seconds = max(self.seconds / 2, self._least_seconds)
        self._was_kept = True


class Throttle:
    """Spreads calls so that no second has more than `most`; None sets no limit.

    Whoever asks first goes first. What need not be shown, such as a step of a growing reply, is left out
    while there is no room, so that it holds up no answer.
    """

    def __init__(self, *, most: int | None, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._times: deque[float] = deque(maxlen=most)
        """When the last calls go out, some of them perhaps in the future."""

    @property
    def has_room(self) -> bool:
        """Whether another call may go out at once."""
        return self._wait_seconds() == 0

    def reserve(self) -> float:
        """Take the next turn; returns in how many seconds it comes."""
        wait_seconds = self._wait_seconds()
        self._times.append(self._now() + wait_seconds)
        return wait_seconds

    def _wait_seconds(self) -> float:
        if len(self._times) != self._times.maxlen:
            return 0.0
        return max(0.0, self._times[0] + 1 - self._now())
