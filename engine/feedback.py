"""What a user says of a reply: stored against that exact reply, and felt in the profile at once."""

from collections.abc import Callable
from datetime import datetime

from engine.profile.engine import ProfileEngine
from storage.feedback import FeedbackStore
from storage.messages import MessageStore
from storage.records import Message, Origin, Rating, Role


class Feedback:
    """Ratings, notes and corrections. Nobody can rate another person's reply."""

    def __init__(
        self,
        *,
        messages: MessageStore,
        ratings: FeedbackStore,
        profiles: ProfileEngine,
        now: Callable[[], datetime],
    ) -> None:
        self._messages = messages
        self._ratings = ratings
        self._profiles = profiles
        self._now = now

    async def target(
        self, *, user_id: int, chat_id: int, telegram_id: int | None, thread_id: int | None = None
    ) -> Message | None:
        """The reply that is meant: the one shown as this Telegram message, else the last in the chat."""
        if telegram_id is None:
            return await self._messages.last_reply(user_id=user_id, chat_id=chat_id, thread_id=thread_id)
        reply = await self._messages.reply_shown_as(chat_id=chat_id, telegram_id=telegram_id)
        return reply if reply is not None and reply.user_id == user_id else None

    async def rate(self, message_id: int, *, user_id: int, value: int) -> Rating | None:
        """Store a thumb, +1 or -1; None when this user has no such reply."""
        if await self._own_reply(message_id, user_id) is None:
            return None
        return await self._ratings.rate(message_id, user_id=user_id, value=value, now=self._now())

    async def rating(self, message_id: int) -> Rating | None:
        """What was said of one reply so far."""
        return await self._ratings.get(message_id)

    async def withdraw(self, reply: Message) -> None:
        """Take the thumb of a reply back."""
        await self._ratings.withdraw(reply.message_id, now=self._now())

    async def note(self, reply: Message, text: str) -> Rating:
        """Store a remark; what it says of the user's preferences enters the profile now.

        A remark about a private reply is only stored.
        """
        rating = await self._ratings.rate(reply.message_id, user_id=reply.user_id, note=text, now=self._now())
        if reply.origin is not Origin.PRIVATE:
            await self._profiles.note(reply.user_id, text, reply.message_id)
        return rating

    async def correct(self, reply: Message, text: str) -> Rating:
        """Store the answer that the user would have wanted."""
        return await self._ratings.rate(
            reply.message_id, user_id=reply.user_id, correction=text, now=self._now()
        )

    async def reply(self, message_id: int) -> Message | None:
        """One reply, if there still is one."""
        try:
            return await self._messages.get(message_id)
        except KeyError:
            return None

    async def _own_reply(self, message_id: int, user_id: int) -> Message | None:
        message = await self.reply(message_id)
        is_own = message is not None and message.user_id == user_id and message.role is Role.ASSISTANT
        return message if is_own else None
