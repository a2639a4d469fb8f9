"""/start and /help, and the door: who is not let in gets one polite line a day, and nothing else."""

from dataclasses import replace

from telegram import Update, User
from telegram.ext import ApplicationHandlerStop, ContextTypes

from bot.access import Access
from bot.delivery import Delivery
from bot.incoming import incoming
from bot.limits import Limiter, Verdict, asked_at
from bot.menu import commands_for
from bot.speaking import speak_with, texts
from storage.preferences import Preferences, PreferenceStore


class Door:
    """Stands before every other handler, and notes who is talking and how they want to be addressed."""

    def __init__(
        self, *, access: Access, limiter: Limiter, preferences: PreferenceStore, delivery: Delivery
    ) -> None:
        self._access = access
        self._limiter = limiter
        self._preferences = preferences
        self._delivery = delivery

    async def check(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Let known people through; pair, refuse or ignore the others."""
        user = update.effective_user
        if user is None:
            raise ApplicationHandlerStop
        if self._access.allows(user.id):
            await self._access.enter(user.id, user.full_name)
            speak_with(await self._chosen_by(user))
            await self._hold_back_floods(update, user.id)
            return
        speak_with(Preferences(client_language=user.language_code))
        message = update.message
        if message is not None and message.chat.type == message.chat.PRIVATE:
            await self._answer_stranger(update)
        raise ApplicationHandlerStop

    async def _hold_back_floods(self, update: Update, user_id: int) -> None:
        """Stop here what is beyond the limit of everybody but the owner, and say so once."""
        moment = asked_at(update)
        if moment is None or self._access.is_owner(user_id):
            return
        verdict = self._limiter.take(user_id, moment)
        if verdict is Verdict.TOLD:
            await self._delivery.say(user_id, texts().too_many_messages)
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

    async def on_help(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """List the commands; the owner's own are shown to the owner only."""
        asked = incoming(update)
        commands = commands_for(texts(), is_owner=self._access.is_owner(asked.user_id))
        lines = [texts().help_head, *(f"/{name} – {meaning}" for name, meaning in commands.items())]
        await self._delivery.say(asked.chat_id, "\n".join(lines))


def _code_in(text: str) -> str:
    """The code in a message: alone, or behind /start as a deep link sends it."""
    return text.removeprefix("/start").strip()
