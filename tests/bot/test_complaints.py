"""What people complain about in other bots; docs/telegram.md has the table of them with the tests of each."""

import asyncio
import io
import json
import logging
from itertools import pairwise
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx

from bot.languages import LANGUAGES
from bot.live import LiveReply
from bot.logs import Redactor, configure
from bot.pace import Pace, Throttle
from bot.speaking import Place
from storage.records import RunStatus
from tests.bot.conftest import USER_ID, Bench, bench_on
from tests.bot.test_app import ask, is_final
from tests.bot_api import BotApiServer, Cut
from tests.bot_api.refusals import OTHER_POLLER

EN = LANGUAGES["en"]


async def test_edits_keep_their_pace_and_wait_as_long_as_a_429_says(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await ask(ada, "hello")
    before = len(bench.server.calls_of("editMessageText"))

    async def remember(*_telegram_id: int | None) -> None:
        pass

    live = LiveReply(
        bot=bench.mynah.application.bot,
        place=Place(USER_ID),
        preview_id=None,
        begin_preview=remember,
        remember_preview=remember,
        pace=Pace(0.2),
        throttle=Throttle(most=None),
    )
    async with live:
        for count in range(60):
            if count == 20:
                bench.server.fail("editMessageText", retry_after=1)
            live.show("word " * (count + 1))
            await asyncio.sleep(0.05)

    times = [call.at for call in bench.server.calls_of("editMessageText")[before:]]
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert len(times) >= 4
    assert min(pauses) >= 0.19
    assert max(pauses) >= 1.0


def test_a_chat_that_was_refused_a_change_stays_slower_for_a_while():
    pace = Pace(1)
    pace.widen(7)
    pace.widen(3)
    assert pace.seconds == 14
    passed = []
    for _ in range(6):
        pace.ease()
        passed.append(pace.seconds)
    assert passed == [14, 7, 3.5, 1.75, 1, 1]


async def test_the_final_text_arrives_though_edits_are_refused_for_a_while(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    bench.model.hold()
    await ada.say("one two three")
    await bench.server.until(lambda: ada.chat.replies)
    bench.server.flood("editMessageText", seconds=2)
    bench.model.gate.set()

    assert (await ada.wait_for_reply(where=is_final)).text == "You said: one two three"
    assert len(ada.chat.replies) == 1


async def test_a_failing_sign_of_typing_fails_nothing(bench: Bench):
    bench.server.fail("sendChatAction", code=500, times=100)
    bench.server.cut("sendChatAction", Cut.BEFORE, times=100)

    assert (await ask(bench.server.person(USER_ID, "Ada"), "hello")).text == "You said: hello"


async def test_a_sign_of_typing_that_hangs_delays_nothing(bench: Bench):
    bench.server.delay("sendChatAction", seconds=60, times=100)

    assert (await ask(bench.server.person(USER_ID, "Ada"), "hello")).text == "You said: hello"


async def test_nothing_goes_on_typing_after_the_answer(bench: Bench):
    await ask(bench.server.person(USER_ID, "Ada"), "hello")
    await bench.idle()

    assert [task for task in asyncio.all_tasks() if task.get_name().startswith("live reply")] == []


async def test_a_message_whose_fate_is_unknown_is_not_sent_twice(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await ask(ada, "hello")
    bench.server.cut("sendMessage", Cut.AFTER)
    await ada.say("/new")
    await bench.server.until_polled()
    await bench.idle()
    bench.server.cut("sendMessage", Cut.AFTER, times=2)
    await ada.say("and again")
    await bench.server.until_polled()
    await bench.idle()

    shown = [reply.text for reply in ada.chat.replies]
    assert shown.count(EN.started_over) == 1
    assert sum(map(is_final, ada.chat.replies)) == 2


async def test_fifty_chats_at_once_keep_their_order(bench: Bench):
    people = [bench.server.person(5000 + number, f"P{number}") for number in range(50)]
    for person in people:
        await bench.services.access.enter(person.user_id, person.name)
    for count in range(2):
        for person in people:
            await person.say(f"message {count}")

    await bench.server.until(
        lambda: all(sum(map(is_final, person.chat.replies)) == 2 for person in people), timeout_seconds=300
    )
    for person in people:
        assert [reply.text for reply in person.chat.replies] == [f"You said: message {n}" for n in range(2)]


async def test_who_waits_is_told_their_place_and_the_answer_takes_its_place(bench: Bench):
    lin = bench.server.person(USER_ID, "Lin", language_code="zh")
    bench.model.place = 3
    await lin.say("hello")
    told = await lin.wait_for_reply()
    assert told.text == LANGUAGES["zh"].queue_place.format(place=3)
    bench.model.place = 1
    await bench.server.until(lambda: told.text == LANGUAGES["zh"].queue_place.format(place=1))
    bench.model.place = None
    await bench.server.until(lambda: is_final(told))

    assert [reply.text for reply in lin.chat.replies] == ["You said: hello"]


async def test_who_has_blocked_the_bot_is_unreachable_until_they_return_and_stops_nobody(bench: Bench):
    ada, kim = bench.server.person(USER_ID, "Ada"), bench.server.person(2002, "Kim")
    await ask(ada, "hello")
    await bench.services.access.enter(2002, "Kim")
    await ask(kim, "hello")
    ada.chat.blocked = True
    runs, users = bench.services.core.runs, bench.services.core.users
    for user_id in (USER_ID, 2002):
        run = await runs.start(user_id, local_date=None, now=bench.services.core.now())
        assert run is not None
        now = bench.services.core.now()
        await runs.finish(run.run_id, status=RunStatus.REJECTED, reason="No gain.", now=now)
    await bench.mynah.admin.follow()
    line = await kim.wait_for_reply(where=lambda message: "No gain." in message.text)
    blocked = await users.get(USER_ID)
    assert line.silent
    assert blocked is not None
    assert not blocked.reachable

    await ada.unblock()
    await ada.say("/start")
    await ada.wait_for_reply(where=lambda message: message.text == EN.welcome)
    back = await users.get(USER_ID)
    assert back is not None
    assert back.reachable


async def test_what_is_not_read_gets_a_friendly_line_in_private_and_silence_in_groups(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    birds = bench.server.group(-1001, "Birds")
    await ada.send_sticker()
    await ada.wait_for_reply(where=lambda message: message.text == EN.unsupported)
    await ada.send_photo(b"a bird", caption="What bird is this?")
    await ada.wait_for_reply(where=lambda message: message.text == EN.unsupported)

    bench.server.hear_everything()
    await ada.say("@mynah_bot hello", chat=birds)
    reply = await ada.wait_for_reply(chat=birds, where=is_final)
    await ada.send_sticker(chat=birds)
    await ada.send_photo(b"a bird", caption="@mynah_bot what bird is this?", chat=birds)
    await bench.server.until_polled()
    await bench.idle()
    assert birds.replies == [reply]


@pytest.mark.parametrize("caption", ["", "What birds are these?"])
async def test_an_album_gets_one_line_and_what_follows_it_is_answered(bench: Bench, caption: str):
    ada = bench.server.person(USER_ID, "Ada")
    await ada.send_album(b"one", b"two", b"three", caption=caption)
    await ada.say("hello")
    await ada.wait_for_reply(where=is_final)

    assert [reply.text for reply in ada.chat.replies] == [EN.unsupported, "You said: hello"]


async def test_polling_goes_on_after_another_poller_has_come_and_gone(bench: Bench):
    bench.server.fail("getUpdates", code=409, description=OTHER_POLLER, times=2)
    ada = bench.server.person(USER_ID, "Ada")
    await ada.say("hello")

    reply = await ada.wait_for_reply(where=is_final)
    assert reply.text == "You said: hello"


@pytest.mark.parametrize(
    "text",
    [
        "I live in Oslo",
        "/retry",
        "/feedback better: yes",
        "/profile",
        "/status",
        "/stats",
        "/why",
        "/settings",
        "/pause",
        "/new",
        "/export",
        "/forget",
        "/forget last hour",
        "/rollback",
        "/summarize " + "Bees make honey all day long. " * 30,
    ],
    ids=lambda text: " ".join(text.split()[:2]),
)
async def test_nothing_that_a_person_asks_for_makes_the_others_wait(bench: Bench, text: str):
    ada = bench.server.person(USER_ID, "Ada")
    await ask(ada, "hello")
    with blockbuster_ctx(["bot", "engine", "storage"]):  # raises where the event loop is held up
        await ada.say(text)
        reply = await ada.wait_for_reply()
        if text.startswith("/forget"):
            await ada.tap(reply, reply.buttons[0].label)
        await bench.server.until_polled()
        await bench.idle()

    assert EN.failed not in [reply.text for reply in ada.chat.replies]


async def test_a_poll_that_hangs_is_made_again(tmp_path: Path, server: BotApiServer):
    server.delay("getUpdates", seconds=600)
    async with bench_on(tmp_path, server, poll_read_seconds=0):
        ada = server.person(USER_ID, "Ada")
        await ada.say("hello")

        reply = await ada.wait_for_reply(where=is_final)
        assert reply.text == "You said: hello"


async def test_thoughts_are_neither_shown_nor_logged_nor_read_again(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    bench.model.hold()
    bench.model.enqueue("<think>They want bees, SECRET.</think> Bees make honey.")
    await ada.say("What do bees make?")
    await bench.server.until(lambda: ada.chat.actions)
    bench.model.gate.set()
    reply = await ada.wait_for_reply(where=is_final)
    await ask(ada, "and wasps?")

    assert [version.text for version in reply.history][-1] == "Bees make honey."
    assert all("SECRET" not in version.text for version in reply.history)
    (first, _) = await bench.services.core.messages.rated_turns(USER_ID)
    assert first.reply.text == "Bees make honey."
    assert "SECRET" not in str(bench.model.requests[-1].messages)


async def test_links_in_a_reply_get_no_preview(bench: Bench):
    reply = await ask(bench.server.person(USER_ID, "Ada"), "see https://example.org")

    assert reply.preview == {"is_disabled": True}


async def test_the_conversation_goes_on_after_a_restart(tmp_path: Path, server: BotApiServer):
    ada = server.person(USER_ID, "Ada")
    async with bench_on(tmp_path, server):
        await ask(ada, "first")
    async with bench_on(tmp_path, server) as bench:
        await ask(ada, "second")

        prompt = [message.content for message in bench.model.requests[-1].messages]
        assert prompt == ["first", "You said: first", "second"]


async def test_a_reaction_is_a_rating_and_taking_it_back_takes_the_rating_back(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    reply = await ask(ada, "hello")

    async def value_after(emoji: str | None) -> int | None:
        await ada.react(reply, emoji)
        await bench.server.until_polled()
        await bench.idle()
        (turn,) = await bench.services.core.messages.rated_turns(USER_ID)
        return turn.rating and turn.rating.value

    assert await value_after("❤") == 1
    assert await value_after("👎") == -1
    assert await value_after(None) is None
    assert await value_after("👀") is None


def test_a_token_never_reaches_the_log(capsys: pytest.CaptureFixture[str]):
    token = "4200000:loopback-token-of-no-value"
    configure(logging.INFO)
    try:
        assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)
        assert not logging.getLogger("httpcore").isEnabledFor(logging.INFO)
        record = logging.LogRecord("x", logging.ERROR, "", 0, f"POST /bot{token}/getMe", None, None)
        assert token not in Redactor().format(record)
    finally:
        logging.basicConfig(force=True, handlers=[logging.StreamHandler(io.StringIO())])


async def test_reactions_are_asked_for(bench: Bench):
    await bench.server.until_polled()
    asked = bench.server.calls_of("getUpdates")[-1].parameters["allowed_updates"]

    assert "message_reaction" in (json.loads(asked) if isinstance(asked, str) else asked)
