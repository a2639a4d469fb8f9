import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from telegram import Update
from telegram.ext import CommandHandler, ContextTypes

from bot.interrupting import Interrupting
from bot.terminal import Screen
from tests.bot.emulator import Emulator
from tests.bot.test_local import on_text, running, wire_to
from tests.conftest import Clock

HINT = "Ctrl-C once more leaves."


async def test_ctrl_c_stops_a_reply_and_pressed_twice_leaves(tmp_path: Path, clock: Clock):
    terminal, typed = Emulator(), asyncio.Queue[str | None]()
    wire = wire_to(Screen(terminal, live=True, ansi=True, size=terminal.size), tmp_path, clock)
    left, stopped, answered = asyncio.Event(), asyncio.Event(), asyncio.Event()
    interrupting = Interrupting(wire=wire, leave=left.set, hint=HINT)

    async def lines() -> AsyncIterator[str]:
        while (line := await typed.get()) is not None:
            yield line

    async def answer(_update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        answered.set()

    async def stop(_update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        stopped.set()

    async with running(wire, CommandHandler("stop", stop), on_text(answer)):
        conversation = asyncio.create_task(wire.converse(lines(), idle=stopped.wait))
        typed.put_nowait("a long story, please")
        async with asyncio.timeout(60):
            await answered.wait()
            interrupting.press()
            await stopped.wait()
        assert not left.is_set()

        typed.put_nowait("another")
        async with asyncio.timeout(60):
            while wire.lines_typed < 2 or wire.awaits_reply:  # noqa: ASYNC110 (two conditions at once)
                await asyncio.sleep(0.01)
        interrupting.press()
        assert not left.is_set()
        assert any(HINT in row for row in terminal.rows)
        interrupting.press()
        assert left.is_set()
        typed.put_nowait(None)
        await conversation
