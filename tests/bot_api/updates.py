"""The queue of updates: what is confirmed by an offset is gone, everything else comes again."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from tests.bot_api.refusals import OTHER_POLLER, Refusal
from tests.bot_api.transcript import Changes

OPT_IN = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Kinds of update that come only when `allowed_updates` names them."""


class UpdateQueue:
    """The updates of one bot. Only one poller may wait at a time: a second one ends the first."""

    def __init__(
        self, *, changes: Changes, clock: Callable[[], float], repeat_wait_seconds: float, first_id: int
    ) -> None:
        self._changes = changes
        self._clock = clock
        self._repeat_wait_seconds = repeat_wait_seconds
        self._next_id = first_id
        self._allowed: frozenset[str] | None = None
        self._waiting: list[dict[str, Any]] = []
        self._poll: asyncio.Future[None] | None = None
        self._last_poll: tuple[int, float] | None = None

    @property
    def pending(self) -> list[dict[str, Any]]:
        """The updates that no offset has confirmed yet, oldest first."""
        return list(self._waiting)

    @property
    def is_polled(self) -> bool:
        """Whether a poller waits at this moment."""
        return self._poll is not None

    def add(self, kind: str, content: dict[str, Any]) -> int | None:
        """Queue an update; returns its id, or None where the bot did not ask for this kind."""
        if not self._wants(kind):
            return None
        update_id = self._next_id
        self._next_id += 1
        self._waiting.append({"update_id": update_id, kind: content})
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)
        return update_id

    def drop(self) -> None:
        """Forget what waits."""
        self._waiting.clear()

    async def get(
        self, *, offset: int, limit: int, timeout_seconds: float, allowed: Sequence[str] | None
    ) -> list[dict[str, Any]]:
        """Confirm what lies before `offset`, then wait up to `timeout_seconds` for updates."""
        if allowed is not None:
            self._allowed = frozenset(allowed)
        self._end_other_poll()
        self._confirm(offset)
        wait_seconds = self._patience(offset, timeout_seconds)
        if not self._waiting and wait_seconds > 0:
            await self._wait(wait_seconds)
        return self._waiting[:limit]

    def _wants(self, kind: str) -> bool:
        return kind in self._allowed if self._allowed else kind not in OPT_IN

    def _end_other_poll(self) -> None:
        if self._poll is not None and not self._poll.done():
            self._poll.set_exception(Refusal(409, OTHER_POLLER))
        self._poll = None

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            self._waiting = self._waiting[offset:]
        else:
            self._waiting = [update for update in self._waiting if update["update_id"] >= offset]
        self._changes.tell()

    def _patience(self, offset: int, timeout_seconds: float) -> float:
        """A short poll that repeats the offset of one begun just before is made to wait, as on Telegram."""
        now = self._clock()
        last, self._last_poll = self._last_poll, (offset, now)
        if last is not None and last[0] == offset and now < last[1] + self._repeat_wait_seconds:
            return max(timeout_seconds, self._repeat_wait_seconds)
        return timeout_seconds

    async def _wait(self, seconds: float) -> None:
        poll = self._poll = asyncio.get_running_loop().create_future()
        self._changes.tell()
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(poll, seconds)
        finally:
            if self._poll is poll:
                self._poll = None
