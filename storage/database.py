"""One SQLite file: a single writer connection behind a lock, and one read-only reader.

A shared aiosqlite connection mixes the transactions of different tasks, so every write goes through
`transaction()`, and every read outside one through the reader, which sees only what is committed.
"""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Generator, Iterable
from contextlib import asynccontextmanager, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite
from sqlcipher3 import dbapi2 as sqlcipher

from storage.errors import NewerDatabaseError, StorageError, WriteRefusedError, WrongKeyError
from storage.migrations import MIGRATIONS, migrate

Parameters = Iterable[Any]
Row = sqlite3.Row

_CACHED_STATEMENTS = 64

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",  # readers go on while the writer commits
    "PRAGMA synchronous = FULL",  # an acknowledged message survives a power cut; 293 commits/s is plenty
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 5000",  # another Mynah process on the same folder may be writing
    "PRAGMA secure_delete = ON",  # what is forgotten leaves no bytes in freed pages
    "PRAGMA trusted_schema = OFF",  # a planted view must not call functions
    "PRAGMA temp_store = MEMORY",  # no chat text in temporary files
)


def connect(path: Path, key: str | None) -> sqlite3.Connection:
    """A bare connection; whether the key is the right one shows when the file is first read."""
    connection = sqlcipher.connect(path, isolation_level=None)
    connection.row_factory = sqlcipher.Row
    if key is not None:
        connection.execute(f"PRAGMA key = {quoted(key)}")
    return connection


def quoted(key: str) -> str:
    """A key as SQL quotes any text, since a pragma takes no bound parameters."""
    escaped = key.replace("'", "''")
    return f"'{escaped}'"


@contextmanager
def explaining(path: Path) -> Generator[None]:
    """Raise what goes wrong with a file as WrongKeyError, or as StorageError with its reason."""
    try:
        yield
    except sqlcipher.DatabaseError as error:
        if "not a database" in str(error):
            raise WrongKeyError from error
        raise StorageError(f"The database {path.name} cannot be opened: {error}.") from error


def check_database(path: Path, *, key: str | None) -> None:
    """Read every page of a file that nobody writes to.

    Raises WrongKeyError, NewerDatabaseError, or StorageError when it is damaged.
    """
    with explaining(path), closing(connect(path, key)) as connection:
        connection.execute("PRAGMA trusted_schema = OFF")
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if verdict != "ok":
        raise StorageError(f"The database {path.name} is damaged.")
    if version > len(MIGRATIONS):
        raise NewerDatabaseError(version, len(MIGRATIONS))


async def _to_the_end(step: Awaitable[Any]) -> Any:
    """Await a step that must not be left half done; a cancellation is raised again once it has ended."""
    task = asyncio.ensure_future(step)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            if task.cancelled():
                raise
            cancelled = error
        except sqlcipher.Error:
            break
    if cancelled is not None:
        raise cancelled
    return task.result()


class Database:
    """The open file. Make one with `Database.open`, end it with `close`."""

    def __init__(
        self, *, path: Path, encrypted: bool, writer: aiosqlite.Connection, reader: aiosqlite.Connection
    ) -> None:
        self.path = path
        self.encrypted = encrypted
        self._writer = writer
        self._reader = reader
        self._lock = asyncio.Lock()
        self._closed = False

    @classmethod
    async def open(cls, path: Path, *, key: str | None = None) -> "Database":
        """Open or create the file, bring its schema up to date, and start both connections.

        Raises WrongKeyError, NewerDatabaseError, or StorageError when the file cannot be opened.
        """
        await asyncio.to_thread(_prepare, path, key)
        writer = await aiosqlite.Connection(partial(connect, path, key), _CACHED_STATEMENTS)
        try:
            for pragma in _PRAGMAS:
                await writer.execute(pragma)
            reader = await aiosqlite.Connection(partial(connect, path, key), _CACHED_STATEMENTS)
            try:
                for pragma in (
                    "PRAGMA busy_timeout = 5000",
                    "PRAGMA trusted_schema = OFF",
                    "PRAGMA query_only = ON",
                ):
                    await reader.execute(pragma)
            except BaseException:
                await reader.close()
                raise
        except BaseException:
            await writer.close()
            raise
        return cls(path=path, encrypted=key is not None, writer=writer, reader=reader)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[aiosqlite.Connection]:
        """One write transaction: committed as a whole, or rolled back when the body raises or is cancelled.

        Raises WriteRefusedError when SQLite cannot write.
        """
        async with self._lock:
            try:
                try:
                    await _to_the_end(self._writer.execute("BEGIN IMMEDIATE"))
                    yield self._writer
                except BaseException:
                    await _to_the_end(self._writer.rollback())
                    raise
                await self._commit()
            except sqlcipher.OperationalError as error:
                raise WriteRefusedError(str(error)) from error

    async def _commit(self) -> None:
        try:
            await _to_the_end(self._writer.commit())
        except sqlcipher.Error:
            await _to_the_end(self._writer.rollback())
            raise

    async def execute(self, sql: str, parameters: Parameters = ()) -> int:
        """One statement in a transaction of its own; returns the number of rows it changed."""
        async with self.transaction() as connection:
            cursor = await connection.execute(sql, parameters)
            return cursor.rowcount

    async def fetch_all(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """All rows of a query over what is committed."""
        return list(await self._reader.execute_fetchall(sql, parameters))

    async def fetch_one(self, sql: str, parameters: Parameters = ()) -> Row | None:
        """The first row of a query over what is committed, if any."""
        rows = await self.fetch_all(sql, parameters)
        return rows[0] if rows else None

    async def empty_log(self) -> None:
        """Bring the write-ahead log into the file and truncate it: old pages in it keep what was deleted."""
        async with self._lock:
            await _to_the_end(self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)"))

    async def data_version(self) -> int:
        """A number that changes when another connection, of this process or another, has committed."""
        row = await self.fetch_one("PRAGMA data_version")
        assert row is not None, "PRAGMA data_version always answers"
        return int(row[0])

    async def close(self) -> None:
        """Finish the write under way and close both connections; calling it again does nothing."""
        if self._closed:
            return
        self._closed = True
        async with self._lock:
            await self._reader.close()
            await self._writer.close()


def _prepare(path: Path, key: str | None) -> None:
    """Check the key and bring the schema up to date, before any connection is shared."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with explaining(path), closing(connect(path, key)) as connection:
        path.chmod(0o600)
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        migrate(connection)
