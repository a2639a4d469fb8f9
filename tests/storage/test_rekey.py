"""Another key for the database: all of it, or, when killed on the way, none of it."""

import asyncio
import random
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2 as sqlcipher

from storage.database import Database, check_database, connect, is_plain
from storage.errors import NotEncryptedError, StorageError, WrongKeyError
from storage.rekey import encrypt, rekey

OLD, NEW = 'it\'s "old"', "it's new; --"
CHILD = """
import sys
from pathlib import Path
from storage.rekey import rekey

print("ready", flush=True)
rekey(Path(sys.argv[1]), old=sys.argv[2], new=sys.argv[3])
"""


ENCRYPTING_CHILD = """
import sys
from pathlib import Path
from storage.rekey import encrypt

print("ready", flush=True)
encrypt(Path(sys.argv[1]), key=sys.argv[2])
"""


async def filled(path: Path, *, key: str | None = OLD, rows: int = 10) -> Path:
    """A database with these users, as a bot leaves it."""
    database = await Database.open(path, key=key)
    async with database.transaction() as connection:
        await connection.executemany(
            "INSERT INTO users (user_id, name, since) VALUES (?, ?, '2026-03-02')",
            [(number, "rosebud" * 40) for number in range(rows)],
        )
    await database.close()
    return path


def users_in(path: Path, key: str | None) -> int:
    with closing(connect(path, key)) as connection:
        return connection.execute("SELECT count(*) FROM users WHERE name LIKE 'rosebud%'").fetchone()[0]


async def test_the_new_key_opens_it_and_the_old_one_no_longer(tmp_path: Path):
    path = await filled(tmp_path / "mynah.db")
    rekey(path, old=OLD, new=NEW)

    with pytest.raises(WrongKeyError):
        check_database(path, key=OLD)
    assert users_in(path, NEW) == 10
    assert not path.with_name("mynah.db-wal").exists()
    assert not path.with_name("mynah.db-journal").exists()
    await (await Database.open(path, key=NEW)).close()


async def test_a_wrong_key_and_a_file_in_use_change_nothing(tmp_path: Path):
    path = await filled(tmp_path / "mynah.db")
    with pytest.raises(WrongKeyError):
        rekey(path, old="another", new=NEW)
    database = await Database.open(path, key=OLD)
    try:
        with pytest.raises(StorageError):
            rekey(path, old=OLD, new=NEW)
    finally:
        await database.close()
    assert users_in(path, OLD) == 10


async def killed_after(seconds: float, code: str, *arguments: str) -> None:
    """Run this code in a child process, and kill it so many seconds after its first line."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code, *arguments), stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    await child.stdout.readline()
    await asyncio.sleep(seconds)
    if child.returncode is None:
        child.kill()
    await child.wait()


async def test_killed_on_the_way_one_of_the_two_keys_opens_all_of_it(tmp_path: Path):
    path = await filled(tmp_path / "mynah.db", rows=20_000)
    chance, old, new = random.Random(1), OLD, NEW
    for _ in range(4):
        await killed_after(chance.uniform(0.1, 1.2), CHILD, str(path), old, new)
        if not opens(path, old):
            old, new = new, old
        check_database(path, key=old)
        assert users_in(path, old) == 20_000


def files_in(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


def schema_of(path: Path, key: str | None) -> list[tuple[str, str]]:
    with closing(connect(path, key)) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()
        return [("version", str(version)), *(tuple(row) for row in tables)]


async def test_a_database_without_a_key_gets_one_and_nothing_readable_stays(tmp_path: Path):
    path = await filled(tmp_path / "mynah.db", key=None)
    before = schema_of(path, None)
    with pytest.raises(NotEncryptedError, match="mynah key set"):
        await Database.open(path, key=NEW)

    encrypt(path, key=NEW)

    assert (users_in(path, NEW), schema_of(path, NEW)) == (10, before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert files_in(tmp_path) == ["mynah.db"]
    assert b"rosebud" not in path.read_bytes()
    await (await Database.open(path, key=NEW)).close()


async def test_a_database_in_use_is_not_encrypted_and_stays_as_it_is(tmp_path: Path):
    path = await filled(tmp_path / "mynah.db", key=None)
    database = await Database.open(path)
    try:
        with pytest.raises(StorageError):
            encrypt(path, key=NEW)
    finally:
        await database.close()
    assert users_in(path, None) == 10


async def test_killed_while_it_is_encrypted_all_of_it_opens_with_the_key_or_without(tmp_path: Path):
    path = await filled(tmp_path / "mynah.db", key=None, rows=20_000)
    chance, plain = random.Random(2), path.read_bytes()
    for _ in range(4):
        path.write_bytes(plain)
        await killed_after(chance.uniform(0.05, 0.6), ENCRYPTING_CHILD, str(path), NEW)
        key = None if is_plain(path) else NEW
        check_database(path, key=key)
        assert users_in(path, key) == 20_000
    if is_plain(path):
        encrypt(path, key=NEW)
    assert files_in(tmp_path) == ["mynah.db"]


def opens(path: Path, key: str) -> bool:
    with closing(connect(path, key)) as connection:
        try:
            connection.execute("SELECT count(*) FROM users")
        except sqlcipher.DatabaseError:
            return False
        return True
