"""A reply while it is being written: typing, then one preview that grows at most once a second."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from telegram import Bot
from telegram.constants import ChatAction
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.calls import never_sent, seconds_of
from bot.pace import Pace, Throttle
from bot.render import Part, render
from bot.speaking import Place, texts

TYPING_SECONDS = 4.5
"""Telegram shows a chat action for five seconds."""

_DRAFT_SECONDS = 20.0
"""Telegram shows a draft for thirty seconds."""

_REFUSED = (BadRequest, Forbidden, InvalidToken)
"""Drafts are not for this chat; the last is what a server without the method answers."""


class LiveReply:
    """Shows a growing text in one chat. Use it as a context manager; `show` is the sink of the model.

    One preview or edit is under way at a time, and it is let to end: a preview whose id got lost would stay
    in the chat beside the answer. Nothing waits for the sign of typing.
    """

    def __init__(
        self,
        *,
        bot: Bot,
        place: Place,
        preview_id: int | None,
        begin_preview: Callable[[], Awaitable[None]],
        remember_preview: Callable[[int | None], Awaitable[None]],
        pace: Pace,
        throttle: Throttle,
        draft_id: int | None = None,
        may_have_left_one: bool = False,
    ) -> None:
        """With a `draft_id` the preview is a draft, as long as Telegram takes it, and no message.

        `begin_preview` is called before one is sent, `remember_preview` once its id is known, or that there
        is none.
        """
        self.preview_id = preview_id
        self.may_have_left_one = may_have_left_one
        """Whether a preview of unknown fate may stand in the chat, where nothing can reach it any more."""
        self._gave_up = may_have_left_one
        self._bot = bot
        self._place = place
        self._begin_preview = begin_preview
        self._remember_preview = remember_preview
        self._pace = pace
        self._throttle = throttle
        self._draft_id = draft_id
        self._text = ""
        self._queue_place: int | None = None
        self._shown: Part | None = None
        self._shown_at = 0.0
        self._changed = asyncio.Event()
        self._ended = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def show(self, text: str) -> None:
        """Remember the newest text; it is sent when the pace allows."""
        self._text = text
        self._changed.set()

    def show_place(self, place: int) -> None:
        """Remember the place in the queue; it is told to whoever waits for longer than a sign of typing."""
        self._queue_place = place

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name=f"live reply in chat {self._place.chat_id}")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._changed.set()
        assert self._task is not None, "entered before left"
        await self._task
        self._pace.ease()

    async def _run(self) -> None:
        typing: asyncio.Task[None] | None = None
        while not self._ended.is_set():
            is_silent = self._shown is None or not self._text
            if is_silent and self._throttle.has_room and (typing is None or typing.done()):
                typing = asyncio.create_task(self._type())
            await _wait(self._changed, TYPING_SECONDS)
            self._changed.clear()
            news = self._text or self._place_in_words()
            is_over = self._ended.is_set() or self._gave_up
            if news and not is_over and self._throttle.has_room:
                await self._update(news)
                await _wait(self._ended, self._pace.seconds)
        if typing is not None:
            typing.cancel()
            await asyncio.wait([typing])

    def _place_in_words(self) -> str:
        return "" if self._queue_place is None else texts().queue_place.format(place=self._queue_place)

    async def _type(self) -> None:
        with contextlib.suppress(TelegramError):
            await self._bot.send_chat_action(
                self._place.chat_id, ChatAction.TYPING, message_thread_id=self._place.thread_id
            )

    async def _update(self, text: str) -> None:
        parts = render(text)
        if not parts or self._stands(parts[0]):
            return
        self._throttle.reserve()
        try:
            await self._put(parts[0])
        except RetryAfter as error:
            self._pace.widen(seconds_of(error.retry_after))
        except BadRequest:
            pass  # the final text is delivered with care; a preview may be missing
        except TelegramError as error:
            if self.preview_id is None and self._draft_id is None and not never_sent(error):
                # Another preview could leave two of them in the chat for good.
                self._gave_up = True

    def _stands(self, part: Part) -> bool:
        """Whether the chat shows this already."""
        fades = self._draft_id is not None and time.monotonic() - self._shown_at > _DRAFT_SECONDS
        return part == self._shown and not fades

    async def _put(self, part: Part) -> None:
        if self._draft_id is not None and await self._drafted(part, self._draft_id):
            self._shown_at = time.monotonic()
        elif self.preview_id is None:
            await self._send(part)
        else:
            await self._bot.edit_message_text(
                part.text, chat_id=self._place.chat_id, message_id=self.preview_id, entities=part.entities
            )
        self._shown = part

    async def _send(self, part: Part) -> None:
        """Send the preview, recorded before the call: of one that a killed process leaves it is told."""
        await self._begin_preview()
        try:
            sent = await self._bot.send_message(
                self._place.chat_id,
                part.text,
                entities=part.entities,
                message_thread_id=self._place.thread_id,
                reply_parameters=self._place.reply_parameters,
            )
        except TelegramError as error:
            self.may_have_left_one = _may_have_arrived(error)
            if not self.may_have_left_one:
                await self._remember_preview(None)
            raise
        self.preview_id = sent.message_id
        await self._remember_preview(sent.message_id)

    async def _drafted(self, part: Part, draft_id: int) -> bool:
        """Whether Telegram shows a part as a draft; the first refusal ends that for this reply."""
        try:
            await self._bot.send_message_draft(
                self._place.chat_id, draft_id, part.text, entities=part.entities
            )
        except _REFUSED:
            self._draft_id = None
            return False
        return True


def _may_have_arrived(error: TelegramError) -> bool:
    is_answer = isinstance(error, BadRequest)  # a NetworkError by birth
    return isinstance(error, NetworkError) and not is_answer and not never_sent(error)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
