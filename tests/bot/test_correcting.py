"""✎ below a belief: the next message is its right value."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from telegram import Update

from bot.app import Wires, build
from bot.correcting import MOST_CHARACTERS
from bot.local import TerminalWire
from bot.running import idle_waiter, running
from bot.services import Parts, open_core, open_services, utc_now
from bot.settings import Settings
from bot.terminal import Screen
from engine.language.bundled import ResolvedModel
from engine.profile.confidence import CONFIRMED_SUPPORT
from storage.awaited import AwaitedValue
from storage.beliefs import Belief
from storage.profiles import ProfileStore
from storage.pruning import prune_unlearnable
from storage.records import Origin
from tests.bot.conftest import USER_ID, Bench, bench_on
from tests.bot.test_app import ask, is_final
from tests.bot.test_forget import places_of
from tests.bot.test_profile import profile_after
from tests.bot_api import BotApiServer, Person, ShownMessage
from tests.fake_embedder import FakeEmbedder
from tests.scripted_model import ScriptedModel


async def asked_about(bench: Bench, said: str) -> tuple[Person, ShownMessage]:
    """Somebody who has said this and pressed ✎ under /profile, and the profile as it is shown."""
    ada, shown = await profile_after(bench, said)
    await ada.wait_for_answer(await ada.tap(shown, "✎ 1"))
    await bench.server.until(lambda: ada.chat.replies[-1].text.startswith("What should stand there"))
    return ada, shown


async def answer(ada: Person, text: str) -> ShownMessage:
    await ada.say(text)
    return await ada.wait_for_reply()


async def held(bench: Bench) -> list[Belief]:
    return list((await bench.services.profiles.get(USER_ID)).held)


async def test_the_next_message_becomes_the_value(bench: Bench):
    ada, _ = await asked_about(bench, "I live in Oslo.")
    assert "instead of “city: Oslo”?" in ada.chat.replies[-1].text
    requests = len(bench.model.requests)

    said = await answer(ada, "Bergen, by the sea")
    await bench.idle()

    assert said.text == "Corrected: city: Bergen, by the sea. Nothing that you said before overrules it."
    assert [button.label for button in said.buttons] == ["↶ undo"]
    assert len(bench.model.requests) == requests, "no model answers it"
    (belief,) = await held(bench)
    assert (belief.value, belief.support) == ("Bergen, by the sea", CONFIRMED_SUPPORT)
    logged = await bench.services.core.messages.get(belief.evidence[0].message_id)
    assert (logged.text, logged.origin) == ("Bergen, by the sea", Origin.CORRECTION)
    assert (await bench.services.profiles.get(USER_ID)).style.messages == 1, "it is not learnt twice"

    await ask(ada, "What now?")
    *earlier, _ = bench.model.requests[-1].messages
    assert "Bergen" not in str(earlier), "it is no part of the talk"


async def test_a_correction_is_undone_by_the_button_below_it(bench: Bench):
    ada, _ = await asked_about(bench, "I live in Oslo.")
    said = await answer(ada, "Bergen")
    await ada.wait_for_answer(await ada.tap(said, "↶ undo"))
    await bench.server.until(lambda: said.text == "Undone. /profile shows what I hold now.")
    assert [belief.value for belief in await held(bench)] == ["Oslo"]
    assert said.buttons == []


async def test_a_value_that_waited_is_erased_when_it_is_corrected(bench: Bench, tmp_path: Path):
    ada, _ = await asked_about(bench, "I love going to church.")
    said = await answer(ada, "going to museums")
    assert "it is erased, and that cannot be undone" in said.text
    assert said.buttons == []
    store = ProfileStore(bench.services.core.database)
    assert "church" not in str(await store.all_beliefs(USER_ID)) + str(await store.history(USER_ID))
    assert [belief.value for belief in await held(bench)] == ["going to museums"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("…!", "I find no words in that."), ("x" * (MOST_CHARACTERS + 1), "That is too long")],
)
async def test_what_is_no_value_is_said_and_asked_for_again(bench: Bench, text: str, sentence: str):
    ada, _ = await asked_about(bench, "I live in Oslo.")
    assert sentence in (await answer(ada, text)).text
    assert [belief.value for belief in await held(bench)] == ["Oslo"]
    assert (await answer(ada, "Bergen")).text.startswith("Corrected: city: Bergen.")


async def test_a_text_that_the_client_has_cut_up_is_one_answer(bench: Bench):
    ada, _ = await asked_about(bench, "I live in Oslo.")
    await ada.say("x" * 4096)
    await ada.say("Bergen")
    assert "That is too long" in (await ada.wait_for_reply()).text
    await bench.server.until_polled()
    await bench.idle()
    assert [belief.value for belief in await held(bench)] == ["Oslo"]


async def test_a_command_leaves_the_belief_as_it_was_and_is_obeyed(bench: Bench):
    ada, _ = await asked_about(bench, "I live in Oslo.")
    await ada.say("/profile")
    left = await ada.wait_for_reply()
    shown = await ada.wait_for_reply()
    assert left.text == "“city: Oslo” stays as it was."
    assert "1. city: Oslo" in shown.text
    assert (await ask(ada, "Bergen")).text.endswith("Bergen"), "it is answered, not taken for a value"


async def test_a_belief_that_is_gone_meanwhile_takes_no_value(bench: Bench):
    ada, _ = await asked_about(bench, "I live in Oslo.")
    await bench.services.profiles.erase(USER_ID, 1)
    assert (await answer(ada, "Bergen")).text == "I no longer hold that."
    assert await held(bench) == []
    assert (await ask(ada, "Bergen")).text == "You said: Bergen"


async def test_a_forward_is_nobodys_answer(bench: Bench):
    ada, _ = await asked_about(bench, "I live in Oslo.")
    await ada.forward("Bergen", author="Eve")
    await ada.wait_for_reply(where=is_final)
    assert [belief.value for belief in await held(bench)] == ["Oslo"]


async def test_only_what_comes_soon_after_the_question_answers_it(bench: Bench):
    ada, _ = await asked_about(bench, "I live in Oslo.")
    awaited = await bench.services.awaited.get(USER_ID)
    assert awaited is not None
    for update_id, asked_at in (
        (awaited.update_id + 1000, awaited.asked_at),
        (awaited.update_id, awaited.asked_at.replace(year=2020)),
    ):
        await bench.services.awaited.put(
            USER_ID, AwaitedValue(belief_id=1, update_id=update_id, asked_at=asked_at)
        )
        assert (await ask(ada, "Bergen")).text.endswith("Bergen"), "it is answered, not taken for a value"


async def test_the_question_outlives_a_restart(tmp_path: Path, server: BotApiServer):
    async with bench_on(tmp_path, server) as bench:
        ada, _ = await asked_about(bench, "I live in Oslo.")
    async with bench_on(tmp_path, server) as bench:
        assert (await answer(ada, "Bergen")).text.startswith("Corrected: city: Bergen.")
        assert [belief.value for belief in await held(bench)] == ["Bergen"]


@pytest.mark.parametrize("command", ["/private", "/pause"])
async def test_what_is_meant_for_the_profile_is_kept_where_nothing_is_learnt(bench: Bench, command: str):
    ada = bench.server.person(USER_ID, "Ada")
    await ask(ada, "I live in Oslo.")
    await ada.say(command)
    await ada.wait_for_reply()
    _, shown = await profile_after(bench)
    await ada.wait_for_answer(await ada.tap(shown, "✎ 1"))
    await bench.server.until(lambda: ada.chat.replies[-1].text.startswith("What should stand there"))
    await answer(ada, "Bergen")
    await ada.say("/new")
    await ada.wait_for_reply()

    await prune_unlearnable(bench.services.core.database, before=utc_now())
    (belief,) = await held(bench)
    assert belief.value == "Bergen"
    assert (await bench.services.core.messages.get(belief.evidence[0].message_id)).text == "Bergen"


def message_of(bench: Bench, text: str) -> Update:
    content: dict[str, Any] = {
        "message_id": 77,
        "date": int(utc_now().timestamp()),
        "chat": {"id": USER_ID, "type": "private", "first_name": "Ada"},
        "from": {"id": USER_ID, "is_bot": False, "first_name": "Ada", "language_code": "en"},
        "text": text,
    }
    update = Update.de_json({"update_id": 2**40, "message": content}, bench.mynah.application.bot)
    assert update is not None
    return update


@pytest.mark.parametrize("said", ["I live in Oslo.", "I love going to church."])
async def test_an_answer_that_is_handled_again_changes_no_more(bench: Bench, said: str):
    ada, _ = await asked_about(bench, said)
    awaited = await bench.services.awaited.get(USER_ID)
    assert awaited is not None
    update = message_of(bench, "Bergen")
    for closed in (False, True):
        if not closed:
            await bench.mynah.application.process_update(update)
            await bench.services.awaited.put(USER_ID, awaited)  # as if the process had ended before
        await bench.mynah.application.process_update(update)
        assert ada.chat.replies[-1].text.startswith("Corrected: ")
    assert [belief.value for belief in await held(bench)] == ["Bergen"]
    store = ProfileStore(bench.services.core.database)
    assert sum(change.cause == "correction" for change in await store.history(USER_ID)) == 1
    assert sum(one.text == "Bergen" for one in await bench.services.core.messages.all_of(USER_ID)) == 1


async def test_forgetting_what_was_said_takes_the_correction_along(bench: Bench, tmp_path: Path):
    ada, _ = await asked_about(bench, "I live in Oslo.")
    await answer(ada, "Okavango")
    await ada.say("/forget about okavango")
    asked = await ada.wait_for_reply(where=lambda message: "cannot be undone" in message.text)
    await ada.wait_for_answer(await ada.tap(asked, "Erase these"))
    await bench.server.until(lambda: "are erased" in asked.text)
    assert [belief.value for belief in await held(bench)] == ["Oslo"]
    assert places_of(("Okavango",), tmp_path) == []


async def test_it_works_in_the_terminal_where_a_number_is_a_value(tmp_path: Path):
    parts = Parts(model=ScriptedModel(), embedder=FakeEmbedder(), base=ResolvedModel("scripted", tmp_path))
    pipe = io.StringIO()
    wire = TerminalWire(
        screen=Screen.on(pipe, {}),
        user_id=USER_ID,
        name="Ada",
        language_code="en",
        downloads=tmp_path / "files",
        now=utc_now,
    )

    async def script() -> AsyncIterator[str]:
        for line in ("I am 30 years old.", "/profile", "2", "1", "/profile"):
            yield line

    chosen = Settings(data=tmp_path, allowed_users=frozenset({USER_ID}))
    async with (
        open_core(chosen, progress=lambda _sentence: None, now=utc_now, parts=parts) as core,
        open_services(core, parts) as services,
    ):
        mynah = build(services, Wires(token="1:local", calls=wire, polling=wire))
        async with running(services, mynah):
            await wire.converse(script(), idle=idle_waiter(mynah))
    shown = pipe.getvalue()
    assert "instead of “age: 30”?" in shown
    assert "Corrected: age: 1." in shown
    assert "1. age: 1 (sure" in shown.rsplit("What I believe about you:", 1)[1]
