"""What goes wrong around the bot costs nobody a message, and is said in one plain sentence."""

import asyncio
import socket
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from telegram import Bot
from telegram.error import Conflict

from bot.cli import execute
from bot.lanes import MAX_ATTEMPTS
from bot.languages import LANGUAGES
from storage.database import Database
from storage.lock import folder_lock
from storage.updates import UpdateStore
from tests.bot.conftest import USER_ID, Bench, bench_on
from tests.bot.test_app import ask, is_final
from tests.bot_api import BotApiServer, Cut, Person
from tests.engine.language.conftest import save_tiny
from tests.scripted_model import ScriptedModel

EN = LANGUAGES["en"]
TOKEN = "4200000:loopback-token-of-no-value"


def no_model(folder: Path) -> dict[str, str]:
    return {"MYNAH_MODEL": str(folder / "nowhere")}


def empty_model(folder: Path) -> dict[str, str]:
    (folder / "model").mkdir()
    return {"MYNAH_MODEL": str(folder / "model")}


def model_that_is_none(folder: Path) -> dict[str, str]:
    (folder / "model").mkdir()
    (folder / "model" / "config.json").write_text('{"model_type": "no-such-kind"}')
    return {"MYNAH_MODEL": str(folder / "model")}


def other_key(folder: Path) -> dict[str, str]:
    async def make() -> None:
        await (await Database.open(folder / "data" / "mynah.db", key="one")).close()

    asyncio.run(make())
    return {"MYNAH_DATABASE_KEY": "another", "MYNAH_MODEL": str(folder)} | model_that_is_none(folder)


def file_as_folder(folder: Path) -> dict[str, str]:
    (folder / "data").touch()
    return {}


def no_server(folder: Path) -> dict[str, str]:
    """Nothing listens on a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return {
        "MYNAH_MODEL": str(save_tiny(folder / "model")),
        "MYNAH_REMOTE_URL": f"http://127.0.0.1:{port}",
    }


def no_device(folder: Path) -> dict[str, str]:
    return model_that_is_none(folder) | {"MYNAH_DEVICE": "tpu9"}


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (no_model, "cannot be loaded: it is neither a folder nor a hub id"),
        (empty_model, "cannot be loaded: the folder has no config.json"),
        (model_that_is_none, "cannot be loaded: its files cannot be used"),
        (other_key, "The database cannot be read with this MYNAH_DATABASE_KEY"),
        (file_as_folder, "data cannot be used: File exists."),
        (no_server, "cannot be loaded: no server answers as one should (ConnectError)."),
        (no_device, "MYNAH_DEVICE is tpu9, and there is no such device here."),
    ],
)
def test_what_keeps_the_bot_from_starting_is_one_sentence(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    prepare: Callable[[Path], dict[str, str]],
    sentence: str,
):
    environment = {"TELEGRAM_BOT_TOKEN": TOKEN, "MYNAH_DATA": str(tmp_path / "data"), **prepare(tmp_path)}
    capsys.readouterr()  # a model that is prepared shows a bar as it is saved

    assert execute(["run"], environment) == 1
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1


def test_a_second_bot_on_the_folder_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with folder_lock(tmp_path, "bot"):
        assert execute(["run"], {"TELEGRAM_BOT_TOKEN": TOKEN, "MYNAH_DATA": str(tmp_path)}) == 1
    assert "Another Mynah process holds the lock 'bot'" in capsys.readouterr().err


async def test_a_second_poller_is_told_in_the_log_and_costs_no_message(
    bench: Bench, caplog: pytest.LogCaptureFixture
):
    ada = bench.server.person(USER_ID, "Ada")
    async with Bot(bench.server.token, base_url=bench.server.base_url) as other:
        theirs = asyncio.create_task(other.get_updates(timeout=20))
        await bench.server.until(lambda: "Another program polls" in caplog.text)
        with pytest.raises(Conflict):
            await theirs

    assert (await ask(ada, "hello")).text == "You said: hello"


async def test_a_bad_gateway_and_cut_polls_cost_no_message(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    bench.server.fail("getUpdates", code=502, description="Bad Gateway", times=2)
    bench.server.cut("getUpdates", Cut.AFTER)
    bench.server.fail("editMessageText", code=502, description="Bad Gateway", times=2)
    await ada.say("hello")
    await bench.server.until(lambda: any(map(is_final, ada.chat.replies)))
    await bench.idle()

    assert [reply.text for reply in ada.chat.replies] == ["You said: hello"]


@pytest.mark.slow
async def test_a_server_slower_than_our_patience_is_asked_again(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    bench.server.delay("editMessageText", seconds=7)
    bench.server.delay("getUpdates", seconds=2, times=2)
    await ada.say("hello")
    await bench.server.until(lambda: any(map(is_final, ada.chat.replies)))
    await bench.idle()

    assert [reply.text for reply in ada.chat.replies] == ["You said: hello"]


async def test_of_a_reply_that_may_not_have_arrived_that_is_said_and_nothing_is_sent_twice(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    bench.model.hold()
    bench.model.enqueue("word " * 1200)
    await ada.say("hello")
    await ada.wait_for_reply(where=lambda message: message.text == "word")
    bench.server.cut("sendMessage", Cut.AFTER)
    bench.model.gate.set()
    await bench.server.until(lambda: ada.chat.replies[-1].text == EN.delivery_unknown)
    await bench.idle()

    assert len(ada.chat.replies) == 3
    assert sum(len(reply.text.split()) for reply in ada.chat.replies[:2]) == 1200


async def test_of_a_preview_that_may_have_arrived_it_is_said_that_the_answer_may_stand_twice(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    bench.model.hold()
    bench.server.cut("sendMessage", Cut.AFTER)
    await ada.say("hello")
    await ada.wait_for_reply(where=lambda message: message.text == "You")
    bench.model.gate.set()
    await ada.wait_for_reply(where=lambda message: message.text == EN.preview_unknown)

    assert [reply.text for reply in ada.chat.replies] == ["You", "You said: hello", EN.preview_unknown]
    assert [is_final(reply) for reply in ada.chat.replies] == [False, True, False]


async def test_of_a_preview_that_may_have_arrived_it_is_said_after_a_restart_too(
    tmp_path: Path, server: BotApiServer
):
    ada = server.person(USER_ID, "Ada")
    async with bench_on(tmp_path, server) as bench:
        bench.model.hold()
        server.cut("sendMessage", Cut.AFTER)
        await ada.say("hello")
        await ada.wait_for_reply(where=lambda message: message.text == "You")

    async with bench_on(tmp_path, server):
        await ada.wait_for_reply(where=lambda message: message.text == EN.preview_unknown)
    assert [reply.text for reply in ada.chat.replies] == ["You", "You said: hello", EN.preview_unknown]


async def test_that_a_preview_is_being_sent_is_written_down_before_it_is(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    bench.model.hold()
    bench.server.delay("sendMessage", seconds=1)
    await ada.say("hello")
    await bench.server.until(lambda: bench.server.calls_of("sendMessage"))
    [update] = await bench.services.updates.pending()

    assert (await bench.services.updates.preview(update.update_id)).may_be_lost
    await ada.wait_for_reply(where=lambda message: message.text == "You")
    bench.model.gate.set()
    await bench.server.until(lambda: any(map(is_final, ada.chat.replies)))
    await bench.idle()
    assert not (await bench.services.updates.preview(update.update_id)).may_be_lost
    assert [reply.text for reply in ada.chat.replies] == ["You said: hello"]


@pytest.mark.parametrize("refusal", [{"retry_after": 1}, {"code": 400, "description": "Bad Request: no"}])
async def test_a_preview_that_was_refused_leaves_nothing_to_tell(bench: Bench, refusal: dict[str, Any]):
    ada = bench.server.person(USER_ID, "Ada")
    bench.model.hold()
    bench.server.fail("sendMessage", **refusal)
    await ada.say("hello")
    await bench.server.until(lambda: bench.server.calls_of("sendMessage"))
    bench.model.gate.set()
    await ada.wait_for_reply(where=is_final)
    await bench.idle()

    assert [reply.text for reply in ada.chat.replies] == ["You said: hello"]


async def test_a_preview_that_was_refused_for_good_is_no_preview_that_may_stand_there(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    bench.model.hold()
    bench.server.fail("sendMessage", code=403, description="Forbidden: bot can't send now")
    await ada.say("hello")
    await bench.server.until(lambda: bench.server.calls_of("sendMessage"))
    bench.model.gate.set()
    await ada.wait_for_reply(where=is_final)
    await bench.idle()

    assert [reply.text for reply in ada.chat.replies] == ["You said: hello"]


async def test_a_version_that_is_broken_at_the_start_is_told_once_and_the_base_answers(
    tmp_path: Path, server: BotApiServer
):
    ada = server.person(USER_ID, "Ada")
    async with bench_on(tmp_path, server) as bench:
        await ask(ada, "hello")
        runs = bench.services.core.runs
        adapter = await runs.add_candidate(
            USER_ID, base_model="scripted", run_id=None, now=bench.services.core.now()
        )
        await runs.activate(USER_ID, adapter.version)
    told = EN.swap_refused.format(version=1, reason=".*").partition("(")[0]
    for start in range(2):
        model = ScriptedModel()
        model.broken_versions.add(1)
        async with bench_on(tmp_path, server, model=model) as bench:
            await ask(ada, f"are you there, {start}?")
            assert bench.model.requests[-1].adapter is None
    assert sum(reply.text.startswith(told) for reply in ada.chat.replies) == 1


async def test_a_stop_is_over_in_time_though_telegram_does_not_answer(tmp_path: Path, server: BotApiServer):
    async with bench_on(tmp_path, server) as bench:
        await ask(bench.server.person(USER_ID, "Ada"), "hello")
        server.delay("getUpdates", seconds=15, times=3)
        begun = time.monotonic()
    assert time.monotonic() - begun < 8


@asynccontextmanager
async def opened(folder: Path) -> AsyncGenerator[UpdateStore]:
    """The inbox of a bot that does not run."""
    database = await Database.open(folder / "mynah.db")
    try:
        yield UpdateStore(database)
    finally:
        await database.close()


async def poisoned(folder: Path, server: BotApiServer, *, starts: int) -> Person:
    """Somebody whose message was begun so often, and ended the process each time."""
    ada = server.person(USER_ID, "Ada")
    async with bench_on(folder, server) as bench:
        bench.model.hold()
        await ada.say("poison")
        await server.until(lambda: bench.model.requests)
    async with opened(folder) as updates:
        (poison,) = await updates.pending()
        for _ in range(starts):
            await updates.attempt(poison.update_id)
    return ada


async def test_a_message_that_ends_the_process_again_and_again_is_told_of_once(
    tmp_path: Path, server: BotApiServer
):
    ada = await poisoned(tmp_path, server, starts=MAX_ATTEMPTS)
    async with bench_on(tmp_path, server) as bench:
        await server.until(lambda: ada.chat.replies)
        await ask(ada, "bread")

        assert [reply.text for reply in ada.chat.replies] == [EN.given_up, "You said: bread"]
        assert [len(request.messages) for request in bench.model.requests] == [1]


async def test_a_message_whose_telling_ends_the_process_is_left_out(tmp_path: Path, server: BotApiServer):
    ada = await poisoned(tmp_path, server, starts=MAX_ATTEMPTS + 1)
    async with bench_on(tmp_path, server) as bench:
        await ask(ada, "bread")

        assert [reply.text for reply in ada.chat.replies if is_final(reply)] == ["You said: bread"]
        assert EN.given_up not in [reply.text for reply in ada.chat.replies]
        await bench.idle()
        assert await bench.services.updates.pending() == []


async def test_an_answer_that_stands_there_is_never_overwritten_by_a_message_being_given_up(
    tmp_path: Path, server: BotApiServer
):
    ada = server.person(USER_ID, "Ada")
    async with bench_on(tmp_path, server) as bench:
        bench.model.hold()
        await ada.say("hello")
        await server.until(lambda: bench.model.requests)
        (update,) = await bench.services.updates.pending()
        bench.model.gate.set()
        await ada.wait_for_reply(where=is_final)
        await bench.idle()
        # As if each start had been killed before the update was recorded as finished.
        await bench.services.core.database.execute(
            "UPDATE updates SET state = 'pending', payload = ?, attempts = ?", (update.payload, MAX_ATTEMPTS)
        )
    async with bench_on(tmp_path, server) as bench:
        await bench.idle()

        assert [(reply.text, is_final(reply)) for reply in ada.chat.replies] == [("You said: hello", True)]
        assert [
            row["state"] for row in await bench.services.core.database.fetch_all("SELECT * FROM updates")
        ] == ["done"]


async def test_what_follows_other_processes_goes_on_after_an_error_of_whatever_kind(
    tmp_path: Path, server: BotApiServer, caplog: pytest.LogCaptureFixture
):
    async with bench_on(tmp_path, server) as bench:
        called, goes_on = count(), asyncio.Event()

        async def fails_once() -> None:
            if next(called) == 0:
                raise KeyError("a row that went meanwhile")
            goes_on.set()

        bench.mynah.recovery.follow = fails_once
        async with asyncio.timeout(60):
            await goes_on.wait()

    assert "a row that went meanwhile" in caplog.text
