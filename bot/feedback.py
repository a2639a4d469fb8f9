"""Buttons, reactions and /feedback."""

import contextlib
import re
from collections.abc import Sequence

from telegram import ReactionType, ReactionTypeEmoji, Update
from telegram.error import TelegramError
from telegram.ext import ContextTypes

from bot.delivery import Delivery
from bot.incoming import Incoming, incoming
from bot.keyboard import TAP_PATTERN, Keyboards
from bot.speaking import preferences, texts
from engine.feedback import Feedback
from storage.records import Message, Origin

_BETTER = re.compile(r"\s*better\s*:\s*(.+)", re.IGNORECASE | re.DOTALL)
_LIKES = frozenset(
    [
        "👍",
        "❤",
        "❤\u200d🔥",
        "🔥",
        "🥰",
        "👏",
        "😁",
        "🎉",
        "🤩",
        "🙏",
        "👌",
        "😍",
        "💯",
        "🤣",
        "⚡",
        "🏆",
        "🤗",
        "🫡",
        "🆒",
    ]
)
_DISLIKES = frozenset(["👎", "🤬", "💩", "🤮", "🥱", "😡", "🤡", "😢", "💔", "😐", "🤨", "😴", "🖕"])


class FeedbackHandlers:
    """Handlers of everything that rates a reply."""

    def __init__(self, *, feedback: Feedback, keyboards: Keyboards, delivery: Delivery) -> None:
        self._feedback = feedback
        self._keyboards = keyboards
        self._delivery = delivery

    async def on_tap(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """A tap on 👍 or 👎: rate that reply, mark the button, say thank you."""
        query = update.callback_query
        assert query is not None, "this handles taps"
        assert query.data is not None, "every button carries data"
        match = TAP_PATTERN.fullmatch(query.data)
        assert match is not None, "the handler's pattern let it through"
        message_id, value = int(match[1]), int(match[2])
        rating = await self._feedback.rate(message_id, user_id=query.from_user.id, value=value)
        with contextlib.suppress(TelegramError):  # the rating stands, whether or not its thanks can be shown
            if rating is None:
                others = await self._feedback.reply(message_id) is not None
                await query.answer(texts().not_your_reply if others else texts().rating_unknown)
                return
            reply = await self._feedback.reply(message_id)
            await query.answer(_thanks(reply, value))
            await query.edit_message_reply_markup(reply and await self._keyboards.below(reply))

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

    async def on_feedback(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """/feedback: a remark, or the right answer after 'better:'."""
        asked = incoming(update)
        if not asked.argument:
            await self._delivery.say(asked.chat_id, asked.texts.feedback_usage)
            return
        reply = await self._feedback.target(
            user_id=asked.user_id,
            chat_id=asked.chat_id,
            thread_id=asked.thread_id,
            telegram_id=asked.replied_to,
        )
        await self._delivery.say(
            asked.chat_id, asked.texts.nothing_to_rate if reply is None else await self._take(asked, reply)
        )

    async def _take(self, asked: Incoming, reply: Message) -> str:
        """Store what was said of a reply; returns the thanks."""
        if reply.origin is Origin.PRIVATE or not preferences().learning:
            return asked.texts.why_not_learnt_in_group if asked.in_group else asked.texts.why_not_learnt
        if reply.origin is Origin.ARTICLE:
            await self._feedback.note(reply, asked.argument)
            return asked.texts.feedback_noted.format(note=_short(asked.argument))
        better = _BETTER.fullmatch(asked.argument)
        if better and reply.origin is Origin.OUTDATED:
            return asked.texts.rated_outdated
        if better:
            correction = better[1].strip()
            await self._feedback.correct(reply, correction)
            return asked.texts.feedback_corrected.format(correction=_short(correction))
        await self._feedback.note(reply, asked.argument)
        return asked.texts.feedback_noted.format(note=_short(asked.argument))


def _thanks(reply: Message | None, value: int) -> str:
    """What a thumb changes: nothing is learnt by night of an article, or of what answers other words."""
    if reply is not None and reply.origin is Origin.OUTDATED:
        return texts().rated_outdated
    if reply is not None and reply.origin is Origin.ARTICLE:
        return texts().summary_liked if value > 0 else texts().summary_disliked
    return texts().rated_up if value > 0 else texts().rated_down


def value_of(emoji: str) -> int | None:
    """What an emoji says of a reply: +1, -1, or None for neither."""
    if emoji in _LIKES:
        return 1
    return -1 if emoji in _DISLIKES else None


def _value(reactions: Sequence[ReactionType]) -> int | None:
    values = (value_of(one.emoji) for one in reactions if isinstance(one, ReactionTypeEmoji))
    return next((value for value in values if value is not None), None)


def _short(text: str, limit: int = 200) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"
