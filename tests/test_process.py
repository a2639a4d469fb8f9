"""The bot as a process: how it stops, what the next start takes up, and who may share its folder."""

import asyncio
import signal
import time
from pathlib import Path

import pytest

from tests.bot_api import BotApiServer, Cut
from tests.bot_api.process import BotProcess
from tests.bot_api.transcript import PATIENCE_SECONDS
from tests.engine.language.conftest import save_tiny

pytestmark = pytest.mark.slow


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


async def test_a_stop_in_the_middle_of_a_reply_is_quick_and_the_next_start_answers(
    data: Path,
) -> None:
    settings = {"MYNAH_MAX_NEW_TOKENS": "200", "MYNAH_SEED": "1"}
    async with BotApiServer(repeat_wait_seconds=3) as server:
        ada = server.person(2001, "Ada")
        async with BotProcess(server, data, user_ids=[2001], settings=settings) as bot:
            await bot.start()
            await ada.say("Tell me a long story about the sea.")
            await ada.wait_for_reply()
            stopped = time.monotonic()
            assert await bot.stop() == 0
            assert time.monotonic() - stopped < 8
            assert not any(reply.buttons for reply in ada.chat.replies)
            await bot.start()
            await server.until(lambda: any(reply.buttons for reply in ada.chat.replies))
            assert len(ada.chat.replies) == 1
            assert await bot.stop() == 0


async def test_a_signal_ends_a_start_that_waits_for_telegram(tmp_path: Path, data: Path) -> None:
    settings = {"MYNAH_MODEL": str(save_tiny(tmp_path / "tiny"))}
    async with BotApiServer() as server, BotProcess(server, data, user_ids=[2001], settings=settings) as bot:
        server.cut("getMe", Cut.BEFORE, times=1000)
        start = asyncio.create_task(bot.start())
        await server.until(lambda: len(server.calls_of("getMe")) > 1)
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await bot.stop() == -signal.SIGTERM
        with pytest.raises(RuntimeError, match="ended instead of polling"):
            await start


async def test_a_second_bot_on_the_same_folder_is_refused(tmp_path: Path, data: Path) -> None:
    settings = {"MYNAH_MODEL": str(save_tiny(tmp_path / "tiny"))}
    async with (
        BotApiServer() as server,
        BotProcess(server, data, user_ids=[2001], settings=settings) as first,
        BotProcess(server, data, user_ids=[2001], settings=settings) as second,
    ):
        await first.start()
        assert await second.run() == 1
        assert "Another Mynah process holds the lock 'bot'" in second.log.read_text()
