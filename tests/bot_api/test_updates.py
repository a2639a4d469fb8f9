"""Updates are kept until an offset confirms them, and only what was asked for is queued."""

import asyncio

import pytest
from telegram import Bot
from telegram.error import Conflict

from tests.bot_api import BotApiServer, Person


async def test_an_update_comes_again_until_its_offset_is_passed(server: BotApiServer, bot: Bot) -> None:
    ann = server.person(11, "Ann")
    await ann.say("one")
    await ann.say("two")
    first, second = await bot.get_updates()
    assert [update.message and update.message.text for update in (first, second)] == ["one", "two"]
    assert await bot.get_updates() == (first, second)
    assert await bot.get_updates(offset=second.update_id) == (second,)
    assert await bot.get_updates(offset=second.update_id + 1) == ()
    assert server.pending_updates == []


async def test_limit_takes_the_oldest(server: BotApiServer, bot: Bot) -> None:
    ann = server.person(11, "Ann")
    for text in ("one", "two", "three"):
        await ann.say(text)
    updates = await bot.get_updates(limit=2)
    assert [update.message and update.message.text for update in updates] == ["one", "two"]


async def test_a_negative_offset_forgets_all_but_the_last(server: BotApiServer, bot: Bot) -> None:
    ann = server.person(11, "Ann")
    for text in ("one", "two", "three"):
        await ann.say(text)
    (update,) = await bot.get_updates(offset=-1)
    assert update.message is not None
    assert update.message.text == "three"
    assert len(server.pending_updates) == 1


async def test_a_long_poll_ends_with_the_first_update(server: BotApiServer, bot: Bot) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await server.until_polled()
    await server.person(11, "Ann").say("now")
    (update,) = await poll
    assert update.message is not None
    assert update.message.text == "now"


async def test_a_second_poller_ends_the_first(server: BotApiServer, bot: Bot) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=30))
    await server.until_polled()
    async with Bot(server.token, server.base_url) as other:
        await other.get_updates()
    with pytest.raises(Conflict, match="terminated by other getUpdates request"):
        await first


async def test_reactions_come_only_when_asked_for(server: BotApiServer, bot: Bot, ann: Person) -> None:
    await bot.send_message(11, "hello")
    reply = await ann.wait_for_reply()
    await ann.react(reply, "👍")
    assert server.pending_updates == []
    await bot.get_updates(allowed_updates=["message_reaction"])
    await ann.react(reply, "👎")
    (update,) = await bot.get_updates()
    changed = update.message_reaction
    assert changed is not None
    assert changed.message_id == reply.message_id
    assert [reaction.to_dict()["emoji"] for reaction in changed.old_reaction] == ["👍"]
    assert [reaction.to_dict()["emoji"] for reaction in changed.new_reaction] == ["👎"]


async def test_kinds_that_are_not_allowed_are_never_queued(server: BotApiServer, bot: Bot) -> None:
    await bot.get_updates(allowed_updates=["callback_query"])
    await server.person(11, "Ann").say("unheard")
    assert await bot.get_updates() == ()


async def test_dropping_pending_updates_forgets_them(server: BotApiServer, bot: Bot) -> None:
    await server.person(11, "Ann").say("late")
    assert (await bot.get_webhook_info()).pending_update_count == 1
    await bot.delete_webhook(drop_pending_updates=True)
    assert (await bot.get_webhook_info()).pending_update_count == 0


async def test_a_poll_that_repeats_its_offset_at_once_is_made_to_wait() -> None:
    async with BotApiServer(repeat_wait_seconds=30) as server, Bot(server.token, server.base_url) as bot:
        assert await bot.get_updates(offset=5) == ()
        second = asyncio.create_task(bot.get_updates(offset=5))
        await server.until_polled()
        assert not second.done()
        await server.person(11, "Ann").say("now")
        assert len(await second) == 1
