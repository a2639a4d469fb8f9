"""Faults strike the calls that they are meant for, and no other."""

import asyncio
from datetime import timedelta

import pytest
from aiohttp import ClientSession
from telegram import Bot
from telegram.error import NetworkError, RetryAfter

from tests.bot_api import BotApiServer, Cut, Person
from tests.conftest import Clock


async def test_a_refusal_strikes_as_often_as_asked(server: BotApiServer, bot: Bot, ann: Person) -> None:
    server.fail("sendMessage", code=502, description="Bad Gateway", times=2)
    for _ in range(2):
        with pytest.raises(NetworkError, match="Bad Gateway"):
            await bot.send_message(11, "hello")
    await bot.send_message(11, "hello")
    assert [reply.text for reply in ann.chat.replies] == ["hello"]
    assert len(server.calls_of("sendMessage")) == 3


async def test_flood_control_is_per_chat_and_method(server: BotApiServer, bot: Bot, ann: Person) -> None:
    await server.person(12, "Bob").say("hello")
    server.fail("sendMessage", retry_after=7, chat_id=11)
    await bot.send_message(12, "hello")
    await bot.send_chat_action(11, "typing")
    with pytest.raises(RetryAfter) as refusal:
        await bot.send_message(11, "hello")
    assert refusal.value.retry_after == timedelta(seconds=7)


async def test_flood_control_ends_with_time(clock: Clock) -> None:
    server = BotApiServer(clock=lambda: clock().timestamp())
    async with server, Bot(server.token, server.base_url) as bot:
        await server.person(11, "Ann").say("hello")
        server.flood(None, seconds=5)
        for _ in range(2):
            with pytest.raises(RetryAfter):
                await bot.send_message(11, "hello")
        await bot.get_updates()
        clock.advance(seconds=6)
        await bot.send_message(11, "hello")


async def test_a_connection_cut_before_the_work_leaves_nothing(
    server: BotApiServer, bot: Bot, ann: Person
) -> None:
    server.cut("sendMessage", Cut.BEFORE)
    with pytest.raises(NetworkError):
        await bot.send_message(11, "hello")
    assert ann.chat.replies == []


async def test_a_connection_cut_after_the_work_leaves_the_message(
    server: BotApiServer, bot: Bot, ann: Person
) -> None:
    server.cut("sendMessage", Cut.AFTER)
    with pytest.raises(NetworkError):
        await bot.send_message(11, "hello")
    assert [reply.text for reply in ann.chat.replies] == ["hello"]


async def test_a_delayed_call_is_overtaken(server: BotApiServer, bot: Bot, ann: Person) -> None:
    server.delay("sendMessage", seconds=0.2)
    slow = asyncio.create_task(bot.send_message(11, "slow"))
    await server.until(lambda: server.calls_of("sendMessage"))
    await bot.send_message(11, "quick")
    await slow
    assert [reply.text for reply in ann.chat.replies] == ["quick", "slow"]


async def test_a_wrong_token_gets_the_real_codes(server: BotApiServer) -> None:
    async with ClientSession() as session:
        unknown = await session.get(f"{server.base_url}4200000:wrong/getMe")
        malformed = await session.get(f"{server.base_url}nonsense/getMe")
        assert [unknown.status, malformed.status] == [401, 404]
        assert (await unknown.json())["description"] == "Unauthorized"


@pytest.mark.usefixtures("ann")
async def test_any_encoding_of_the_parameters_is_read(server: BotApiServer) -> None:
    url = f"{server.base_url}{server.token}/SENDMESSAGE"
    async with ClientSession() as session:
        answers = [
            await session.get(url, params={"chat_id": 11, "text": "12"}),
            await session.post(url, data={"chat_id": 11, "text": "12"}),
            await session.post(url, json={"chat_id": 11, "text": "12"}),
        ]
        assert [(await answer.json())["result"]["text"] for answer in answers] == ["12"] * 3
        unknown = await session.get(f"{server.base_url}{server.token}/sendStory")
        assert await unknown.json() == {
            "ok": False,
            "error_code": 404,
            "description": "Not Found: method not found",
        }
        download = await session.get(f"{server.base_file_url}{server.token}/documents/none.txt")
        assert download.status == 404
