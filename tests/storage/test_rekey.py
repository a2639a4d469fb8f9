"""Another key for the database: all of it, or, when killed on the way, none of it."""

import asyncio
import random
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2 as sqlcipher

from storage.database import Database, check_database, connect
from storage.errors import StorageError, WrongKeyError
from storage.rekey import rekey

OLD, NEW = 'it\'s "old"', "it's new; --"
CHILD = """
import sys
from pathlib import Path
from storage.rekey import rekey

print("ready", flush=True)
rekey(Path(sys.argv[1]), old=sys.argv[2], new=sys.argv[3])
"""


async def filled(path: Path, *, rows: int = 10) -> Path:
    """An encrypted database with these users, as a bot leaves it."""
    database = await Database.open(path, key=OLD)
    async with database.transaction() as connection:
        await connection.executemany(
            "INSERT INTO users (user_id, name, since) VALUES (?, ?, '2026-03-02')",
            [(number, "rosebud" * 40) for number in range(rows)],
        )
    await database.close()
    return path


def users_in(path: Path, key: str) -> int:
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


async def test_killed_on_the_way_one_of_the_two_keys_opens_all_of_it(tmp_path: Path):
    path = await filled(tmp_path / "mynah.db", rows=20_000)
    chance, old, new = random.Random(1), OLD, NEW
    for _ in range(4):
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", CHILD, str(path), old, new), stdout=asyncio.subprocess.PIPE
        )
        assert child.stdout is not None
        await child.stdout.readline()
        await asyncio.sleep(chance.uniform(0.1, 1.2))
        if child.returncode is None:
            child.kill()
        await child.wait()
        if not opens(path, old):
            old, new = new, old
        check_database(path, key=old)
        assert users_in(path, old) == 20_000


def opens(path: Path, key: str) -> bool:
    with closing(connect(path, key)) as connection:
        try:
            connection.execute("SELECT count(*) FROM users")
        except sqlcipher.DatabaseError:
            return False
        return True
