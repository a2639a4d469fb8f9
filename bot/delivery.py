"""Finished replies: planned in the outbox, then sent part by part; what was sent is never sent again."""

import contextlib
import itertools
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from telegram import Bot, ForceReply, InlineKeyboardMarkup, MessageEntity
from telegram import Message as SentMessage
from telegram.error import BadRequest, ChatMigrated, Forbidden, TelegramError

from bot.access import Access
from bot.calls import Insistence, UncertainDeliveryError
from bot.live import LiveReply
from bot.metrics import Metrics
from bot.pace import Pace, Throttle
from bot.render import Part, plain, render
from bot.speaking import Place, place_in, texts
from engine.assistant import Interrupted
from storage.outbox import OutboxStore
from storage.records import Message, OutboxPart, SendState
from storage.updates import UpdateStore

logger = logging.getLogger(__name__)

PACE_SECONDS = 1.0
"""Telegram asks bots for at most one message or edit a second in a private chat."""

GROUP_PACE_SECONDS = 3.0
"""And for at most twenty a minute in a group."""

_NO_SUCH_PLACE = ("thread not found", "topic_closed")
_NOT_EDITABLE = ("message to edit not found", "can't be edited", "topic_closed")
"""Parts of what Telegram answers, in lower case."""


class Delivery:
    """Brings text to a chat."""

    def __init__(
        self,
        *,
        bot: Bot,
        outbox: OutboxStore,
        updates: UpdateStore,
        access: Access,
        insistence: Insistence,
        throttle: Throttle,
        metrics: Metrics,
        drafts: bool,
        pace_seconds: float = PACE_SECONDS,
        group_pace_seconds: float = GROUP_PACE_SECONDS,
    ) -> None:
        """With `drafts` a growing reply in a private chat is shown as a draft."""
        self._bot = bot
        self._drafts = drafts
        self._draft_ids = itertools.count(1)
        self._outbox = outbox
        self._updates = updates
        self._access = access
        self._insistence = insistence
        self._throttle = throttle
        self._metrics = metrics
        self._pace_seconds = pace_seconds
        self._group_pace_seconds = group_pace_seconds
        self._paces: dict[int, Pace] = {}

    async def live(self, *, chat_id: int, update_id: int, in_place_of: Sequence[int] = ()) -> LiveReply:
        """A reply to watch while it grows; it goes on in the preview that a stopped process left behind.

        With `in_place_of` it grows in the first of the messages that it will replace.
        """

        async def begin_preview() -> None:
            await self._updates.begin_preview(update_id)

        async def remember_preview(telegram_id: int | None) -> None:
            await self._updates.set_preview(update_id, telegram_id)

        if in_place_of:
            await remember_preview(in_place_of[0])
        preview = await self._updates.preview(update_id)
        is_draft = self._drafts and preview.telegram_id is None and chat_id > 0
        return LiveReply(
            bot=self._bot,
            place=place_in(chat_id),
            preview_id=preview.telegram_id,
            draft_id=next(self._draft_ids) if is_draft else None,
            begin_preview=begin_preview,
            remember_preview=remember_preview,
            pace=self._pace_of(chat_id),
            throttle=self._throttle,
            may_have_left_one=preview.may_be_lost,
        )

    def _pace_of(self, chat_id: int) -> Pace:
        least = self._pace_seconds if chat_id > 0 else self._group_pace_seconds
        return self._paces.setdefault(chat_id, Pace(least))

    async def finish(
        self,
        reply: Message,
        *,
        buttons: InlineKeyboardMarkup | None,
        shown_as: Sequence[int],
        update_id: int | None,
        ending: str = "",
        may_stand_twice: bool = False,
    ) -> None:
        """Send a logged reply in full, the last part with the buttons.

        It takes the place of the messages `shown_as`, such as its preview; those left over are deleted.
        A part that may have arrived is not sent again: that something may be missing is said instead, and so
        it is of a preview that nobody can take away, whose reply `may_stand_twice`.
        """
        if reply.generation is not None:
            self._metrics.replied(reply.generation)
        parts = _rendered(reply, ending)
        planned = await self._outbox.plan(
            reply.message_id,
            chat_id=reply.chat_id,
            update_id=update_id,
            parts=parts,
            shown_as=shown_as,
        )
        is_certain = all(part.state is not SendState.UNKNOWN for part in planned)
        for part in planned:
            if part.state is SendState.PENDING:
                last = part is planned[-1]
                is_certain &= await self._send(part, buttons if last else None)
        for telegram_id in shown_as[len(planned) :]:
            await self._remove(reply.chat_id, telegram_id)
        if not is_certain:
            await self.say(reply.chat_id, texts().delivery_unknown)
        elif may_stand_twice:
            await self.say(reply.chat_id, texts().preview_unknown)

    async def show_in(
        self, telegram_id: int, reply: Message, *, buttons: InlineKeyboardMarkup | None, ending: str
    ) -> None:
        """Let the messages around this one show another reply than they do."""
        planned, left_over = await self._outbox.replan(
            chat_id=reply.chat_id,
            telegram_id=telegram_id,
            shows=reply.message_id,
            parts=_rendered(reply, ending),
        )
        for part in planned:
            await self._send(part, buttons if part is planned[-1] else None)
        for left in left_over:
            await self._remove(reply.chat_id, left)

    async def show_again(self, reply: Message, *, buttons: InlineKeyboardMarkup | None) -> None:
        """Put a reply back into the messages that it was sent as."""
        showing = await self._outbox.parts_showing(reply.message_id)
        parts = [part for part in showing if part.telegram_id is not None]
        for part in parts:
            await self._send(part, buttons if part is parts[-1] else None)

    async def shown_as(self, reply: Message) -> list[int]:
        """The Telegram ids of the messages that show a reply, in order."""
        parts = await self._outbox.parts_showing(reply.message_id)
        return [part.telegram_id for part in parts if part.telegram_id is not None]

    async def say(
        self,
        chat_id: int,
        text: str,
        *,
        buttons: InlineKeyboardMarkup | None = None,
        shown_as: int | None = None,
        silent: bool = False,
        awaits_reply: bool = False,
    ) -> None:
        """Say a sentence of the bot's own; with `shown_as` it takes the place of a message that is there.

        Where it `awaits_reply` instead of having buttons, Telegram opens the field for one.
        """

        async def call() -> None:
            if shown_as is None:
                await self._at(
                    place_in(chat_id),
                    lambda place: self._bot.send_message(
                        place.chat_id,
                        text,
                        disable_notification=silent,
                        reply_markup=ForceReply() if awaits_reply else buttons,
                        message_thread_id=place.thread_id,
                        reply_parameters=place.reply_parameters,
                    ),
                )
            else:
                await self._insistence.idempotent(
                    lambda: self._bot.edit_message_text(
                        text, chat_id=chat_id, message_id=shown_as, reply_markup=buttons
                    )
                )

        await self._unlogged(chat_id, call)

    async def send_file(self, chat_id: int, content: bytes, *, name: str, caption: str) -> None:
        """Send a file with a sentence."""

        async def call() -> None:
            await self._insistence.once(
                lambda: self._bot.send_document(chat_id, content, filename=name, caption=caption)
            )

        await self._unlogged(chat_id, call)

    async def send_picture(self, chat_id: int, content: bytes, *, name: str, caption: str) -> None:
        """Send a picture with a sentence."""

        async def call() -> None:
            await self._insistence.once(
                lambda: self._bot.send_photo(chat_id, content, filename=name, caption=caption)
            )

        await self._unlogged(chat_id, call)

    async def _unlogged(self, chat_id: int, call: Callable[[], Awaitable[None]]) -> None:
        """Bring something to a chat that no outbox keeps: when it cannot be, that is noted and no more."""
        try:
            await call()
        except UncertainDeliveryError:
            logger.warning("a notice to chat %d may not have arrived", chat_id)
        except Forbidden:
            await self._access.lost(chat_id)
        except BadRequest as error:
            logger.warning("a notice to chat %d was refused: %s", chat_id, error.message)

    async def forget_preview(self, update_id: int) -> None:
        """What an update has on screen is finished: more that it brings begins in messages of its own."""
        await self._updates.set_preview(update_id, None)

    async def _remove(self, chat_id: int, telegram_id: int) -> None:
        with contextlib.suppress(TelegramError):  # it may be gone already, or be too old to be deleted
            await self._insistence.idempotent(lambda: self._bot.delete_message(chat_id, telegram_id))

    async def _send(self, part: OutboxPart, buttons: InlineKeyboardMarkup | None) -> bool:
        """Bring one part to the chat; False when nobody can tell whether it has arrived."""
        try:
            telegram_id = await self._put(part, buttons, _from_json(part.entities))
        except UncertainDeliveryError:
            logger.warning("part %d may not have arrived; it is not sent again", part.part_id)
            await self._outbox.mark(part.part_id, SendState.UNKNOWN)
            return False
        except Forbidden:
            await self._access.lost(part.chat_id)
            await self._outbox.mark(part.part_id, SendState.REFUSED)
        except BadRequest as error:
            logger.error("part %d was refused: %s", part.part_id, error.message)
            await self._outbox.mark(part.part_id, SendState.REFUSED)
        else:
            await self._outbox.mark(part.part_id, SendState.SENT, telegram_id=telegram_id)
        return True

    async def _put(
        self, part: OutboxPart, buttons: InlineKeyboardMarkup | None, entities: Sequence[MessageEntity]
    ) -> int:
        try:
            if part.telegram_id is not None:
                return await self._edit(part, part.telegram_id, buttons, entities)
            return await self._send_new(part, buttons, entities)
        except BadRequest as error:
            if not entities or "entit" not in error.message.lower():
                raise
            return await self._put(part, buttons, ())

    async def _edit(
        self,
        part: OutboxPart,
        telegram_id: int,
        buttons: InlineKeyboardMarkup | None,
        entities: Sequence[MessageEntity],
    ) -> int:
        try:
            await self._insistence.idempotent(
                lambda: self._bot.edit_message_text(
                    part.text,
                    chat_id=part.chat_id,
                    message_id=telegram_id,
                    entities=entities,
                    reply_markup=buttons,
                )
            )
        except BadRequest as error:
            problem = error.message.lower()
            if "not modified" in problem:
                return telegram_id
            if any(sign in problem for sign in _NOT_EDITABLE):
                return await self._send_new(part, buttons, entities)
            raise
        except ChatMigrated:  # a new group number, under which the old messages cannot be reached
            return await self._send_new(part, buttons, entities)
        return telegram_id

    async def _send_new(
        self, part: OutboxPart, buttons: InlineKeyboardMarkup | None, entities: Sequence[MessageEntity]
    ) -> int:
        # Recorded before the call: a process killed between the call and its record must not send it again.
        await self._outbox.mark(part.part_id, SendState.UNKNOWN)
        place = place_in(part.chat_id)
        try:
            sent = await self._at(
                place if part.part == 0 else replace(place, answers=None),
                lambda place: self._bot.send_message(
                    place.chat_id,
                    part.text,
                    entities=entities,
                    reply_markup=buttons,
                    message_thread_id=place.thread_id,
                    reply_parameters=place.reply_parameters,
                ),
            )
        except (Interrupted, BadRequest, Forbidden):
            await self._outbox.mark(part.part_id, SendState.PENDING)
            raise
        return sent.message_id

    async def _at(self, place: Place, send: Callable[[Place], Awaitable[SentMessage]]) -> SentMessage:
        """Send something new to a place, or where that place has moved to."""
        try:
            return await self._insistence.once(lambda: send(place))
        except ChatMigrated as error:
            await self._access.move_group(place.chat_id, error.new_chat_id)
            moved = Place(error.new_chat_id)
        except BadRequest as error:
            problem = error.message.lower()
            if place.thread_id is None or not any(sign in problem for sign in _NO_SUCH_PLACE):
                raise
            moved = Place(place.chat_id)  # the topic is gone or closed, the group is not
        return await self._insistence.once(lambda: send(moved))


def _rendered(reply: Message, ending: str) -> list[tuple[str, str]]:
    """The parts of a reply as the outbox keeps them: text, and entities as JSON.

    Markdown is what models write: the words of an article are shown as they are.
    """
    text = reply.text + ending
    parts = (plain(text) if reply.generation is None else render(text)) or [Part(text="…", entities=())]
    return [(part.text, _to_json(part.entities)) for part in parts]


def _to_json(entities: Sequence[MessageEntity]) -> str:
    return json.dumps([entity.to_dict() for entity in entities])


def _from_json(entities: str) -> tuple[MessageEntity, ...]:
    return MessageEntity.de_list(json.loads(entities))
