"""/forget and `mynah forget`: what goes, what stays, and that no byte of it is left in the data folder."""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from bot.running import idle_waiter
from storage.profiles import ProfileStore
from storage.records import Adapter, Holdings
from tests.bot.conftest import USER_ID, Bench, bench_on
from tests.bot.test_app import ask
from tests.bot_api import BotApiServer, Person, ShownMessage
from tests.bot_api.process import REPOSITORY

OTHER_ID = 2002
SECRETS = ("zanzibarquestion", "mozambiquereply", "kilimanjarobelief", "serengetiwish", "limpoporemark")
ADAPTER_SECRET = "okavangoweights"


def question_about_forgetting(message: ShownMessage) -> bool:
    return bool(message.buttons) and "cannot be undone" in message.text


async def live(bench: Bench, folder: Path, person: Person) -> Adapter:
    """Say, believe, correct and learn something that can be searched for."""
    question, reply, belief, correction, remark = SECRETS
    bench.model.enqueue(f"A {reply}.", "Nice.")
    shown = await ask(person, f"What is a {question}?")
    await person.say(f"/feedback better: {correction}", reply_to=shown)
    await person.wait_for_reply()
    await person.say(f"/feedback {remark}", reply_to=shown)
    await person.wait_for_reply()
    await ask(person, f"I live in {belief.title()}.")
    await idle_waiter(bench.mynah)()
    runs = bench.services.core.runs
    adapter = await runs.add_candidate(
        person.user_id, base_model="scripted", run_id=None, now=bench.services.core.now()
    )
    version = folder / adapter.folder
    version.mkdir(parents=True)
    (version / "adapter_model.safetensors").write_text(ADAPTER_SECRET)
    job = folder / "tuning" / "run-1"
    job.mkdir(parents=True, exist_ok=True)
    (job / f"examples-{person.user_id}.json").write_text(question)
    await runs.activate(person.user_id, adapter.version)
    await bench.services.adapters.refresh()
    return adapter


def places_of(words: tuple[str, ...], folder: Path) -> list[str]:
    """Every file below the folder that holds one of the words, in any case."""
    return [
        f"{word} in {path.relative_to(folder)}"
        for path in folder.rglob("*")
        if path.is_file()
        for word in words
        if word.encode() in path.read_bytes().lower()
    ]


@pytest.fixture
async def ada(bench: Bench, tmp_path: Path) -> Person:
    ada = bench.server.person(USER_ID, "Ada")
    await live(bench, tmp_path, ada)
    return ada


async def test_nothing_is_left_in_any_file(bench: Bench, tmp_path: Path, ada: Person):
    assert len(places_of((*SECRETS, ADAPTER_SECRET), tmp_path)) > len(SECRETS)
    assert await indexed(bench) == (2, 2)

    await ada.say("/forget")
    asked = await ada.wait_for_reply(where=question_about_forgetting)
    assert "4 messages, 1 ratings" in asked.text
    assert "1 versions of your own weights" in asked.text
    await ada.wait_for_answer(await ada.tap(asked, "Erase everything"))
    await bench.server.until(lambda: "I know nothing of you" in ada.chat.replies[-1].text)

    assert places_of((*SECRETS, ADAPTER_SECRET), tmp_path) == []
    assert await indexed(bench) == (0, 0)
    assert bench.services.adapters.of(USER_ID) is None
    assert bench.model.prefixes_dropped == 1


async def indexed(bench: Bench) -> tuple[int, int]:
    """How many turns can be recalled, by meaning and by words."""
    row = await bench.services.core.database.fetch_one(
        "SELECT (SELECT count(*) FROM memories) AS meant, (SELECT count(*) FROM memory_words) AS worded"
    )
    assert row is not None
    return row["meant"], row["worded"]


async def test_whoever_was_forgotten_can_go_on_and_begins_afresh(bench: Bench, ada: Person):
    reply = await ask(ada, "one more")
    await bench.services.forgetter.forget(USER_ID)
    await ada.tap(reply, "👍")

    await ask(ada, "Hello again")

    (turn,) = await bench.services.core.messages.rated_turns(USER_ID)
    assert (turn.question.text, turn.rating) == ("Hello again", None)
    assert bench.model.requests[-1].messages[0].content == "Hello again"


async def test_nobody_else_loses_anything(bench: Bench, tmp_path: Path, ada: Person):
    bench.services.access._known.add(OTHER_ID)  # pyright: ignore[reportPrivateUsage]
    await bench.services.core.users.add(OTHER_ID, name="Ben", is_owner=False, now=bench.services.core.now())
    ben = bench.server.person(OTHER_ID, "Ben")
    await live(bench, tmp_path, ben)
    before = await held(bench, OTHER_ID)

    await bench.services.forgetter.forget(USER_ID)

    assert await held(bench, OTHER_ID) == before
    assert bench.services.adapters.of(OTHER_ID) is not None
    nothing = Holdings(messages=0, ratings=0, beliefs=0, adapters=0, runs=0)
    assert await bench.services.forgetter.holdings(USER_ID) == nothing


async def held(bench: Bench, user_id: int) -> tuple[object, ...]:
    services = bench.services
    return (
        await services.forgetter.holdings(user_id),
        await services.core.messages.rated_turns(user_id),
        await services.profiles.get(user_id),
        await services.core.runs.adapters_of(user_id),
    )


async def test_keeping_keeps(bench: Bench, ada: Person):
    await ada.say("/forget")
    asked = await ada.wait_for_reply(where=question_about_forgetting)
    await ada.wait_for_answer(await ada.tap(asked, "Keep it"))
    await bench.server.until(lambda: ada.chat.replies[-1].text == "Nothing was erased.")
    assert (await bench.services.forgetter.holdings(USER_ID)).messages == 4


async def test_the_command_line_erases_beside_the_running_bot(bench: Bench, tmp_path: Path, ada: Person):
    assert (await forget_by_command(tmp_path)).startswith("Erased: 4 messages, 1 ratings")
    assert places_of((*SECRETS, ADAPTER_SECRET), tmp_path) == []
    await bench.server.until(lambda: bench.model.prefixes_dropped)
    assert bench.services.adapters.of(USER_ID) is None


async def forget_by_command(folder: Path, *options: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "forget", str(USER_ID), *options),
        cwd=REPOSITORY,
        env={"PATH": "", "MYNAH_DATA": str(folder)},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    return said.decode()


def old_backup(bench: Bench, *, days_ago: int) -> Path:
    """What passes for the backup of a night as long as nobody restores it."""
    night = bench.services.core.now().date() - timedelta(days=days_ago)
    path = bench.services.shelf.path_of(night)
    path.parent.mkdir(exist_ok=True)
    path.write_text(SECRETS[0])
    return path


async def test_the_receipt_names_the_day_on_which_the_last_backup_goes(bench: Bench, ada: Person):
    old_backup(bench, days_ago=5)
    kept = old_backup(bench, days_ago=2)
    until = f"until the last of them is deleted on {bench.services.core.now() + timedelta(days=5):%Y-%m-%d}"

    await ada.say("/forget")
    asked = await ada.wait_for_reply(where=question_about_forgetting)
    assert until in asked.text
    await ada.wait_for_answer(await ada.tap(asked, "Erase everything"))
    await bench.server.until(lambda: "I know nothing of you" in ada.chat.replies[-1].text)

    assert until in ada.chat.replies[-1].text
    assert not ada.chat.replies[-1].buttons  # a user's wish must not cost the others their backups
    assert kept.exists()


async def test_the_owner_may_purge_the_backups_and_nobody_else(tmp_path: Path):
    async with BotApiServer() as server, bench_on(tmp_path, server, owner=OTHER_ID) as bench:
        kept = old_backup(bench, days_ago=1)
        owner, ada = server.person(OTHER_ID, "Ben"), server.person(USER_ID, "Ada")
        for person in (owner, ada):
            await ask(person, "Hello")
            await person.say("/forget")
            asked = await person.wait_for_reply(where=question_about_forgetting)
            await person.wait_for_answer(await person.tap(asked, "Erase everything"))
        await server.until(lambda: len(owner.chat.replies[-1].buttons) == 1)
        await server.until(lambda: not ada.chat.replies[-1].buttons)
        [button] = owner.chat.replies[-1].buttons

        ada.chat.replies[-1].history.append(owner.chat.replies[-1].history[-1])  # as a forged client would
        await ada.wait_for_answer(await ada.tap(ada.chat.replies[-1], button.label))
        await server.until(lambda: "Only my keeper" in ada.chat.replies[-1].text)
        assert kept.exists()
        await owner.wait_for_answer(await owner.tap(owner.chat.replies[-1], button.label))
        await server.until(lambda: "deleted (1)" in owner.chat.replies[-1].text)
        assert not kept.exists()


async def test_the_command_line_names_the_backups_or_purges_them(bench: Bench, tmp_path: Path, ada: Person):
    kept = old_backup(bench, days_ago=1)
    day = bench.services.core.now() + timedelta(days=6)
    assert f"until the last of them is deleted on {day:%Y-%m-%d}" in await forget_by_command(tmp_path)
    assert kept.exists()

    assert "1 nightly backups deleted." in await forget_by_command(tmp_path, "--purge-backups")
    assert places_of((*SECRETS, ADAPTER_SECRET), tmp_path) == []


async def test_the_history_of_beliefs_goes_too(bench: Bench, ada: Person):
    store = ProfileStore(bench.services.core.database)
    assert await store.history(USER_ID)
    await bench.services.forgetter.forget(USER_ID)
    assert await store.history(USER_ID) == []
    assert await store.all_beliefs(USER_ID) == []


async def test_an_old_button_erases_nothing(bench: Bench, ada: Person, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bot.forget.VALID_FOR", timedelta(seconds=-1))
    await ada.say("/forget")
    asked = await ada.wait_for_reply(where=question_about_forgetting)
    await ada.wait_for_answer(await ada.tap(asked, "Erase everything"))
    await bench.server.until(lambda: "too old" in ada.chat.replies[-1].text)
    assert (await bench.services.forgetter.holdings(USER_ID)).messages == 4
