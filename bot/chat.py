"""A text message to a streamed reply; /new, /retry, /stop."""

from collections.abc import Awaitable, Callable

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import ContextTypes

from bot.delivery import Delivery
from bot.texts import Texts, texts_for
from engine.assistant import Assistant, Question, Reply
from engine.errors import EmptyReplyError, ModelError, PromptTooLongError, QueueFullError
from engine.language.model import Cancellation, FinishReason, TextSink
from engine.profile.engine import ProfileEngine
from storage.messages import MessageStore
from storage.records import Message, Origin

Write = Callable[[TextSink, Cancellation], Awaitable[Reply | None]]


class ChatHandlers:
    """Handlers of plain text and of the commands around a reply."""

    def __init__(
        self,
        *,
        assistant: Assistant,
        messages: MessageStore,
        profiles: ProfileEngine,
        delivery: Delivery,
    ) -> None:
        self._assistant = assistant
        self._messages = messages
        self._profiles = profiles
        self._delivery = delivery
        self._under_way: dict[int, Cancellation] = {}

    async def on_text(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer a message."""
        assert update.message is not None and update.effective_user is not None
        question = Question(
            user_id=update.effective_user.id,
            chat_id=update.message.chat_id,
            text=update.message.text or "",
            origin=Origin.FORWARDED if update.message.forward_origin else Origin.TYPED,
            telegram_id=update.message.message_id,
            update_id=update.update_id,
        )

        async def write(sink: TextSink, cancellation: Cancellation) -> Reply:
            return await self._assistant.reply(question, sink=sink, cancellation=cancellation)

        reply = await self._answer(update, write)
        if reply is not None:
            await self._profiles.observe(reply.question)

    async def on_retry(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer the last question again."""
        assert update.message is not None and update.effective_user is not None
        user_id, chat_id = update.effective_user.id, update.message.chat_id

        async def write(sink: TextSink, cancellation: Cancellation) -> Reply | None:
            return await self._assistant.retry(
                user_id=user_id,
                chat_id=chat_id,
                update_id=update.update_id,
                sink=sink,
                cancellation=cancellation,
            )

        await self._answer(update, write)

    async def on_new(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Begin a conversation with an empty context."""
        assert update.message is not None and update.effective_user is not None
        await self._assistant.start_conversation(
            user_id=update.effective_user.id, chat_id=update.message.chat_id
        )
        await self._delivery.say(update.message.chat_id, _texts(update).started_over)

    async def on_stop(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """End the reply under way at its next token."""
        assert update.message is not None
        cancellation = self._under_way.get(update.message.chat_id)
        if cancellation is None:
            await self._delivery.say(update.message.chat_id, _texts(update).nothing_to_stop)
        else:
            cancellation.cancel()

    async def on_unsupported(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Say which kinds of message are read."""
        assert update.message is not None
        await self._delivery.say(update.message.chat_id, _texts(update).unsupported)

    async def _answer(self, update: Update, write: Write) -> Reply | None:
        """Stream a reply into the chat, or deliver what was logged before the last stop."""
        assert update.message is not None
        chat_id, texts = update.message.chat_id, _texts(update)
        logged = await self._messages.reply_to_update(update.update_id)
        if logged is not None:
            await self._deliver(logged, update, ending="", shown_as=None)
            return None
        live = await self._delivery.live(chat_id=chat_id, update_id=update.update_id)
        try:
            async with live:
                reply = await self._write(chat_id, write, live.show)
        except ModelError as error:
            await self._delivery.say(chat_id, _sentence(error, texts), shown_as=live.preview_id)
            return None
        if reply is None:
            await self._delivery.say(chat_id, texts.nothing_to_retry)
            return None
        await self._deliver(
            reply.reply, update, ending=_ending(reply.finish_reason, texts), shown_as=live.preview_id
        )
        return reply

    async def _write(self, chat_id: int, write: Write, sink: TextSink) -> Reply | None:
        cancellation = self._under_way[chat_id] = Cancellation()
        try:
            return await write(sink, cancellation)
        finally:
            del self._under_way[chat_id]

    async def _deliver(self, reply: Message, update: Update, *, ending: str, shown_as: int | None) -> None:
        await self._delivery.finish(
            reply,
            buttons=rating_buttons(reply.message_id),
            shown_as=shown_as,
            update_id=update.update_id,
            ending=ending,
        )


def rating_buttons(message_id: int, value: int | None = None) -> InlineKeyboardMarkup:
    """👍 👎 for one reply; plain callback data works after any restart. `value` marks what was chosen."""
    choices = ((1, "👍"), (-1, "👎"))
    return InlineKeyboardMarkup(
        [
            [
                InlineKeyboardButton(
                    f"{symbol} ✓" if choice == value else symbol, callback_data=f"fb:{message_id}:{choice}"
                )
                for choice, symbol in choices
            ]
        ]
    )


def _texts(update: Update) -> Texts:
    user = update.effective_user
    return texts_for(None if user is None else user.language_code)


def _sentence(error: ModelError, texts: Texts) -> str:
    match error:
        case PromptTooLongError():
            return texts.too_long.format(needed=error.needed_tokens, allowed=error.allowed_tokens)
        case QueueFullError():
            return texts.queue_full
        case EmptyReplyError():
            return texts.empty_reply
        case _:
            return texts.failed


def _ending(reason: FinishReason, texts: Texts) -> str:
    match reason:
        case FinishReason.CANCELLED:
            return texts.stopped_ending
        case FinishReason.LENGTH:
            return texts.limit_ending
        case FinishReason.STOP:
            return ""
