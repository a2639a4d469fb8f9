"""What breaks under the store is told in one sentence, and nothing that was written before is lost."""

import asyncio
import os
from pathlib import Path

import pytest

from storage.database import Database
from storage.errors import DamagedError, FolderError, WriteRefusedError, WrongKeyError
from storage.lock import folder_lock, is_held
from tests.disks import read_only

INSERT = "INSERT INTO users (user_id, name, since) VALUES (?, ?, '')"


async def filled(path: Path, key: str | None) -> None:
    database = await Database.open(path, key=key)
    async with database.transaction() as connection:
        await connection.executemany(INSERT, [(number, "name " * 50) for number in range(2000)])
    await database.empty_log()
    await database.close()


def overwrite_middle(path: Path) -> None:
    middle = path.stat().st_size // 2 // 4096 * 4096
    with path.open("r+b") as file:
        file.seek(middle)
        file.write(os.urandom(4096))


@pytest.mark.parametrize("key", [None, "secret"])
async def test_a_page_overwritten_in_the_middle_is_told_at_the_start(tmp_path: Path, key: str | None):
    await filled(tmp_path / "mynah.db", key)
    overwrite_middle(tmp_path / "mynah.db")

    with pytest.raises(DamagedError, match=r"^The database is damaged \(.+\)\. Restore the last backup"):
        await Database.open(tmp_path / "mynah.db", key=key)


async def test_a_page_overwritten_under_an_open_database_is_told_by_whoever_reads_it(tmp_path: Path):
    await filled(tmp_path / "mynah.db", None)
    database = await Database.open(tmp_path / "mynah.db")
    overwrite_middle(tmp_path / "mynah.db")

    with pytest.raises(DamagedError):
        await database.fetch_all("SELECT sum(length(name)) FROM users")
    with pytest.raises(DamagedError):
        await database.execute("UPDATE users SET name = name || 'x'")
    await database.close()


async def test_a_garbled_header_is_told(tmp_path: Path):
    await filled(tmp_path / "mynah.db", None)
    with (tmp_path / "mynah.db").open("r+b") as file:
        file.write(b"nothing that SQLite knows")

    with pytest.raises(WrongKeyError, match="not a database"):
        await Database.open(tmp_path / "mynah.db")


async def test_a_file_that_can_grow_no_more_refuses_writes_and_nothing_else(database: Database):
    await database.execute(INSERT, (1, "Ada"))
    [row] = await database.fetch_all("PRAGMA page_count")
    await database._writer.execute(f"PRAGMA max_page_count = {row[0]}")

    for _ in range(3):
        with pytest.raises(WriteRefusedError, match="the disk is full"):
            await database.execute(INSERT, (2, "x" * 100_000))
    assert [row["name"] for row in await database.fetch_all("SELECT name FROM users")] == ["Ada"]
    await database._writer.execute("PRAGMA max_page_count = 100000")
    await database.execute(INSERT, (2, "x" * 100_000))

    assert len(await database.fetch_all("SELECT 1 FROM users")) == 2
    assert await database.damage() == []


async def test_a_database_opened_to_read_refuses_writes_and_migrates_nothing(tmp_path: Path):
    await filled(tmp_path / "mynah.db", None)
    before = (tmp_path / "mynah.db").read_bytes()
    database = await Database.open_to_read(tmp_path / "mynah.db")

    with pytest.raises(WriteRefusedError, match="read-only"):
        await database.execute(INSERT, (9999, "x"))
    await database.close()
    assert (tmp_path / "mynah.db").read_bytes() == before


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path):
    with read_only(tmp_path / "data") as data:
        refusal = pytest.raises(
            FolderError, match=r"cannot be used: (Read-only file system|Permission denied)\."
        )
        with refusal, folder_lock(data, "bot"):
            pass
        with pytest.raises(WriteRefusedError, match="its files cannot be opened"):
            asyncio.run(Database.open(data / "mynah.db"))


def test_a_folder_that_is_a_file_is_told(tmp_path: Path):
    (tmp_path / "data").touch()

    with pytest.raises(FolderError, match="cannot be used"), folder_lock(tmp_path / "data", "bot"):
        pass


def test_a_lock_is_seen_and_left_alone(tmp_path: Path):
    assert not is_held(tmp_path, "bot")
    with folder_lock(tmp_path, "bot"):
        assert is_held(tmp_path, "bot")
    assert not is_held(tmp_path, "bot")
    with folder_lock(tmp_path, "bot"):
        pass
