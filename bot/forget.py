"""/forget, of everything or of a part: what would go, a question, a receipt; and the backups, which only the
owner may do without.
"""

import asyncio
import contextlib
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import TelegramError
from telegram.ext import ContextTypes

from bot.access import Access
from bot.delivery import Delivery
from bot.forget_part import packed, read_part, unpacked
from bot.incoming import Incoming, incoming
from bot.speaking import texts
from engine.erasure import ErasureFollower, Forgetter
from engine.forgetting import Part, PartForgetter
from storage.records import Holdings
from storage.shelf import Shelf

FORGET_PATTERN = re.compile(r"forget:(yes|no|purge|span|about):(\d{1,10})(?::(.+))?\Z", re.DOTALL)

VALID_FOR = timedelta(minutes=10)
"""A button that erases everything must not wait in a chat for an idle tap."""


class ForgetHandlers:
    """Handlers of /forget and of its buttons."""

    def __init__(
        self,
        *,
        forgetter: Forgetter,
        part_forgetter: PartForgetter,
        erasures: ErasureFollower,
        shelf: Shelf,
        access: Access,
        delivery: Delivery,
        timezone: tzinfo,
        now: Callable[[], datetime],
    ) -> None:
        self._forgetter = forgetter
        self._part_forgetter = part_forgetter
        self._timezone = timezone
        self._erasures = erasures
        self._shelf = shelf
        self._access = access
        self._delivery = delivery
        self._now = now

    async def on_forget(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Say exactly what would go, and ask; words behind the command name a part of it."""
        asked = incoming(update)
        if asked.argument:
            await self._ask_for_part(asked)
            return
        held = await self._forgetter.holdings(asked.user_id)
        if not any((held.messages, held.ratings, held.beliefs, held.adapters, held.runs)):
            await self._delivery.say(
                asked.chat_id,
                await self._with_backups(asked.texts.forget_nothing, asked.texts.forget_backups),
                buttons=await self._purge_button(asked.user_id),
            )
            return
        moment = int(self._now().timestamp())
        await self._delivery.say(
            asked.chat_id,
            await self._with_backups(told(held, asked.texts.forget_preview), asked.texts.forget_backups),
            buttons=_choice(asked.texts.forget_yes, f"forget:yes:{moment}", moment),
        )

    async def _ask_for_part(self, asked: Incoming) -> None:
        now = self._now().astimezone(self._timezone)
        part = read_part(asked.argument, now)
        data = None if part is None else packed(part, int(now.timestamp()))
        if part is None or data is None:
            sentence = asked.texts.forget_usage if part is None else asked.texts.forget_fewer_words
            await self._delivery.say(asked.chat_id, sentence)
            return
        held = await self._part_forgetter.holdings(asked.user_id, part)
        if not held.messages:
            await self._delivery.say(asked.chat_id, asked.texts.forget_no_part)
            return
        preview = self._told_of(part, held, asked.texts.forget_part_preview)
        await self._delivery.say(
            asked.chat_id,
            await self._with_backups(preview, asked.texts.forget_backups),
            buttons=_choice(asked.texts.forget_part_yes, data, int(now.timestamp())),
        )

    def _told_of(self, part: Part, held: Holdings, sentence: str) -> str:
        """What is meant, and a sentence with the figures of it."""
        if part.about:
            what = texts().forget_about.format(about=part.about)
        else:
            begin, end = (moment.astimezone(self._timezone) for moment in (part.begin, part.end))
            what = texts().forget_span.format(begin=begin, end=end)
        return f"{what} {told(held, sentence)}"

    async def on_choice(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """A tap on one of the buttons."""
        query = update.callback_query
        assert query is not None, "this handles taps"
        match = FORGET_PATTERN.fullmatch(query.data or "")
        assert match is not None, "the handler's pattern let it through"
        asked_at = datetime.fromtimestamp(int(match[2]), UTC)
        buttons = None
        if match[1] == "no":
            said = texts().forget_kept
        elif self._now() - asked_at > VALID_FOR:
            said = texts().forget_too_late
        elif match[1] in ("span", "about"):
            said = await self._forget_part(query.from_user.id, unpacked(match[1], asked_at, match[3] or ""))
        elif match[1] == "purge":
            said = await self._purge(query.from_user.id)
        else:
            said = await self._forget(query.from_user.id)
            buttons = await self._purge_button(query.from_user.id)
        if query.message is not None:
            with contextlib.suppress(TelegramError):  # it only ends the button's spinner
                await query.answer()
            await self._delivery.say(
                query.message.chat.id, said, buttons=buttons, shown_as=query.message.message_id
            )

    async def _forget(self, user_id: int) -> str:
        erased = await self._forgetter.forget(user_id)
        await self._erasures.follow()
        return await self._with_backups(told(erased, texts().forgotten), texts().forget_backups)

    async def _forget_part(self, user_id: int, part: Part | None) -> str:
        if part is None:
            return texts().forget_too_late
        erased = await self._part_forgetter.forget(user_id, part)
        await self._erasures.follow()
        receipt = self._told_of(part, erased, texts().forgotten_part)
        return await self._with_backups(receipt, texts().forget_backups)

    async def _purge(self, user_id: int) -> str:
        """Backups hold everybody's words, so only the owner may do without them."""
        if not self._access.is_owner(user_id):
            return texts().owner_only
        return texts().purged.format(count=await asyncio.to_thread(self._shelf.purge))

    async def _with_backups(self, said: str, sentence: str) -> str:
        return with_backups(said, await self._last_day(), sentence)

    async def _last_day(self) -> date | None:
        return await asyncio.to_thread(self._shelf.last_day)

    async def _purge_button(self, user_id: int) -> InlineKeyboardMarkup | None:
        if await self._last_day() is None or not self._access.is_owner(user_id):
            return None
        data = f"forget:purge:{int(self._now().timestamp())}"
        return InlineKeyboardMarkup.from_button(InlineKeyboardButton(texts().purge_yes, callback_data=data))


def told(held: Holdings, sentence: str) -> str:
    """A sentence with the figures of what is held or was erased."""
    return sentence.format(
        messages=held.messages,
        ratings=held.ratings,
        beliefs=held.beliefs,
        adapters=held.adapters,
        runs=held.runs,
    )


def with_backups(said: str, day: date | None, sentence: str) -> str:
    """What is said, and until which day backups still hold what it is about; None without backups."""
    return said if day is None else f"{said} {sentence.format(day=day)}"


def _choice(yes: str, data: str, moment: int) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(
        [
            [
                InlineKeyboardButton(yes, callback_data=data),
                InlineKeyboardButton(texts().forget_no, callback_data=f"forget:no:{moment}"),
            ]
        ]
    )
