"""What hangs below a reply: thumbs or the sign of a private one, arrows between several answers, and what
leads from the summary of an article to its passages or to a shorter one.
"""

import re

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.speaking import preferences, texts
from engine.articles.wish import Length
from engine.feedback import Feedback
from storage.messages import MessageStore
from storage.readings import ReadingStore
from storage.records import Message, Origin, ReadingReply

TAP_PATTERN = re.compile(r"fb:(\d{1,18}):(-?1)\Z")
TURN_PATTERN = re.compile(r"go:(\d{1,18})\Z")
READ_PATTERN = re.compile(r"read:(now|passages|shorter)(?::(\d{1,18}))?\Z")
NOT_LEARNT = "not learnt"
"""Plain callback data works after any restart."""

_THUMBS = ((1, "👍"), (-1, "👎"))


class Keyboards:
    """Makes the buttons of a reply from what is known of it."""

    def __init__(self, *, messages: MessageStore, readings: ReadingStore, feedback: Feedback) -> None:
        self._messages = messages
        self._readings = readings
        self._feedback = feedback

    async def below(self, reply: Message) -> InlineKeyboardMarkup | None:
        """The buttons of a reply; None when there is nothing to press."""
        rows: list[list[InlineKeyboardButton]] = []
        if reply.origin is Origin.PRIVATE:
            rows.append([InlineKeyboardButton(texts().not_learnt, callback_data=NOT_LEARNT)])
        elif preferences().buttons:
            rating = await self._feedback.rating(reply.message_id)
            rows.append(_thumbs(reply.message_id, None if rating is None else rating.value))
        if reply.question_id is not None:
            answers = [answer.message_id for answer in await self._messages.replies_to(reply.question_id)]
            if len(answers) > 1:
                rows.append(_arrows(answers, answers.index(reply.message_id)))
        about = await self._readings.reply(reply.message_id)
        if about is not None and about.points:
            rows.append(_of_article(reply.message_id, about))
        return InlineKeyboardMarkup(rows) if rows else None


def _thumbs(message_id: int, value: int | None) -> list[InlineKeyboardButton]:
    """👍 👎 for one reply; `value` marks what was chosen."""
    return [
        InlineKeyboardButton(
            f"{symbol} ✓" if choice == value else symbol, callback_data=f"fb:{message_id}:{choice}"
        )
        for choice, symbol in _THUMBS
    ]


def _arrows(answers: list[int], shown: int) -> list[InlineKeyboardButton]:
    """◀ 1/2 ▶, round and round."""
    turns = (("◀", shown - 1), (f"{shown + 1}/{len(answers)}", shown), ("▶", shown + 1))
    return [
        InlineKeyboardButton(label, callback_data=f"go:{answers[index % len(answers)]}")
        for label, index in turns
    ]


def offer() -> InlineKeyboardMarkup:
    """The button below the question whether links shall be read; the links stand in the question."""
    return InlineKeyboardMarkup([[InlineKeyboardButton(texts().summarize_now, callback_data="read:now")]])


def _of_article(message_id: int, about: ReadingReply) -> list[InlineKeyboardButton]:
    """From a summary or an answer to its passages, and from a summary to a shorter one."""
    buttons = [InlineKeyboardButton(texts().passages, callback_data=f"read:passages:{message_id}")]
    if about.length not in (None, Length.SHORT):
        buttons.append(InlineKeyboardButton(texts().shorter, callback_data=f"read:shorter:{message_id}"))
    return buttons
