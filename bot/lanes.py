"""The order of work: one lane per chat, or topic of a group, keeps its messages in order.

Lanes run side by side. /stop and taps on buttons have their own, so that neither waits for a reply.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from datetime import datetime
from typing import Any

from telegram import Update
from telegram.ext import BaseUpdateProcessor

from bot.addressing import topic_of
from bot.joining import Joiner
from bot.outage import Outage
from storage.errors import StorageError
from storage.records import UpdateState
from storage.updates import UpdateStore

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
"""An update that was begun this often and never ended takes the process down with it: it is given up.

Fewer would give up one that a few power cuts have met.
"""

_IN_TURN = ("forget:", "read:now", "read:shorter")
"""Taps that take their turn: what erases must not run beside a reply that is about to be logged, and what
brings a new reply must not run beside another."""

_UNBOUNDED = 1_000_000
"""Lanes bound the work per chat; a bound over all chats would let one chat's backlog hold up the others."""


class Lanes(BaseUpdateProcessor):
    """Runs each update in its lane and records what became of it."""

    def __init__(
        self, *, updates: UpdateStore, joiner: Joiner, outage: Outage, now: Callable[[], datetime]
    ) -> None:
        super().__init__(_UNBOUNDED)
        self._joiner = joiner
        self._outage = outage
        self._updates = updates
        self._now = now
        self._locks: dict[Hashable, asyncio.Lock] = {}
        self._waiting: dict[Hashable, int] = {}
        self._unfinished: dict[int, UpdateState] = {}
        self._stopping = False

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    def stop(self) -> None:
        """Begin no further update: what waits stays in the inbox for the next start."""
        self._stopping = True

    @property
    def waiting(self) -> int:
        """How many updates wait or run."""
        return sum(self._waiting.values())

    @property
    def idle(self) -> bool:
        """Whether no update waits or runs."""
        return not self._waiting

    def leave_pending(self, update_id: int) -> None:
        """The update under way is not finished; it is handled again after the next start."""
        self._unfinished[update_id] = UpdateState.PENDING
        self._joiner.give_back(update_id)

    def hold(self, update: Update, error: StorageError) -> None:
        """The update under way could not be logged; it is handled again once that is possible."""
        self._outage.hold(error, update)
        self.leave_pending(update.update_id)

    def give_up(self, update_id: int) -> None:
        """The update under way failed and is not tried again."""
        self._unfinished[update_id] = UpdateState.FAILED

    def take_up(self, update_id: int) -> None:
        """The update under way is handled all the same."""
        del self._unfinished[update_id]

    def is_given_up(self, update_id: int) -> bool:
        """Whether the update under way is to be told of, and not handled."""
        return self._unfinished.get(update_id) is UpdateState.FAILED

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Wait for the lane, then handle the update."""
        assert isinstance(coroutine, Coroutine), "python-telegram-bot hands in a coroutine"
        if not isinstance(update, Update):
            await coroutine
            return
        lane = lane_of(update)
        self._waiting[lane] = self._waiting.get(lane, 0) + 1
        self._joiner.arrived(lane, update)
        try:
            async with self._locks.setdefault(lane, asyncio.Lock()):
                await self._handle(update, coroutine)
        finally:
            coroutine.close()
            self._joiner.left(lane, update)
            self._leave(lane)

    def _leave(self, lane: Hashable) -> None:
        self._waiting[lane] -= 1
        if not self._waiting[lane]:
            del self._waiting[lane], self._locks[lane]

    async def _handle(self, update: Update, coroutine: Awaitable[Any]) -> None:
        if self._stopping:
            return
        update_id = update.update_id
        try:
            attempts = await self._updates.attempt(update_id)
            if attempts is None:
                return  # it was logged together with another one
            if attempts > MAX_ATTEMPTS:
                logger.error("update %d was begun %d times and never ended", update_id, MAX_ATTEMPTS)
                self.give_up(update_id)
            # Telling the person, too, may be what ends the process: that is tried once.
            if attempts <= MAX_ATTEMPTS + 1 and not self._joiner.is_taken(update):
                await coroutine
            await self._record(update_id)
        except StorageError as error:
            # Neither the attempt nor the end could be written: the update stays pending on disk.
            self._outage.hold(error, update)

    async def _record(self, update_id: int) -> None:
        state = self._unfinished.pop(update_id, UpdateState.DONE)
        if state is UpdateState.PENDING:
            await self._updates.release(update_id)
        else:
            await self._updates.finish(update_id, state=state, now=self._now())


def lane_of(update: Update) -> Hashable:
    """The lane of an update: its chat, or a side lane for what must not wait for that chat's reply."""
    chat = update.effective_chat
    chat_id = None if chat is None else chat.id
    message = update.message or update.edited_message
    thread_id = None if message is None else topic_of(message)
    if update.message_reaction is not None:
        return ("tap", chat_id, None)
    if update.callback_query is not None:
        in_turn = (update.callback_query.data or "").startswith(_IN_TURN)
        return ("chat" if in_turn else "tap", chat_id, None)
    if update.message is not None and _is_stop(update.message.text):
        return ("stop", chat_id, thread_id)
    return ("chat", chat_id, thread_id)


def _is_stop(text: str | None) -> bool:
    return text is not None and text.split("@")[0].split()[:1] == ["/stop"]
