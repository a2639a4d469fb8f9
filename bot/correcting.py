"""✎ below a belief: asks what is right instead, and takes the next message for the answer.

The question lies in the database, so that it outlives the process; what follows it in another way than as a
text, such as a forward, is handled as ever.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from telegram import Update
from telegram.ext import ContextTypes

from bot.belief_buttons import undo_button
from bot.belief_text import in_words
from bot.delivery import Delivery
from bot.incoming import Incoming, incoming
from bot.joining import Joiner
from bot.speaking import texts
from engine.assistant import Assistant
from engine.profile.engine import ProfileEngine
from engine.profile.keys import canonical_key
from storage.awaited import AwaitedValue, AwaitedValueStore
from storage.beliefs import Belief, ProfileChange
from storage.messages import MessageStore

ANSWER_WITHIN = timedelta(minutes=10)
"""Whoever writes later has most likely forgotten the question."""

MOST_CHARACTERS = 100


class Correcting:
    """Asks for the right value of a belief, and hears it."""

    def __init__(
        self,
        *,
        assistant: Assistant,
        profiles: ProfileEngine,
        awaited: AwaitedValueStore,
        messages: MessageStore,
        joiner: Joiner,
        delivery: Delivery,
        now: Callable[[], datetime],
    ) -> None:
        self._assistant = assistant
        self._profiles = profiles
        self._awaited = awaited
        self._messages = messages
        self._joiner = joiner
        self._delivery = delivery
        self._now = now

    async def ask(self, user_id: int, belief: Belief, *, update_id: int) -> None:
        """Ask in the user's private chat; an earlier question is over."""
        awaited = AwaitedValue(belief_id=belief.belief_id, update_id=update_id, asked_at=self._now())
        await self._awaited.put(user_id, awaited)
        question = texts().edit_ask.format(belief=in_words(belief, texts()))
        await self._delivery.say(user_id, question, awaits_reply=True)

    async def take(self, asked: Incoming, update: Update) -> bool:
        """Handle a text that answers the question; False for any other."""
        awaited = await self._open(asked)
        taken = await self._messages.correction_in_update(asked.update_id)  # by a process that ended then
        if taken is not None and awaited is None:
            await self._tell(asked, await self._profiles.change_by(asked.user_id, taken.message_id))
            return True
        if awaited is None or asked.message.forward_origin is not None:
            return False
        refusal = _refusal(asked)
        if refusal is not None:
            await self._joiner.with_following(update)  # a long text comes in several pieces
            await self._delivery.say(asked.chat_id, refusal)
            return True
        made = None
        if taken is not None or await self._profiles.open_belief(asked.user_id, awaited.belief_id):
            taken = taken or await self._assistant.log_correction(
                user_id=asked.user_id, chat_id=asked.chat_id, text=asked.text, update_id=asked.update_id
            )
            made = await self._profiles.correct(asked.user_id, awaited.belief_id, taken)
        await self._tell(asked, made)
        await self._awaited.close(asked.user_id, awaited)
        return True

    async def on_command(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """A command is no value: the belief stays as it was, and the command goes its way."""
        asked = incoming(update)
        awaited = await self._open(asked)
        if awaited is None:
            return
        await self._awaited.close(asked.user_id, awaited)
        belief = await self._profiles.open_belief(asked.user_id, awaited.belief_id)
        if belief is not None:
            left = asked.texts.edit_left.format(belief=in_words(belief, asked.texts))
            await self._delivery.say(asked.chat_id, left)

    async def _open(self, asked: Incoming) -> AwaitedValue | None:
        """The question that this message may answer: it was put before the message, and not long before."""
        awaited = await self._awaited.get(asked.user_id)
        if awaited is None or asked.in_group or asked.update_id < awaited.update_id:
            return None
        return awaited if asked.message.date - awaited.asked_at <= ANSWER_WITHIN else None

    async def _tell(self, asked: Incoming, made: ProfileChange | None) -> None:
        new = None if made is None else next((one.after for one in made.edits if one.before is None), None)
        if made is None or new is None:
            await self._delivery.say(asked.chat_id, asked.texts.belief_unknown)
            return
        # Where nothing was closed, what stood there had waited for a word that never came, and is erased.
        is_undoable = any(edit.before is not None for edit in made.edits)
        sentence = asked.texts.edited if is_undoable else asked.texts.edited_for_good
        await self._delivery.say(
            asked.chat_id,
            sentence.format(belief=in_words(new, asked.texts)),
            buttons=undo_button(made.change_id) if is_undoable else None,
        )


def _refusal(asked: Incoming) -> str | None:
    """Why a text is no value of a belief."""
    if not canonical_key(asked.text):
        return asked.texts.edit_empty
    if len(asked.text) > MOST_CHARACTERS:
        return asked.texts.edit_too_long.format(most=MOST_CHARACTERS)
    return None
