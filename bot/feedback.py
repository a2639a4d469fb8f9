"""Buttons, reactions and /feedback."""

import contextlib
import re
from collections.abc import Sequence

from telegram import ReactionType, ReactionTypeEmoji, Update
from telegram.error import TelegramError
from telegram.ext import ContextTypes

from bot.chat import rating_buttons
from bot.delivery import Delivery
from bot.texts import texts_for
from engine.feedback import Feedback

TAP_PATTERN = re.compile(r"fb:(\d+):(-?1)")

_BETTER = re.compile(r"\s*better\s*:\s*(.+)", re.IGNORECASE | re.DOTALL)
_LIKES = frozenset("👍❤🔥🥰👏😁🎉🤩🙏👌😍💯🤣⚡🏆😘🤗🫡🆒💘😎❤‍🔥")
_DISLIKES = frozenset("👎🤬💩🤮🥱😡🤡😢💔🙈😐🤨😴🖕")


class FeedbackHandlers:
    """Handlers of everything that rates a reply."""

    def __init__(self, *, feedback: Feedback, delivery: Delivery) -> None:
        self._feedback = feedback
        self._delivery = delivery

    async def on_tap(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """A tap on 👍 or 👎: rate that reply, mark the button, say thank you."""
        query = update.callback_query
        assert query is not None and query.data is not None
        texts = texts_for(query.from_user.language_code)
        match = TAP_PATTERN.fullmatch(query.data)
        assert match is not None, "the handler's pattern let it through"
        message_id, value = int(match[1]), int(match[2])
        rating = await self._feedback.rate(message_id, user_id=query.from_user.id, value=value)
        with contextlib.suppress(TelegramError):  # the rating stands, whether or not its thanks can be shown
            if rating is None:
                await query.answer(texts.rating_unknown)
                return
            await query.answer(texts.rated_up if value > 0 else texts.rated_down)
            await query.edit_message_reply_markup(rating_buttons(message_id, value))

    async def on_reaction(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """A reaction put on a reply, changed or removed."""
        reaction = update.message_reaction
        assert reaction is not None
        if reaction.user is None:
            return
        reply = await self._feedback.target(
            user_id=reaction.user.id, chat_id=reaction.chat.id, telegram_id=reaction.message_id
        )
        if reply is None:
            return
        value = _value(reaction.new_reaction)
        if value is not None:
            await self._feedback.rate(reply.message_id, user_id=reaction.user.id, value=value)
        elif _value(reaction.old_reaction) is not None:
            await self._feedback.withdraw(reply)

    async def on_feedback(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/feedback: a remark, or the right answer after 'better:'."""
        message, user = update.message, update.effective_user
        assert message is not None and user is not None and message.text is not None
        texts = texts_for(user.language_code)
        said = message.text.partition(" ")[2].strip() if context.args else ""
        if not said:
            await self._delivery.say(message.chat_id, texts.feedback_usage)
            return
        meant = message.reply_to_message
        reply = await self._feedback.target(
            user_id=user.id, chat_id=message.chat_id, telegram_id=None if meant is None else meant.message_id
        )
        if reply is None:
            await self._delivery.say(message.chat_id, texts.nothing_to_rate)
        elif better := _BETTER.fullmatch(said):
            correction = better[1].strip()
            await self._feedback.correct(reply, correction)
            await self._delivery.say(
                message.chat_id, texts.feedback_corrected.format(correction=_short(correction))
            )
        else:
            await self._feedback.note(reply, said)
            await self._delivery.say(message.chat_id, texts.feedback_noted.format(note=_short(said)))


def _value(reactions: Sequence[ReactionType]) -> int | None:
    for reaction in reactions:
        if isinstance(reaction, ReactionTypeEmoji):
            if reaction.emoji in _LIKES:
                return 1
            if reaction.emoji in _DISLIKES:
                return -1
    return None


def _short(text: str, limit: int = 200) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"
