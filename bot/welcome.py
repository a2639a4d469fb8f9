"""/start and /help, and the door: who is not let in gets one polite line a day, and nothing else."""

import contextlib
from dataclasses import replace

from telegram import Bot, Update, User
from telegram.error import TelegramError
from telegram.ext import ApplicationHandlerStop, ContextTypes

from bot.access import Access
from bot.addressing import is_for_bot, is_group, new_number, place_of
from bot.delivery import Delivery
from bot.incoming import incoming
from bot.limits import Limiter, Verdict, asked_at
from bot.menu import commands_for
from bot.speaking import speak_at, speak_with, texts
from storage.preferences import Preferences, PreferenceStore

OWN_DATA = ("profile", "export", "forget", "settings")
"""Commands about what is held of a person; their answers are for that person alone."""

_OWN_DATA_TAPS = ("belief", "forget", "set")


class Door:
    """Stands before every other handler, and notes who is talking and how they want to be addressed."""

    def __init__(
        self, *, access: Access, limiter: Limiter, preferences: PreferenceStore, delivery: Delivery
    ) -> None:
        self._access = access
        self._limiter = limiter
        self._preferences = preferences
        self._delivery = delivery

    async def check(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Let known people and what concerns the bot through; pair, refuse or ignore the others."""
        user = update.effective_user
        if user is None:
            raise ApplicationHandlerStop
        place = place_of(update)
        if place is not None:
            speak_at(place)
        if is_group(update.effective_chat):
            await self._check_group(update, user, context.bot)
        elif self._access.allows(user.id):
            await self._access.enter(user.id, user.full_name)
            if update.message is not None:
                await self._access.reached(user.id)
            speak_with(await self._chosen_by(user))
        else:
            speak_with(await self._heard_of(user))
            await self._check_stranger(update, user)
        await self._hold_back_floods(update, user.id)

    async def _check_group(self, update: Update, user: User, bot: Bot) -> None:
        """Who is let in opens a group by using the bot there; in an open group everybody is answered."""
        assert update.effective_chat is not None, "this is about a group"
        if not is_for_bot(update, bot):
            raise ApplicationHandlerStop
        if self._access.allows(user.id):
            await self._access.enter(user.id, user.full_name)
            await self._access.open_group(update.effective_chat.id)
            speak_with(await self._chosen_by(user))
            return
        numbers = new_number(update.message) if update.message is not None else None
        if not any(map(self._access.hears, numbers or [update.effective_chat.id])):
            raise ApplicationHandlerStop
        if update.message is not None and numbers is None:
            await self._access.note(user.id, user.full_name)
        speak_with(await self._heard_of(user))

    async def _check_stranger(self, update: Update, user: User) -> None:
        """Whoever has joined in a group may see and erase here what is held of them, and no more."""
        if _is_about_own_data(update) and await self._access.is_member(user.id):
            return
        message = update.message
        if message is not None and message.chat.type == message.chat.PRIVATE:
            await self._answer_stranger(update)
        raise ApplicationHandlerStop

    async def _heard_of(self, user: User) -> Preferences:
        """The choices of somebody who is not let in, in the language of their Telegram."""
        return replace(await self._preferences.get(user.id), client_language=user.language_code)

    async def _hold_back_floods(self, update: Update, user_id: int) -> None:
        """Stop here what is beyond the limit of everybody but the owner, and say so once."""
        moment, chat = asked_at(update), update.effective_chat
        if moment is None or chat is None or self._access.is_owner(user_id):
            return
        verdict = self._limiter.take(user_id, moment)
        if verdict is Verdict.TOLD:
            await self._delivery.say(chat.id, texts().too_many_messages)
        if verdict is not Verdict.ALLOWED:
            raise ApplicationHandlerStop

    async def _chosen_by(self, user: User) -> Preferences:
        """A user's choices; the language of their Telegram is kept for what is sent unasked."""
        chosen = await self._preferences.get(user.id)
        if user.language_code is None or user.language_code == chosen.client_language:
            return chosen
        chosen = replace(chosen, client_language=user.language_code)
        await self._preferences.save(user.id, chosen)
        return chosen

    async def _answer_stranger(self, update: Update) -> None:
        asked = incoming(update)
        name = "" if asked.message.from_user is None else asked.message.from_user.full_name
        if await self._access.pair(asked.user_id, name, _code_in(asked.text)):
            await self._delivery.say(asked.chat_id, asked.texts.paired)
        elif await self._access.may_refuse(asked.user_id):
            await self._delivery.say(asked.chat_id, asked.texts.refusal)


class WelcomeHandlers:
    """Handlers of /start and /help."""

    def __init__(self, *, access: Access, delivery: Delivery) -> None:
        self._access = access
        self._delivery = delivery

    async def on_start(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Say who is here."""
        asked = incoming(update)
        await self._delivery.say(asked.chat_id, asked.texts.welcome)

    async def on_help(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """List the commands; the owner's own are shown to the owner only."""
        asked = incoming(update)
        commands = commands_for(texts(), is_owner=self._access.is_owner(asked.user_id))
        lines = [texts().help_head, *(f"/{name} – {meaning}" for name, meaning in commands.items())]
        lines += ["", await _about_groups(context.bot)]
        await self._delivery.say(asked.chat_id, "\n".join(lines))


async def _about_groups(bot: Bot) -> str:
    """Who is answered in groups, and how much of them Telegram sends; a terminal has none."""
    with contextlib.suppress(TelegramError):  # what it said at the start may have been changed at BotFather
        await bot.get_me()
    sentences = [texts().help_groups]
    if bot.bot.can_read_all_group_messages is not None:
        hears_all = bot.bot.can_read_all_group_messages
        sentences.append(texts().help_privacy_off if hears_all else texts().help_privacy_on)
    return " ".join(sentences).format(name=bot.username)


def _is_about_own_data(update: Update) -> bool:
    if update.callback_query is not None:
        return (update.callback_query.data or "").partition(":")[0] in _OWN_DATA_TAPS
    words = ((update.message and update.message.text) or "").split()
    return words[:1] in ([f"/{name}"] for name in OWN_DATA)


def _code_in(text: str) -> str:
    """The code in a message: alone, or behind /start as a deep link sends it."""
    return text.removeprefix("/start").strip()
