"""/forget: what would go, a question, and a receipt."""

import contextlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import TelegramError
from telegram.ext import ContextTypes

from bot.delivery import Delivery
from bot.incoming import incoming
from bot.speaking import texts
from engine.erasure import ErasureFollower, Forgetter
from storage.records import Holdings

FORGET_PATTERN = re.compile(r"forget:(yes|no):(\d{1,10})\Z")

VALID_FOR = timedelta(minutes=10)
"""A button that erases everything must not wait in a chat for an idle tap."""


class ForgetHandlers:
    """Handlers of /forget and of its two buttons."""

    def __init__(
        self,
        *,
        forgetter: Forgetter,
        erasures: ErasureFollower,
        delivery: Delivery,
        now: Callable[[], datetime],
    ) -> None:
        self._forgetter = forgetter
        self._erasures = erasures
        self._delivery = delivery
        self._now = now

    async def on_forget(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Say exactly what would go, and ask."""
        asked = incoming(update)
        held = await self._forgetter.holdings(asked.user_id)
        if not any((held.messages, held.ratings, held.beliefs, held.adapters, held.runs)):
            await self._delivery.say(asked.chat_id, asked.texts.forget_nothing)
            return
        await self._delivery.say(
            asked.chat_id,
            told(held, asked.texts.forget_preview),
            buttons=_buttons(self._now()),
        )

    async def on_choice(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """A tap on one of the two buttons."""
        query = update.callback_query
        assert query is not None, "this handles taps"
        match = FORGET_PATTERN.fullmatch(query.data or "")
        assert match is not None, "the handler's pattern let it through"
        asked_at = datetime.fromtimestamp(int(match[2]), UTC)
        if match[1] == "no":
            said = texts().forget_kept
        elif self._now() - asked_at > VALID_FOR:
            said = texts().forget_too_late
        else:
            said = told(await self._forgetter.forget(query.from_user.id), texts().forgotten)
            await self._erasures.follow()
        if query.message is not None:
            with contextlib.suppress(TelegramError):  # it only ends the button's spinner
                await query.answer()
            await self._delivery.say(query.message.chat.id, said, shown_as=query.message.message_id)


def told(held: Holdings, sentence: str) -> str:
    """A sentence with the figures of what is held or was erased."""
    return sentence.format(
        messages=held.messages,
        ratings=held.ratings,
        beliefs=held.beliefs,
        adapters=held.adapters,
        runs=held.runs,
    )


def _buttons(now: datetime) -> InlineKeyboardMarkup:
    moment = int(now.timestamp())
    return InlineKeyboardMarkup(
        [
            [
                InlineKeyboardButton(texts().forget_yes, callback_data=f"forget:yes:{moment}"),
                InlineKeyboardButton(texts().forget_no, callback_data=f"forget:no:{moment}"),
            ]
        ]
    )
