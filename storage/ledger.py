"""Who was forgotten, in a file beside the nightly backups: whoever restores one that is older can forget them
again, also when the database is lost. It holds numeric ids and times, encrypted like the database.
"""

import asyncio
from contextlib import closing
from pathlib import Path

from sqlcipher3 import dbapi2 as sqlcipher

from storage.database import Connection, Database, Row, connect, is_plain, told_plainly
from storage.errors import BackupError, DamagedError, StorageError, WrongKeyError
from storage.files import make_private
from storage.records import Erasure
from storage.times import from_text

LEDGER_NAME = "erasures.db"


async def note_erasures(database: Database, folder: Path) -> None:
    """Bring the ledger in this folder up to date with the database.

    One that has another key, or is damaged, is written anew. Raises WriteRefusedError, OSError.
    """
    path = folder / LEDGER_NAME
    await asyncio.to_thread(_make_ready, path)
    try:
        await database.write_beside(path, _copy)
    except (WrongKeyError, DamagedError):
        await asyncio.to_thread(path.unlink)
        await asyncio.to_thread(_make_ready, path)
        await database.write_beside(path, _copy)


def read_ledger(path: Path, *, key: str | None) -> list[Erasure]:
    """All erasures that a ledger knows of, oldest first. Raises BackupError when there is none to read."""
    if not path.exists():
        raise BackupError(f"There is no {LEDGER_NAME} beside the backup.")
    try:
        return _read(path, None if is_plain(path) else key)
    except (StorageError, sqlcipher.Error) as error:
        raise BackupError(
            f"The file {LEDGER_NAME} beside the backup cannot be read with this key."
        ) from error


def _make_ready(path: Path) -> None:
    make_private(path.parent)
    path.touch(mode=0o600)


def _read(path: Path, key: str | None) -> list[Erasure]:
    with told_plainly(), closing(connect(path, key, mode="ro")) as connection:
        connection.execute("PRAGMA trusted_schema = OFF")
        return [_erasure(row) for row in connection.execute("SELECT * FROM erasures ORDER BY erasure_id")]


def _erasure(row: Row) -> Erasure:
    return Erasure(
        erasure_id=row["erasure_id"],
        user_id=row["user_id"],
        at=from_text(row["at"]),
        whole=bool(row["whole"]),
    )


def _copy(connection: Connection) -> None:
    connection.execute(
        """
        CREATE TABLE IF NOT EXISTS beside.erasures (
            erasure_id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, at TEXT NOT NULL, whole INTEGER NOT NULL
        )
        """
    )
    connection.execute(
        "INSERT OR IGNORE INTO beside.erasures SELECT erasure_id, user_id, at, whole FROM main.erasures"
    )
