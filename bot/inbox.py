"""Updates are on disk before Telegram may forget them, and each is handled once.

The poller awaits `put` before it moves its offset, so an update that is not committed is sent again. A failed
commit must be a NetworkError: any other exception ends python-telegram-bot's polling without a word.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Iterable, Set
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

from telegram import Bot, Update
from telegram.error import NetworkError, TelegramError
from telegram.request import BaseRequest, RequestData

from bot.access import Access
from bot.addressing import is_for_bot, is_group
from bot.metrics import Metrics
from storage.errors import StorageError
from storage.records import InboxUpdate, UpdateState
from storage.updates import UpdateStore

logger = logging.getLogger(__name__)

KEEP_FINISHED = timedelta(days=2)
"""Telegram sends nothing again after a day."""

POLL_FILE = "last-poll"
"""A file in the data folder, as old as the last answered poll."""

_UNREADABLE = (TypeError, ValueError, KeyError, AttributeError, OverflowError, OSError)
"""What python-telegram-bot raises for an update that it cannot build; OSError is a date out of range."""


class InboxQueue(asyncio.Queue[object]):
    """The bot's update queue, whose `put` commits first.

    Of a stranger only the number is kept, and so it is of what is said in a group to somebody else.
    """

    def __init__(
        self,
        *,
        updates: UpdateStore,
        access: Access,
        on_refusal: Callable[[StorageError, Update], None],
        now: Callable[[], datetime],
    ) -> None:
        """`on_refusal` hears of each update that could not be committed, as often as Telegram sends it."""
        super().__init__()
        self._updates = updates
        self._access = access
        self._on_refusal = on_refusal
        self._now = now

    async def put(self, item: object) -> None:
        """Commit an update and queue it; one that is known already is dropped."""
        if not isinstance(item, Update):
            await super().put(item)
            return
        payload = item.to_json() if self._is_kept(item) else None
        try:
            is_new = await self._updates.add(item.update_id, payload, now=self._now())
        except StorageError as error:
            self._on_refusal(error, item)
            raise NetworkError("the inbox could not be written") from error
        if is_new:
            await super().put(item)

    def _is_kept(self, update: Update) -> bool:
        user, chat = update.effective_user, update.effective_chat
        if user is None:
            return False
        if chat is None or not is_group(chat):
            return self._access.allows(user.id)
        return is_for_bot(update, update.get_bot()) and (
            self._access.hears(chat.id) or self._access.allows(user.id)
        )

    async def replay(self, bot: Bot) -> int:
        """Queue what was received and never finished before the last stop; returns how many."""
        waiting = await self._updates.pending()
        await self._enqueue(waiting, bot)
        return len(waiting)

    async def take_up(self, update_ids: Set[int], bot: Bot) -> None:
        """Queue those of these updates that are still unfinished once more."""
        waiting = await self._updates.pending()
        await self._enqueue([update for update in waiting if update.update_id in update_ids], bot)

    async def _enqueue(self, updates: Iterable[InboxUpdate], bot: Bot) -> None:
        for update in updates:
            await super().put(_revive(update, bot))


def _revive(update: InboxUpdate, bot: Bot) -> Update:
    if update.payload is None:
        return Update(update.update_id)
    revived = Update.de_json(json.loads(update.payload), bot)
    assert revived is not None, "a stored payload is never empty"
    return revived


class SiftingRequest(BaseRequest):
    """Wraps the request that polls: one update that cannot be parsed no longer discards its whole batch.

    Such an update is stored as it came and an empty one with its number goes on, so that the offset moves.
    """

    def __init__(
        self,
        wire: BaseRequest,
        *,
        updates: UpdateStore,
        poll_file: Path,
        metrics: Metrics,
        now: Callable[[], datetime],
    ) -> None:
        """`poll_file` is touched at each poll that was answered: its age is what readiness is judged by."""
        self._wire = wire
        self._updates = updates
        self._poll_file = poll_file
        self._metrics = metrics
        self._now = now
        self.refused = asyncio.Event()
        """Set once Telegram no longer takes the token: python-telegram-bot then ends the polling."""

    @property
    def read_timeout(self) -> float | None:
        return self._wire.read_timeout

    async def initialize(self) -> None:
        await self._wire.initialize()

    async def shutdown(self) -> None:
        await self._wire.shutdown()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        try:
            status, body = await self._wire.do_request(
                url, method, request_data, read_timeout, write_timeout, connect_timeout, pool_timeout
            )
        except TelegramError:
            self._metrics.polled(answered=False)
            raise
        self._metrics.polled(answered=status == HTTPStatus.OK)
        if status != 200:
            if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND):
                self.refused.set()
            return status, body
        with contextlib.suppress(OSError):  # a full disk must not end the polling
            await asyncio.to_thread(self._poll_file.touch)
        return status, await self._sift(body)

    async def _sift(self, body: bytes) -> bytes:
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            return body  # what is no JSON is told and asked for again by python-telegram-bot
        updates = answer.get("result") if isinstance(answer, dict) else None
        if not isinstance(updates, list):
            return body
        sifted = [await self._readable(raw) for raw in updates if _has_number(raw)]
        return json.dumps(answer | {"result": sifted}).encode()

    async def _readable(self, raw: dict[str, Any]) -> dict[str, Any]:
        try:
            _require_kinds(Update.de_json(dict(raw), None))
        except _UNREADABLE as error:
            update_id = raw["update_id"]
            logger.warning("update %d is unreadable (%s): stored, skipped", update_id, type(error).__name__)
            await self._store_unreadable(update_id, json.dumps(raw))
            return {"update_id": update_id}
        return raw

    async def _store_unreadable(self, update_id: int, raw: str) -> None:
        try:
            await self._updates.add(update_id, raw, now=self._now(), state=UpdateState.UNREADABLE)
        except StorageError as error:
            raise NetworkError("the inbox could not be written") from error


def _has_number(raw: Any) -> bool:
    """Whether this is an update that can be told from others, and confirmed."""
    is_one = isinstance(raw, dict) and type(raw.get("update_id")) is int and 0 <= raw["update_id"] < 2**63
    if not is_one:
        logger.warning("Telegram's server sent something that is no update: left out")
    return is_one


def _require_kinds(update: Update) -> None:
    """What decides whether an update is kept. Raises TypeError for ids that are no numbers and words that are
    no text.
    """
    for one in (update.effective_user, update.effective_chat):
        if one is not None and type(one.id) is not int:
            raise TypeError("an id that is no number")
    message = update.effective_message
    if message is None:
        return
    for words, entities in ((message.text, message.entities), (message.caption, message.caption_entities)):
        if not isinstance(words, str) and (words is not None or entities):
            raise TypeError("words that are no text")
