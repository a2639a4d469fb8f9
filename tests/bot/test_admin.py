import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.cli import execute
from bot.languages import LANGUAGES
from engine.forgetting import Part
from engine.tuning.child import OnProgress
from storage.database import Database
from storage.lock import folder_lock
from storage.runs import RunStore
from storage.users import UserStore
from tests.bot.conftest import USER_ID, Bench, bench_on
from tests.bot.test_app import ask
from tests.bot_api import BotApiServer, Person
from tests.conftest import Clock

EN = LANGUAGES["en"]


async def with_versions(bench: Bench, count: int) -> Person:
    """A person who is answered by the last of so many versions."""
    ada = bench.server.person(USER_ID, "Ada")
    await ask(ada, "hello")
    runs = bench.services.core.runs
    for _ in range(count):
        adapter = await runs.add_candidate(
            USER_ID, base_model="scripted", run_id=None, now=bench.services.core.now()
        )
        await runs.activate(USER_ID, adapter.version)
    await bench.services.adapters.refresh()
    return ada


async def command(person: Person, text: str) -> str:
    await person.say(text)
    return (await person.wait_for_reply()).text


async def version_that_answers(bench: Bench, person: Person) -> int | None:
    await ask(person, "who are you?")
    adapter = bench.model.requests[-1].adapter
    return None if adapter is None else adapter.version


async def test_rollback_and_rollforward_change_which_version_answers_next(bench: Bench):
    ada = await with_versions(bench, 2)
    assert await version_that_answers(bench, ada) == 2

    assert await command(ada, "/rollback") == EN.rolled_back.format(version=1)
    assert await version_that_answers(bench, ada) == 1
    assert await command(ada, "/rollback") == EN.rolled_back_to_base
    assert await version_that_answers(bench, ada) is None
    assert await command(ada, "/rollforward") == EN.rolled_forward.format(version=1)
    assert await command(ada, "/rollforward") == EN.rolled_forward.format(version=2)
    assert await version_that_answers(bench, ada) == 2
    assert await command(ada, "/rollforward") == EN.nothing_to_roll_forward


async def test_a_version_that_no_longer_loads_is_refused_and_said_so(bench: Bench):
    ada = await with_versions(bench, 2)
    await command(ada, "/rollback")
    bench.model.broken_versions.add(2)

    assert (await command(ada, "/rollforward")).startswith("Version 2 could not be used")
    assert await version_that_answers(bench, ada) == 1
    assert await command(ada, "/rollforward") == EN.nothing_to_roll_forward


@pytest.mark.parametrize(
    ("locks", "said"), [(["tuning"], EN.tune_busy), (["tuning", "backup"], EN.tune_behind_backup)]
)
async def test_what_keeps_the_owner_from_tuning_now_is_said(
    tmp_path: Path, server: BotApiServer, locks: list[str], said: str
):
    async with bench_on(tmp_path, server, owner=USER_ID):
        ada = server.person(USER_ID, "Ada")
        with ExitStack() as held:
            for lock in locks:
                held.enter_context(folder_lock(tmp_path, lock))
            assert await command(ada, "/tune") == said


class ForgetsMeanwhile:
    """A trainer during whose work something is forgotten, and which therefore leaves nothing."""

    forget: Callable[[], Awaitable[object]]

    async def train(self, job_folder: Path, on_progress: OnProgress, *, secret: bytes | None = None) -> None:
        await self.forget()


async def test_a_tuning_during_which_something_was_forgotten_is_given_up_and_that_is_said(
    tmp_path: Path, server: BotApiServer
):
    ada, trainer = server.person(USER_ID, "Ada"), ForgetsMeanwhile()
    async with bench_on(tmp_path, server, owner=USER_ID, trainer=trainer) as bench:
        for number in range(9):
            await ask(ada, f"What is {number} plus one?")
            await command(ada, f"/feedback better: It is {number + 1}.")
        part = Part(begin=datetime(2020, 1, 1, tzinfo=UTC), end=datetime(2100, 1, 1, tzinfo=UTC), about="8")
        trainer.forget = lambda: bench.services.part_forgetter.forget(USER_ID, part)
        assert await command(ada, "/tune") == EN.tune_started
        await ada.wait_for_reply(where=lambda message: message.text == EN.tune_forgotten)

        assert await bench.services.core.runs.runs_of(USER_ID) == []


def test_the_command_line_rolls_one_person_back(
    tmp_path: Path, clock: Clock, capsys: pytest.CaptureFixture[str]
):
    async def prepare() -> None:
        database = await Database.open(tmp_path / "mynah.db")
        await UserStore(database).add(7, name="Ada", is_owner=True, now=clock())
        adapter = await RunStore(database).add_candidate(7, base_model="tiny", run_id=None, now=clock())
        await RunStore(database).activate(7, adapter.version)
        await database.close()

    asyncio.run(prepare())
    arguments = ["rollback", "--user", "7"]

    assert execute(arguments, {"MYNAH_DATA": str(tmp_path)}) == 0
    assert capsys.readouterr().out == "7: answered with the base weights from now on.\n"
    assert execute(arguments, {"MYNAH_DATA": str(tmp_path)}) == 1
    assert "already" in capsys.readouterr().err
