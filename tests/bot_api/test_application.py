"""A whole python-telegram-bot application lives on the server: polling, streaming, taps, a clean stop."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CallbackQueryHandler,
    ContextTypes,
    MessageHandler,
    MessageReactionHandler,
    filters,
)

from tests.bot_api import BotApiServer

App = Application[Any, Any, Any, Any, Any, Any]


async def stream(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.message is not None
    await update.message.reply_chat_action("typing")
    preview = await update.message.reply_text("You")
    await preview.edit_text("You said")
    thumb = InlineKeyboardMarkup([[InlineKeyboardButton("👍", callback_data="up")]])
    await preview.edit_text(f"You said {update.message.text}", reply_markup=thumb)


async def on_tap(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.callback_query is not None
    await update.callback_query.answer("thank you")


async def on_reaction(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.effective_chat is not None
    await context.bot.send_message(update.effective_chat.id, "I saw that")


@asynccontextmanager
async def running(server: BotApiServer) -> AsyncGenerator[App]:
    app = ApplicationBuilder().token(server.token).base_url(server.base_url).job_queue(None).build()
    handlers = (
        MessageHandler(filters.TEXT, stream),
        CallbackQueryHandler(on_tap),
        MessageReactionHandler(on_reaction),
    )
    app.add_handlers(handlers)
    async with app:
        assert app.updater is not None
        await app.start()
        await app.updater.start_polling(allowed_updates=Update.ALL_TYPES)
        yield app
        await app.updater.stop()
        await app.stop()


async def test_a_person_sees_a_reply_grow_taps_and_reacts(server: BotApiServer) -> None:
    ann = server.person(11, "Ann")
    async with running(server):
        await ann.say("hello")
        reply = await ann.wait_for_reply(where=lambda message: message.buttons)
        assert [version.text for version in reply.history] == ["You", "You said", "You said hello"]
        assert await ann.wait_for_answer(await ann.tap(reply, "👍")) == "thank you"
        await ann.react(reply, "❤")
        assert (await ann.wait_for_reply()).text == "I saw that"
    assert ann.chat.transcript() == "Ann: hello\nMynah: You said hello\nMynah: I saw that"
    assert server.pending_updates == []


async def test_messages_of_the_time_between_two_lives_are_answered(server: BotApiServer) -> None:
    ann = server.person(11, "Ann")
    async with running(server):
        await server.until_polled()
    await ann.say("are you there?")
    assert len(server.pending_updates) == 1
    async with running(server):
        reply = await ann.wait_for_reply(where=lambda message: message.buttons)
    assert reply.text == "You said are you there?"
