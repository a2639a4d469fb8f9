"""Updates are on disk before Telegram may forget them, and each is handled once.

What one poll brings is committed together before python-telegram-bot sees it, so that the offset moves only
past what is kept. A failed commit must be a NetworkError: any other exception ends polling without a word.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Iterable, Sequence, Set
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
    """The bot's update queue, into which comes only what was committed.

    Of a stranger only the number is kept, and so it is of what is said in a group to somebody else.
    """

    def __init__(
        self,
        *,
        updates: UpdateStore,
        access: Access,
        bot: Callable[[], Bot],
        on_refusal: Callable[[StorageError, Update], None],
        now: Callable[[], datetime],
    ) -> None:
        """`on_refusal` hears of each update that could not be committed, as often as Telegram sends it."""
        super().__init__()
        self._updates = updates
        self._access = access
        self._bot = bot
        self._on_refusal = on_refusal
        self._now = now
        self._received: dict[int, Update] = {}

    async def receive(self, raws: Sequence[dict[str, Any]]) -> None:
        """Commit what one poll has brought; what cannot be read is stored as it came, and left out.

        Raises NetworkError when nothing could be committed.
        """
        readable: list[Update] = []
        arrived: list[InboxUpdate] = []
        for raw in raws:
            update_id = raw["update_id"]
            try:
                update = _built(raw, self._bot())
            except _UNREADABLE as error:
                kind = type(error).__name__
                logger.warning("update %d is unreadable (%s): stored, skipped", update_id, kind)
                arrived.append(InboxUpdate(update_id, json.dumps(raw), state=UpdateState.UNREADABLE))
            else:
                readable.append(update)
                arrived.append(InboxUpdate(update_id, json.dumps(raw) if self._is_kept(update) else None))
        try:
            new = await self._updates.add(arrived, now=self._now())
        except StorageError as error:
            for update in readable:
                self._on_refusal(error, update)
            raise NetworkError("the inbox could not be written") from error
        self._received |= {update.update_id: update for update in readable if update.update_id in new}

    async def put(self, item: object) -> None:
        """Queue the update that was received under this number; one that was known already is dropped."""
        if isinstance(item, Update):
            item = self._received.pop(item.update_id, None)
        if item is not None:
            await super().put(item)

    def _is_kept(self, update: Update) -> bool:
        user, chat = update.effective_user, update.effective_chat
        if user is None:
            return False
        if chat is None or not is_group(chat):
            return self._access.allows(user.id)
        return is_for_bot(update, self._bot()) and (
            self._access.hears(chat.id) or self._access.allows(user.id)
        )

    async def replay(self) -> int:
        """Queue what was received and never finished before the last stop; returns how many."""
        waiting = await self._updates.pending()
        await self._enqueue(waiting)
        return len(waiting)

    async def take_up(self, update_ids: Set[int]) -> None:
        """Queue those of these updates that are still unfinished once more."""
        waiting = await self._updates.pending()
        await self._enqueue(update for update in waiting if update.update_id in update_ids)

    async def _enqueue(self, updates: Iterable[InboxUpdate]) -> None:
        for update in updates:
            raw = {"update_id": update.update_id} if update.payload is None else json.loads(update.payload)
            await super().put(Update.de_json(raw, self._bot()))


def _built(raw: dict[str, Any], bot: Bot) -> Update:
    """An update whose readers may rely on what decides whether it is kept. Raises one of `_UNREADABLE`."""
    update = Update.de_json(raw, bot)
    _require_kinds(update)
    return update


class SiftingRequest(BaseRequest):
    """Wraps the request that polls: python-telegram-bot gets no more than the numbers of what was received.

    One update that it could not build would cost the whole batch, and each would be built a second time.
    """

    def __init__(
        self,
        wire: BaseRequest,
        *,
        inbox: InboxQueue,
        poll_file: Path,
        metrics: Metrics,
    ) -> None:
        """`poll_file` is touched at each poll that was answered: its age is what readiness is judged by."""
        self._wire = wire
        self._inbox = inbox
        self._poll_file = poll_file
        self._metrics = metrics
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
        received = [raw for raw in updates if _has_number(raw)]
        if received:
            await self._inbox.receive(received)
        numbers = [{"update_id": raw["update_id"]} for raw in received]
        return json.dumps(answer | {"result": numbers}).encode()


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
