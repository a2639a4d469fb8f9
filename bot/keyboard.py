"""What hangs below a reply: thumbs or the sign of a private one, and arrows between several answers."""

import re

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.speaking import preferences, texts
from engine.feedback import Feedback
from storage.messages import MessageStore
from storage.records import Message, Origin

TAP_PATTERN = re.compile(r"fb:(\d{1,18}):(-?1)\Z")
TURN_PATTERN = re.compile(r"go:(\d{1,18})\Z")
NOT_LEARNT = "not learnt"
"""Plain callback data works after any restart."""

_THUMBS = ((1, "👍"), (-1, "👎"))


class Keyboards:
    """Makes the buttons of a reply from what is known of it."""

    def __init__(self, *, messages: MessageStore, feedback: Feedback) -> None:
        self._messages = messages
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
