"""A reply that is shown as a draft while it grows, where the setting and Telegram allow it."""

from pathlib import Path

import pytest

from bot.languages import LANGUAGES
from tests.bot.conftest import USER_ID, bench_on
from tests.bot.test_app import ask, is_final
from tests.bot_api import BotApiServer

EN = LANGUAGES["en"]


async def test_a_reply_grows_as_a_draft_and_arrives_as_one_message(tmp_path: Path, server: BotApiServer):
    ada = server.person(USER_ID, "Ada")
    async with bench_on(tmp_path, server, drafts=True) as bench:
        bench.model.hold()
        bench.model.enqueue("**Bees** make honey.")
        await ada.say("What do bees make?")
        await server.until(lambda: ada.chat.drafts)
        assert [draft.text for draft in ada.chat.drafts] == ["Bees"]
        assert ada.chat.replies == []
        bench.model.gate.set()
        reply = await ada.wait_for_reply(where=is_final)

    assert (reply.text, reply.edits, ada.chat.drafts) == ("Bees make honey.", 0, [])
    assert server.calls_of("editMessageText") == []


async def test_each_reply_is_a_draft_of_its_own(tmp_path: Path, server: BotApiServer):
    ada = server.person(USER_ID, "Ada")
    async with bench_on(tmp_path, server, drafts=True) as bench:
        for question in ("first", "second"):
            bench.model.hold()
            await ada.say(question)
            await server.until(lambda: ada.chat.drafts)
            bench.model.gate.set()
            await ada.wait_for_reply(where=is_final)

    numbers = [call.parameters["draft_id"] for call in server.calls_of("sendMessageDraft")]
    assert len(set(numbers)) == 2
    assert 0 not in numbers


@pytest.mark.parametrize("code", [400, 404])
async def test_the_first_refused_draft_gives_way_to_an_edited_message(
    tmp_path: Path, server: BotApiServer, code: int
):
    ada = server.person(USER_ID, "Ada")
    server.fail("sendMessageDraft", code=code, description="Bad Request: TEXTDRAFT_PEER_INVALID", times=100)
    async with bench_on(tmp_path, server, drafts=True) as bench:
        bench.model.hold()
        await ada.say("one two")
        reply = await ada.wait_for_reply()
        bench.model.gate.set()
        await server.until(lambda: is_final(reply))

    assert ada.chat.replies == [reply]
    assert [version.text for version in reply.history] == ["You", "You said: one two"]
    assert len(server.calls_of("sendMessageDraft")) == 1


async def test_a_group_and_an_answer_in_place_get_no_draft(tmp_path: Path, server: BotApiServer):
    ada = server.person(USER_ID, "Ada")
    birds = server.group(-1001, "Birds")
    server.hear_everything()
    async with bench_on(tmp_path, server, drafts=True) as bench:
        bench.model.hold()
        await ada.say("@mynah_bot hello", chat=birds)
        await ada.wait_for_reply(chat=birds)
        bench.model.gate.set()
        question = await ada.say("bees")
        before = await ada.wait_for_reply(where=is_final)
        drafts = len(server.calls_of("sendMessageDraft"))
        bench.model.hold()
        await ada.edit(question, "birds")
        await server.until(lambda: before.text == "You")
        bench.model.gate.set()
        await server.until(lambda: before.text == "You said: birds")
        await bench.idle()

    assert len(server.calls_of("sendMessageDraft")) == drafts
    assert all(call.parameters["chat_id"] == USER_ID for call in server.calls_of("sendMessageDraft"))


async def test_without_the_setting_nothing_is_a_draft(tmp_path: Path, server: BotApiServer):
    async with bench_on(tmp_path, server):
        await ask(server.person(USER_ID, "Ada"), "hello")

    assert server.calls_of("sendMessageDraft") == []
