import asyncio
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2 as sqlcipher

from storage.database import Connection, Database
from storage.errors import NewerDatabaseError, WriteRefusedError, WrongKeyError
from storage.migrations import MIGRATIONS

INSERT = "INSERT INTO users (user_id, name, since) VALUES (?, 'x', '')"


async def count(database: Database) -> int:
    row = await database.fetch_one("SELECT count(*) AS n FROM users")
    assert row is not None
    return row["n"]


async def test_a_failed_transaction_leaves_nothing(database: Database):
    async def fail_half_way() -> None:
        async with database.transaction() as connection:
            await connection.execute(INSERT, (1,))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_half_way()
    assert await count(database) == 0


async def test_a_cancelled_transaction_leaves_nothing_and_blocks_nobody(database: Database):
    entered = asyncio.Event()

    async def write_for_ever() -> None:
        async with database.transaction() as connection:
            await connection.execute(INSERT, (1,))
            entered.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write_for_ever())
    await entered.wait()
    task.cancel()
    await asyncio.wait([task])
    await database.execute(INSERT, (2,))

    assert await count(database) == 1


async def test_transactions_of_different_tasks_do_not_mix(database: Database):
    async def write(user_id: int, fail: bool) -> None:
        async with database.transaction() as connection:
            await connection.execute(INSERT, (user_id,))
            await asyncio.sleep(0)
            if fail:
                raise ZeroDivisionError

    await asyncio.gather(*(write(n, n % 2 == 0) for n in range(10)), return_exceptions=True)

    assert await count(database) == 5


async def test_the_reader_cannot_write(database: Database):
    with pytest.raises(WriteRefusedError, match="read-only"):
        await database.fetch_all("DELETE FROM users")


async def test_a_key_makes_the_file_unreadable_without_it(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    path = tmp_path / "mynah.db"
    database = await Database.open(path, key='it\'s "secret"')
    await database.execute("INSERT INTO users (user_id, name, since) VALUES (1, 'rosebud', '')")
    await database.close()

    assert b"rosebud" not in path.read_bytes()
    assert not path.read_bytes().startswith(b"SQLite format 3")
    with pytest.raises(WrongKeyError):
        await Database.open(path, key="another")
    with pytest.raises(WrongKeyError):
        await Database.open(path)
    assert capfd.readouterr() == ("", "")


async def test_a_file_of_a_newer_version_is_refused(tmp_path: Path):
    path = tmp_path / "mynah.db"
    await (await Database.open(path)).close()
    with sqlcipher.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()

    with pytest.raises(NewerDatabaseError):
        await Database.open(path)


def test_sqlite_is_recent_enough_for_two_writing_processes():
    version = tuple(int(part) for part in sqlcipher.sqlite_version.split("."))

    assert version >= (3, 51, 3)


async def test_steps_that_wait_together_share_no_failure(database: Database):
    def fail(connection: Connection) -> None:
        connection.execute(INSERT, (0,))
        raise ZeroDivisionError

    def insert(connection: Connection) -> int:
        return connection.execute(INSERT, (1,)).rowcount

    outcomes = await asyncio.gather(
        database.write(insert), database.write(fail), database.execute(INSERT, (2,)), return_exceptions=True
    )

    assert [type(outcome) for outcome in outcomes] == [int, ZeroDivisionError, int]
    assert [row["user_id"] for row in await database.fetch_all("SELECT user_id FROM users")] == [1, 2]


async def test_a_step_that_was_begun_is_written_though_nobody_waits_any_more(database: Database):
    task = asyncio.create_task(database.execute(INSERT, (1,)))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])

    assert task.cancelled()
    assert await count(database) == 1


async def test_a_close_waits_for_what_is_to_be_written(tmp_path: Path):
    database = await Database.open(tmp_path / "mynah.db")
    task = asyncio.create_task(database.execute(INSERT, (1,)))
    await asyncio.sleep(0)
    await database.close()

    assert await task == 1


async def test_an_emptied_log_keeps_nobody_from_writing(database: Database):
    await database.empty_log()

    assert await database.execute(INSERT, (1,)) == 1
