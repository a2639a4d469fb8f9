"""A server and python-telegram-bot's real `Bot` pointed at it."""

from collections.abc import AsyncGenerator

import pytest
from telegram import Bot

from tests.bot_api import BotApiServer, Person


@pytest.fixture
async def server() -> AsyncGenerator[BotApiServer]:
    async with BotApiServer() as server:
        yield server


@pytest.fixture
async def bot(server: BotApiServer) -> AsyncGenerator[Bot]:
    async with Bot(server.token, base_url=server.base_url, base_file_url=server.base_file_url) as bot:
        yield bot


@pytest.fixture
async def ann(server: BotApiServer, bot: Bot) -> Person:
    """A person who has said hello, which the bot has read."""
    ann = server.person(11, "Ann")
    await ann.say("hello")
    await bot.get_updates(offset=server.pending_updates[-1]["update_id"] + 1)
    return ann
