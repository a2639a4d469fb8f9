"""/language and /settings: choices by buttons, which hold from the next message on."""

import contextlib
import re
from dataclasses import replace
from typing import Any

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import TelegramError
from telegram.ext import ContextTypes

from bot.delivery import Delivery
from bot.incoming import incoming
from bot.languages import LANGUAGES
from bot.menu import Menu
from bot.speaking import preferences, speak_with, texts
from storage.preferences import Preferences, PreferenceStore, QuietHours, ReplyLength

CHOICE_PATTERN = re.compile(r"set:([a-z]+):([\w-]+):(one|all)\Z")

_CHOICES: dict[str, dict[str, dict[str, Any]]] = {
    "language": {language: {"language": language} for language in LANGUAGES},
    "length": {length.value: {"reply_length": length} for length in ReplyLength},
    "buttons": {"on": {"buttons": True}, "off": {"buttons": False}},
    "links": {"ask": {"summarize_links": False}, "read": {"summarize_links": True}},
    "learning": {"on": {"learning": True}, "off": {"learning": False}},
    "quiet": {
        "none": {"quiet_hours": None},
        "22-7": {"quiet_hours": QuietHours(22, 7)},
        "23-8": {"quiet_hours": QuietHours(23, 8)},
        "0-9": {"quiet_hours": QuietHours(0, 9)},
    },
}
"""What may be chosen, and the fields of `Preferences` that each choice sets."""


class PreferenceHandlers:
    """Handlers of what a user may choose."""

    def __init__(self, *, store: PreferenceStore, menu: Menu, delivery: Delivery) -> None:
        self._store = store
        self._menu = menu
        self._delivery = delivery

    async def on_language(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Ask which language to speak."""
        await self._delivery.say(incoming(update).chat_id, texts().choose_language, buttons=_buttons("one"))

    async def on_settings(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Show every choice, the present one marked."""
        await self._delivery.say(incoming(update).chat_id, texts().settings, buttons=_buttons("all"))

    async def on_pause(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Learn nothing until /resume."""
        await self._set_learning(update, False)
        await self._delivery.say(incoming(update).chat_id, texts().paused)

    async def on_resume(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Learn again."""
        await self._set_learning(update, True)
        await self._delivery.say(incoming(update).chat_id, texts().resumed)

    async def on_choice(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """A tap on a choice: take it, and mark it."""
        query = update.callback_query
        assert query is not None, "this handles taps"
        match = CHOICE_PATTERN.fullmatch(query.data or "")
        assert match is not None, "the handler's pattern let it through"
        name, value, shown = match.groups()
        chosen = _CHOICES.get(name, {}).get(value)
        if chosen is None:  # a button of an older version
            await query.answer()
            return
        await self._save(query.from_user.id, replace(preferences(), **chosen))
        with contextlib.suppress(TelegramError):  # the choice stands, whether or not it can be shown
            await query.answer(texts().chosen)
            await query.edit_message_text(
                texts().settings if shown == "all" else texts().choose_language, reply_markup=_buttons(shown)
            )
        if name == "language":
            await self._menu.offer_to(query.from_user.id)

    async def _set_learning(self, update: Update, learning: bool) -> None:
        await self._save(incoming(update).user_id, replace(preferences(), learning=learning))

    async def _save(self, user_id: int, chosen: Preferences) -> None:
        await self._store.save(user_id, chosen)
        speak_with(chosen)


def _buttons(shown: str) -> InlineKeyboardMarkup:
    """A row for each choice; `shown` is "one" for the language alone, "all" for everything."""
    names = ("language",) if shown == "one" else tuple(_CHOICES)
    return InlineKeyboardMarkup([[_button(name, value, shown) for value in _CHOICES[name]] for name in names])


def _button(name: str, value: str, shown: str) -> InlineKeyboardButton:
    label = texts().choices.get(f"{name}:{value}", value)
    mark = " ✓" if _holds(name, value) else ""
    return InlineKeyboardButton(f"{label}{mark}", callback_data=f"set:{name}:{value}:{shown}")


def _holds(name: str, value: str) -> bool:
    """Whether a choice is the present one; a language that was never chosen is the one spoken."""
    if name == "language":
        return texts() is LANGUAGES[value]
    return all(getattr(preferences(), field) == wanted for field, wanted in _CHOICES[name][value].items())
