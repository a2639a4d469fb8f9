"""A real application runs over the terminal's wire: what is typed is answered, shown and pressed."""

import asyncio
import io
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from telegram import (
    BotCommand,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    MessageEntity,
    Update,
)
from telegram.error import BadRequest, InvalidToken
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    filters,
)

from bot.local import TerminalWire
from bot.terminal import Screen
from tests.bot.emulator import Emulator
from tests.conftest import Clock

App = Application[Any, Any, Any, Any, Any, Any]
Handler = Callable[[Update, ContextTypes.DEFAULT_TYPE], Coroutine[Any, Any, None]]


def buttons(*labels: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(label, callback_data=label) for label in labels]])


async def script(*lines: str) -> AsyncIterator[str]:
    """Lines that are all there at once, as in a pipe."""
    for line in lines:
        yield line


@pytest.fixture
def pipe() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def wire(pipe: io.StringIO, tmp_path: Path, clock: Clock) -> TerminalWire:
    return wire_to(Screen.on(pipe, {}), tmp_path, clock)


def wire_to(screen: Screen, folder: Path, clock: Clock) -> TerminalWire:
    return TerminalWire(
        screen=screen, user_id=7, name="Ann", language_code="en", downloads=folder / "files", now=clock
    )


@asynccontextmanager
async def running(wire: TerminalWire, *handlers: Any) -> AsyncGenerator[App]:
    app = (
        ApplicationBuilder().token("1:local").request(wire).get_updates_request(wire).job_queue(None).build()
    )
    app.add_handlers(handlers)
    async with app:
        assert app.updater is not None
        await app.start()
        await app.updater.start_polling()
        yield app
        await app.updater.stop()
        await app.stop()


def on_text(handler: Handler) -> Any:
    return MessageHandler(filters.TEXT, handler)


async def echo(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.message is not None
    await update.message.reply_text(f"you said: {update.message.text}")


async def test_a_piped_script_is_answered_in_order(wire: TerminalWire, pipe: io.StringIO) -> None:
    async with running(wire, on_text(echo)) as app:
        await wire.converse(script("one", "", "two"), idle=app.update_queue.join)
    assert pipe.getvalue() == "you said: one\nyou said: two\n"


async def test_a_streamed_reply_is_piped_once(wire: TerminalWire, pipe: io.StringIO) -> None:
    async def stream(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message is not None
        await update.message.reply_chat_action("typing")
        preview = await update.message.reply_text("Hel")
        await preview.edit_text("Hello")
        await preview.edit_text("Hello!", reply_markup=buttons("👍", "👎"))

    async with running(wire, on_text(stream)) as app:
        await wire.converse(script("hi"), idle=app.update_queue.join)
    assert pipe.getvalue() == "Hello!\n  [1] 👍  [2] 👎\n"


async def test_commands_and_sender_reach_their_handlers(wire: TerminalWire, pipe: io.StringIO) -> None:
    async def describe(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message is not None
        assert update.effective_user is not None
        user = update.effective_user
        await update.message.reply_text(f"{user.id} {user.full_name} {user.language_code}: {context.args}")

    async with running(wire, CommandHandler("feedback", describe), on_text(echo)) as app:
        await app.bot.set_my_commands([BotCommand("feedback", "say what to change")])
        await wire.converse(script("/feedback shorter, please"), idle=app.update_queue.join)
    assert pipe.getvalue() == "7 Ann en: ['shorter,', 'please']\n"


async def test_links_are_entities_both_ways(wire: TerminalWire, pipe: io.StringIO) -> None:
    async def link(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message is not None
        (url,) = update.message.parse_entities(["url"]).values()
        marked = MessageEntity("text_link", offset=3, length=9, url=url)
        await update.message.reply_text("\U0001f426 read this, please", entities=[marked])

    async with running(wire, on_text(link)) as app:
        await wire.converse(script("see https://example.com/a."), idle=app.update_queue.join)
    assert pipe.getvalue() == "\U0001f426 read this (https://example.com/a), please\n"


async def test_a_reply_is_shown_in_its_formats(tmp_path: Path, clock: Clock) -> None:
    async def reply(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message is not None
        bold = MessageEntity("bold", offset=3, length=4)
        await update.message.reply_text("\U0001f426 bold words", entities=[bold])

    window = Emulator()
    screen = Screen(window, live=True, ansi=True, size=window.size)
    wire = wire_to(screen, tmp_path, clock)
    async with running(wire, on_text(reply)) as app:
        await wire.converse(script("hello"), idle=app.update_queue.join)
    assert window.looks["bold"] == 1
    assert window.looks["words"] == 0


async def on_tap(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    query = update.callback_query
    assert query is not None
    await query.answer(f"thank you for {query.data}")
    await query.edit_message_reply_markup(buttons("👍", "👎", "undo"))


async def rate(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.message is not None
    await update.message.reply_text("how was it?", reply_markup=buttons("👍", "👎"))


async def test_a_listed_number_presses_its_button(wire: TerminalWire, pipe: io.StringIO) -> None:
    async with running(wire, CallbackQueryHandler(on_tap), on_text(rate)) as app:
        await wire.converse(script("hello", "2", "3"), idle=app.update_queue.join)
    assert pipe.getvalue().splitlines() == [
        "how was it?",
        "  [1] 👍  [2] 👎",
        "(thank you for 👎)",
        "  [1] 👍  [2] 👎  [3] undo",
        "(thank you for undo)",
    ]


async def test_a_number_that_is_not_listed_is_a_message(wire: TerminalWire, pipe: io.StringIO) -> None:
    async with running(wire, CallbackQueryHandler(on_tap), on_text(echo)) as app:
        await wire.converse(script("42"), idle=app.update_queue.join)
    assert pipe.getvalue() == "you said: 42\n"


async def test_a_number_that_answers_a_question_presses_nothing(
    wire: TerminalWire, pipe: io.StringIO
) -> None:
    async def how_many(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.effective_chat is not None
        await update.effective_chat.send_message("How many?", reply_markup=ForceReply())

    async def show(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message is not None
        await (rate if update.message.text == "hello" else echo)(update, context)

    async with running(wire, CallbackQueryHandler(how_many), on_text(show)) as app:
        await wire.converse(script("hello", "2", "2"), idle=app.update_queue.join)
    assert pipe.getvalue().splitlines()[-2:] == ["How many?", "you said: 2"]


async def test_files_are_saved_and_never_replace_others(
    wire: TerminalWire, pipe: io.StringIO, tmp_path: Path
) -> None:
    async def export(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message is not None
        await update.message.reply_document(b"{}", caption="yours", filename="../export.json")

    async with running(wire, on_text(export)) as app:
        await wire.converse(script("one", "two"), idle=app.update_queue.join)
    folder = tmp_path / "files"
    assert sorted(path.name for path in folder.iterdir()) == ["export-1.json", "export.json"]
    assert pipe.getvalue().splitlines() == [
        "yours",
        f"{folder}/export.json",
        "yours",
        f"{folder}/export-1.json",
    ]


async def test_what_telegram_refuses_is_refused(wire: TerminalWire) -> None:
    async with running(wire) as app:
        sent = await app.bot.send_message(
            7, "hello", link_preview_options=LinkPreviewOptions(is_disabled=True)
        )
        with pytest.raises(BadRequest, match="not modified"):
            await app.bot.edit_message_text("hello", 7, sent.message_id)
        with pytest.raises(BadRequest, match="Chat not found"):
            await app.bot.send_message(8, "hello")
        await app.bot.delete_message(7, sent.message_id)
        with pytest.raises(BadRequest, match="Message to edit not found"):
            await app.bot.edit_message_text("hi", 7, sent.message_id)
        with pytest.raises(InvalidToken):
            await app.bot.get_my_name()


async def test_ids_never_repeat_after_a_restart(tmp_path: Path, clock: Clock) -> None:
    seen: list[int] = []

    async def note(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message is not None
        seen.extend((update.update_id, update.message.message_id))

    for _ in range(2):
        wire = wire_to(Screen.on(io.StringIO(), {}), tmp_path, clock)
        async with running(wire, on_text(note)) as app:
            await wire.converse(script("one", "two"), idle=app.update_queue.join)
        clock.advance(seconds=1)
    assert len(set(seen)) == 8


async def test_on_a_terminal_a_line_may_come_before_the_answer(tmp_path: Path, clock: Clock) -> None:
    window = Emulator()
    wire = wire_to(Screen.on(window, {}), tmp_path, clock)
    begun, stopped, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def write(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message is not None
        preview = await update.message.reply_text("One")
        begun.set()
        await stopped.wait()
        await preview.edit_text("One two (stopped)", reply_markup=buttons("👍"))
        ended.set()

    async def stop(_update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        stopped.set()

    async def typed() -> AsyncIterator[str]:
        window.write("count\n")
        yield "count"
        await begun.wait()
        window.write("/stop\n")
        yield "/stop"

    async def idle() -> None:
        await ended.wait()

    slow = MessageHandler(filters.TEXT, write, block=False)
    async with running(wire, CommandHandler("stop", stop), slow):
        await wire.converse(typed(), idle=idle)
    assert window.rows == ["", "> count", "One/stop", "… two (stopped)", "  [1] 👍", "", ">"]


async def test_a_message_out_of_turn_is_shown_at_once(wire: TerminalWire, pipe: io.StringIO) -> None:
    ended = asyncio.Event()

    async def silence() -> AsyncIterator[str]:
        await ended.wait()
        return
        yield

    async with running(wire) as app:
        conversation = asyncio.create_task(wire.converse(silence(), idle=app.update_queue.join))
        await asyncio.sleep(0)
        await app.bot.send_message(7, "Good morning")
        assert pipe.getvalue() == "Good morning\n"
        ended.set()
        await conversation


async def test_leaving_in_the_middle_leaves_no_task_behind(tmp_path: Path, clock: Clock) -> None:
    wire = wire_to(Screen.on(Emulator(), {}), tmp_path, clock)
    never = asyncio.Event()

    async def typed() -> AsyncIterator[str]:
        yield "hello"
        await never.wait()

    async def forever() -> None:
        await never.wait()

    before = asyncio.all_tasks()
    conversation = asyncio.create_task(wire.converse(typed(), idle=forever))
    await asyncio.sleep(0.01)
    conversation.cancel()
    with pytest.raises(asyncio.CancelledError):
        await conversation
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
