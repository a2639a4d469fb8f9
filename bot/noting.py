"""“Noted: …”, at most once a day: what is learnt first that day, to be kept or struck out."""

import contextlib
import re
from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import TelegramError
from telegram.ext import ContextTypes

from bot.belief_buttons import is_own, undo_button
from bot.belief_text import in_words
from bot.delivery import Delivery
from bot.speaking import texts
from engine.profile.engine import ProfileEngine
from storage.beliefs import SELF, Belief, BeliefKind
from storage.preferences import PreferenceStore

NOTED_PATTERN = re.compile(r"noted:(keep|wrong):(\d{1,18}):(\d{1,18})\Z")


class Noting:
    """Says what was learnt, and hears whether it is right."""

    def __init__(
        self,
        *,
        profiles: ProfileEngine,
        preferences: PreferenceStore,
        delivery: Delivery,
        now: Callable[[], datetime],
        timezone: tzinfo,
    ) -> None:
        self._profiles = profiles
        self._preferences = preferences
        self._delivery = delivery
        self._now = now
        self._timezone = timezone

    async def say(self, user_id: int, chat_id: int, learnt: Sequence[Belief]) -> None:
        """Tell the most telling of some new beliefs, unless something was told today."""
        if not learnt:
            return
        belief = min(learnt, key=lambda one: (one.subject != SELF, one.kind is not BeliefKind.FACT))
        today = self._now().astimezone(self._timezone).date()
        # The day is taken before the message goes out: a crash in between costs a note, never makes two.
        if await self._preferences.take_note_of(user_id, today):
            await self._delivery.say(
                chat_id, texts().noted.format(belief=in_words(belief, texts())), buttons=_buttons(belief)
            )

    async def on_tap(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """A tap on keep or wrong: do it, and let the note say so."""
        query = update.callback_query
        assert query is not None, "this handles taps"
        match = NOTED_PATTERN.fullmatch(query.data or "")
        assert match is not None, "the handler's pattern let it through"
        user_id, belief_id, message_id = query.from_user.id, int(match[2]), int(match[3])
        if not is_own(query):
            with contextlib.suppress(TelegramError):
                await query.answer(texts().not_your_profile)
            return
        belief = await self._profiles.resting_belief(user_id, belief_id, message_id)
        said, change_id = texts().belief_unknown, None
        if belief is not None:
            act = self._profiles.keep if match[1] == "keep" else self._profiles.strike_out
            change_id = await act(user_id, belief_id)
        if belief is not None and change_id is not None:
            done = texts().noted_kept if match[1] == "keep" else texts().struck_out
            said = done.format(belief=in_words(belief, texts()))
        with contextlib.suppress(TelegramError):  # it is done, whether or not its thanks can be shown
            await query.answer(said if change_id is None else texts().chosen)
        if query.message is not None:
            await self._delivery.say(
                query.message.chat.id,
                said,
                buttons=None if change_id is None else undo_button(change_id),
                shown_as=query.message.message_id,
            )


def _buttons(belief: Belief) -> InlineKeyboardMarkup:
    """The message is named too: a belief that no longer rests on what was said there is not what is shown."""
    rest = f"{belief.belief_id}:{belief.evidence[-1].message_id}"
    return InlineKeyboardMarkup(
        [
            [
                InlineKeyboardButton(texts().noted_keep, callback_data=f"noted:keep:{rest}"),
                InlineKeyboardButton(texts().noted_wrong, callback_data=f"noted:wrong:{rest}"),
            ]
        ]
    )
