"""The menu of commands that Telegram shows: one per language, and one of their own for some people."""

import contextlib

from telegram import Bot, BotCommand, BotCommandScopeChat
from telegram.error import TelegramError

from bot.access import Access
from bot.languages import LANGUAGES
from bot.texts import Texts, texts_for
from storage.preferences import PreferenceStore


class Menu:
    """Puts the commands into Telegram's menu; a bot without a menu works as well."""

    def __init__(self, *, bot: Bot, access: Access, preferences: PreferenceStore) -> None:
        self._bot = bot
        self._access = access
        self._preferences = preferences

    async def offer(self) -> None:
        """The menus of all languages, and those of the people who have one of their own."""
        for language, texts in LANGUAGES.items():
            with contextlib.suppress(TelegramError):
                await self._bot.set_my_commands(
                    _menu(texts.commands), language_code=None if language == "en" else language
                )
        for user_id in self._access.everybody:
            await self.offer_to(user_id)

    async def offer_to(self, user_id: int) -> None:
        """The menu of somebody who has chosen a language here, or who owns the bot."""
        chosen = await self._preferences.get(user_id)
        if chosen.language is None and not self._access.is_owner(user_id):
            return
        commands = commands_for(texts_for(chosen.spoken), is_owner=self._access.is_owner(user_id))
        with contextlib.suppress(TelegramError):
            await self._bot.set_my_commands(_menu(commands), scope=BotCommandScopeChat(user_id))


def commands_for(texts: Texts, *, is_owner: bool) -> dict[str, str]:
    """The commands that somebody may use, with what each does."""
    return texts.commands | (texts.owner_commands if is_owner else {})


def _menu(commands: dict[str, str]) -> list[BotCommand]:
    return [BotCommand(name, meaning) for name, meaning in commands.items()]
