"""The backup of each night: once, after the tuning and never beside it, and a failure is told once."""

import asyncio
import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from bot.languages import LANGUAGES
from bot.nightly_backup import NightlyBackup
from bot.services import backup_writer
from bot.settings import Settings
from storage.archive import unpack
from storage.database import Database
from storage.erasure import ErasureStore
from storage.lock import folder_lock
from storage.shelf import Shelf
from storage.users import UserStore
from tests.bot.conftest import USER_ID, bench_on
from tests.bot.test_app import ask
from tests.bot_api import BotApiServer
from tests.conftest import Clock

NIGHT = date(2026, 3, 2)


class Failures(list[str]):
    async def add(self, reason: str) -> None:
        self.append(reason)


def nightly(database: Database, clock: Callable[[], datetime], failures: Failures) -> NightlyBackup:
    folder = database.path.parent
    return NightlyBackup(
        writer=backup_writer(Settings(data=folder), clock),
        shelf=Shelf(data_folder=folder, keep_days=7),
        erasures=ErasureStore(database),
        data_folder=folder,
        failed=failures.add,
    )


async def test_one_a_night_and_seven_in_all(database: Database, tmp_path: Path, clock: Clock):
    failures = Failures()
    backup = nightly(database, clock, failures)
    for day in range(10):
        for _ in range(2):
            await backup.run(NIGHT + timedelta(days=day))

    nights = Shelf(data_folder=tmp_path, keep_days=7).nights()
    assert nights == [NIGHT + timedelta(days=day) for day in range(3, 10)]
    assert failures == []


async def test_a_restart_makes_no_second_one(database: Database, tmp_path: Path, clock: Clock):
    await nightly(database, clock, Failures()).run(NIGHT)
    clock.advance(hours=1)
    await nightly(database, clock, Failures()).run(NIGHT)

    made_at = unpack(tmp_path / "backups" / "mynah-2026-03-02.tar").created_at
    assert made_at == clock() - timedelta(hours=1)


async def test_whoever_is_forgotten_meanwhile_is_not_in_it(database: Database, tmp_path: Path, clock: Clock):
    await UserStore(database).add(USER_ID, name="Ada", is_owner=True, now=clock())
    loop, forgotten_at = asyncio.get_running_loop(), list[datetime]()

    def forgetting_clock() -> datetime:
        """A backup asks for the time after it has copied the database."""
        if not forgotten_at:
            forgotten_at.append(clock())
            erasing = ErasureStore(database).erase(USER_ID, now=clock())
            asyncio.run_coroutine_threadsafe(erasing, loop).result()
        clock.advance(minutes=1)
        return clock()

    await nightly(database, forgetting_clock, Failures()).run(NIGHT)

    made_at = unpack(tmp_path / "backups" / "mynah-2026-03-02.tar").created_at
    assert made_at == forgotten_at[0] + timedelta(minutes=2)


async def test_it_waits_for_a_tuning_of_another_process(database: Database, tmp_path: Path, clock: Clock):
    failures, shelf = Failures(), Shelf(data_folder=tmp_path, keep_days=7)
    backup = nightly(database, clock, failures)
    with folder_lock(tmp_path, "tuning"):
        await backup.run(NIGHT)
    assert shelf.nights() == []
    await backup.run(NIGHT)
    assert (shelf.nights(), failures) == ([NIGHT], [])


async def test_a_failure_is_told_once_a_night_and_deletes_nothing(
    database: Database, tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
):
    failures, shelf = Failures(), Shelf(data_folder=tmp_path, keep_days=7)
    await nightly(database, clock, failures).run(NIGHT)
    later = NIGHT + timedelta(days=30)
    shelf.path_of(later).with_name(
        f".{shelf.path_of(later).name}.part"
    ).mkdir()  # nothing can be written there
    backup = nightly(database, clock, failures)
    with caplog.at_level(logging.INFO):
        await backup.run(later)
        await backup.run(later)

    assert len(failures) == 1
    assert failures[0].startswith("The backup could not be written")
    assert [record.getMessage() for record in caplog.records] == ["the nightly backup failed (BackupError)"]
    assert shelf.nights() == [NIGHT]


async def test_the_bot_makes_it_for_whoever_was_there_that_night(tmp_path: Path, clock: Clock):
    async with BotApiServer() as server:
        async with bench_on(tmp_path, server, now=clock) as bench:
            await ask(server.person(USER_ID, "Ada"), "Hello")
        assert bench.services.shelf.nights() == []
        clock.advance(days=1)
        async with bench_on(tmp_path, server, now=clock) as bench, asyncio.timeout(60):
            while not bench.services.shelf.nights():  # noqa: ASYNC110 (a file tells nobody that it is there)
                await asyncio.sleep(0.05)
        assert bench.services.shelf.nights() == [date(2026, 3, 3)]


async def test_the_owner_is_told_of_a_failure(tmp_path: Path, clock: Clock):
    async with BotApiServer() as server:
        owner = server.person(USER_ID, "Ada")
        async with bench_on(tmp_path, server, now=clock):
            await ask(owner, "Hello")
        (tmp_path / "backups").write_text("a file where the folder should be")
        clock.advance(days=1)
        async with bench_on(tmp_path, server, now=clock, owner=USER_ID):
            told = await owner.wait_for_reply(where=lambda message: "backup" in message.text)
    reason = "The backup could not be written: File exists."
    assert told.text == LANGUAGES["en"].backup_failed.format(reason=reason)
