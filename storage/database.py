"""One SQLite file: a single writer connection behind a lock, and one read-only reader.

A shared aiosqlite connection mixes the transactions of different tasks, so every write goes through `write()`
or `transaction()`, and every read outside one through the reader, which sees only what is committed.
"""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

import aiosqlite
from sqlcipher3 import dbapi2 as sqlcipher

from storage.errors import (
    DamagedError,
    FolderError,
    NotEncryptedError,
    StorageError,
    WriteRefusedError,
    WrongKeyError,
)
from storage.migrations import migrate, seen_steps

Parameters = Sequence[Any] | Mapping[str, Any]
Connection = sqlite3.Connection
Row = sqlite3.Row
Result = TypeVar("Result")
Step = Callable[[Connection], Result]
"""Statements and what comes of them, run on a connection's own thread; it may be run again from the start."""

_CACHED_STATEMENTS = 64

_PLAIN_HEADER = b"SQLite format 3\0"

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",  # readers go on while the writer commits
    "PRAGMA synchronous = FULL",  # an acknowledged message survives a power cut; 293 commits/s is plenty
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 5000",  # another Mynah process on the same folder may be writing
    "PRAGMA secure_delete = ON",  # what is forgotten leaves no bytes in freed pages
    "PRAGMA trusted_schema = OFF",  # a planted view must not call functions
    "PRAGMA temp_store = MEMORY",  # no chat text in temporary files
)

_READING = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA query_only = ON",
)

_REASONS = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "it is read-only",
    sqlite3.SQLITE_BUSY: "another program holds it",
    sqlite3.SQLITE_IOERR: "the disk does not answer",
    sqlite3.SQLITE_CANTOPEN: "its files cannot be opened",
}


def _in_plain_words(error: sqlcipher.Error) -> StorageError | None:
    """The failure of the store behind an error of SQLite; None for a mistake in a statement."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the rest is detail
    if code == sqlite3.SQLITE_NOTADB:
        return WrongKeyError()
    if code == sqlite3.SQLITE_CORRUPT:
        return DamagedError(str(error))
    return WriteRefusedError(_REASONS[code]) if code in _REASONS else None


@contextmanager
def told_plainly() -> Generator[None]:
    """Raise what goes wrong with a file as the StorageError that it is."""
    try:
        yield
    except sqlcipher.Error as error:
        failure = _in_plain_words(error)
        if failure is None:
            raise
        raise failure from error


def connect(path: Path, key: str | None, *, mode: Literal["rwc", "ro"] = "rwc") -> Connection:
    """A bare connection; whether the key is the right one shows when the file is first read.

    Raises NotEncryptedError for a key where none is needed.
    """
    if key is not None and is_plain(path):
        raise NotEncryptedError
    address = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlcipher.connect(address, uri=True, isolation_level=None)
    connection.row_factory = sqlcipher.Row
    if key is not None:
        connection.execute("PRAGMA cipher_log_level = NONE")  # a wrong key is told in one sentence, not three
        connection.execute(f"PRAGMA key = {quoted(key)}")
    return connection


def quoted(key: str) -> str:
    """A key as SQL quotes any text, since a pragma takes no bound parameters."""
    escaped = key.replace("'", "''")
    return f"'{escaped}'"


def is_plain(path: Path) -> bool:
    """Whether there is a database that anybody can read: an encrypted one begins with random bytes."""
    try:
        with path.open("rb") as file:
            return file.read(len(_PLAIN_HEADER)) == _PLAIN_HEADER
    except OSError:
        return False


def check_database(path: Path, *, key: str | None) -> None:
    """Read every page of a file that nobody writes to.

    Raises WrongKeyError, NewerDatabaseError, DamagedError.
    """
    with told_plainly(), closing(connect(path, key)) as connection:
        connection.execute("PRAGMA trusted_schema = OFF")
        _check(connection, "integrity_check")
        seen_steps(connection)


async def _connected(connector: Callable[[], Connection]) -> "_Threaded":
    connection = _Threaded(connector, _CACHED_STATEMENTS)
    await connection
    return connection


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


class _Threaded(aiosqlite.Connection):
    """A connection of aiosqlite that takes a whole step in one visit to its thread.

    Each visit costs two changes of thread, which is more than most statements take.
    """

    async def run(self, step: Step[Result]) -> Result:
        return await self._execute(step, self._conn)  # pyright: ignore[reportUnknownMemberType]


class Database:
    """The open file. Make one with `Database.open`, end it with `close`."""

    def __init__(self, *, path: Path, encrypted: bool, writer: _Threaded, reader: _Threaded) -> None:
        self.path = path
        self.encrypted = encrypted
        self._writer = writer
        self._reader = reader
        self._lock = asyncio.Lock()
        self._waiting: list[tuple[Step[Any], asyncio.Future[Any]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._closed = False

    @classmethod
    async def open(cls, path: Path, *, key: str | None = None) -> "Database":
        """Open or create the file, bring its schema up to date, and start both connections.

        Raises WrongKeyError, NewerDatabaseError, DamagedError, FolderError, WriteRefusedError.
        """
        await asyncio.to_thread(_prepare, path, key)
        return await cls._connect(path, key, mode="rwc", writing=_PRAGMAS)

    @classmethod
    async def open_to_read(cls, path: Path, *, key: str | None = None) -> "Database":
        """Open the file as it stands: nothing is migrated, and every write is refused.

        Raises WrongKeyError, DamagedError, WriteRefusedError.
        """
        await asyncio.to_thread(_look, path, key)
        return await cls._connect(path, key, mode="ro", writing=_READING)

    @classmethod
    async def _connect(
        cls, path: Path, key: str | None, *, mode: Literal["rwc", "ro"], writing: Iterable[str]
    ) -> "Database":
        connector = partial(connect, path, key, mode=mode)
        writer = await _connected(connector)
        try:
            for pragma in writing:
                await writer.execute(pragma)
            reader = await _connected(connector)
            try:
                for pragma in _READING:
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

        Raises WriteRefusedError when SQLite cannot write, DamagedError when it cannot read.
        """
        async with self._lock:
            with told_plainly():
                try:
                    await _to_the_end(self._writer.execute("BEGIN IMMEDIATE"))
                    yield self._writer
                except BaseException:
                    await _to_the_end(self._writer.rollback())
                    raise
                await self._commit()

    async def _commit(self) -> None:
        try:
            await _to_the_end(self._writer.commit())
        except sqlcipher.Error:
            await _to_the_end(self._writer.rollback())
            raise

    async def write(self, step: Step[Result]) -> Result:
        """Run a step in a transaction: it is committed when this returns, or has changed nothing.

        Steps that wait for the writer at the same time share one commit to the disk.
        Raises what the step raises, WriteRefusedError, DamagedError.
        """
        written: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((step, written))
        if len(self._waiting) == 1:
            self._writing = asyncio.create_task(self._write_waiting(), name="database writer")
        with told_plainly():
            return await _to_the_end(written)

    async def _write_waiting(self) -> None:
        """Write for all that have come until it is this one's turn."""
        async with self._lock:
            batch, self._waiting = self._waiting, []
            steps = [step for step, _ in batch]
            outcomes: list[Any]
            try:
                outcomes = await self._writer.run(lambda connection: _commit_together(steps, connection))
            except Exception as error:  # noqa: BLE001 (those who wait raise it)
                outcomes = [_Failure(error)] * len(batch)
        for (_, written), outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, _Failure):
                written.set_exception(outcome.error)
            else:
                written.set_result(outcome)

    async def execute(self, sql: str, parameters: Parameters = ()) -> int:
        """One statement in a transaction of its own; returns the number of rows it changed.

        Raises WriteRefusedError, DamagedError.
        """
        return await self.write(lambda connection: connection.execute(sql, parameters).rowcount)

    async def read(self, step: Step[Result]) -> Result:
        """Run a step that reads what is committed. Raises what the step raises, DamagedError."""
        with told_plainly():
            return await self._reader.run(step)

    async def fetch_all(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """All rows of a query over what is committed. Raises DamagedError."""
        return await self.read(lambda connection: connection.execute(sql, parameters).fetchall())

    async def fetch_one(self, sql: str, parameters: Parameters = ()) -> Row | None:
        """The first row of a query over what is committed, if any."""
        rows = await self.fetch_all(sql, parameters)
        return rows[0] if rows else None

    async def empty_log(self) -> None:
        """Bring the write-ahead log into the file and truncate it: old pages in it keep what was deleted."""
        async with self._lock:
            # To the last row: a statement that waits to be read on keeps others from being committed.
            checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)"
            await _to_the_end(self._writer.run(lambda connection: connection.execute(checkpoint).fetchall()))

    async def write_beside(self, path: Path, step: Step[Result]) -> Result:
        """Run a step in a transaction over another file, too: attached as `beside`, encrypted like this one.

        Raises what the step raises, WrongKeyError, WriteRefusedError, DamagedError.
        """
        async with self._lock:
            with told_plainly():
                return await _to_the_end(
                    self._writer.run(lambda connection: _with_another(connection, path, step))
                )

    async def data_version(self) -> int:
        """A number that changes when another connection, of this process or another, has committed."""
        row = await self.fetch_one("PRAGMA data_version")
        assert row is not None, "PRAGMA data_version always answers"
        return int(row[0])

    async def try_writing(self) -> None:
        """Commit something that changes nothing. Raises WriteRefusedError."""
        async with self.transaction() as connection:
            [row] = await connection.execute_fetchall("PRAGMA user_version")
            await connection.execute(f"PRAGMA user_version = {int(row[0])}")

    async def schema_version(self) -> int:
        """How many steps of the schema the file has seen."""
        row = await self.fetch_one("PRAGMA user_version")
        assert row is not None, "PRAGMA user_version always answers"
        return int(row[0])

    async def damage(self) -> list[str]:
        """What SQLite's quick check finds wrong with the file; empty when it is whole."""
        rows = await self.fetch_all("PRAGMA quick_check(5)")
        return [_without_heading(row[0]) for row in rows if row[0] != "ok"]

    async def close(self) -> None:
        """Finish the write under way and close both connections; calling it again does nothing."""
        if self._closed:
            return
        self._closed = True
        if self._writing is not None:
            await asyncio.wait([self._writing])
        async with self._lock:
            await self._reader.close()
            await self._writer.close()


@dataclass(frozen=True, slots=True)
class _Failure:
    """What a step raised in the place of its result."""

    error: Exception


def _commit_together(steps: Sequence[Step[Any]], connection: Connection) -> list[Any]:
    """The results of steps run in one transaction; if any of them fails, each is run in its own."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        results = [step(connection) for step in steps]
        connection.commit()
    except Exception as error:  # noqa: BLE001 (whoever waits for the step raises it)
        connection.rollback()
        if len(steps) == 1:
            return [_Failure(error)]
        return [outcome for step in steps for outcome in _commit_together([step], connection)]
    return results


def _with_another(connection: Connection, path: Path, step: Step[Result]) -> Result:
    # Without a key of its own an attached file has that of the main one.
    connection.execute("ATTACH DATABASE ? AS beside", (str(path),))
    try:
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = step(connection)
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        return result
    finally:
        connection.execute("DETACH DATABASE beside")


def _prepare(path: Path, key: str | None) -> None:
    """Check key and file and bring the schema up to date, before any connection is shared."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with told_plainly(), closing(connect(path, key)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_schema")
            path.chmod(0o600)
            for pragma in _PRAGMAS:
                connection.execute(pragma)
            _check(connection, "quick_check")
            migrate(connection)
    except OSError as error:
        raise FolderError(path.parent, error.strerror or type(error).__name__) from error


def _look(path: Path, key: str | None) -> None:
    """Check the key, before any connection is shared."""
    with told_plainly(), closing(connect(path, key, mode="ro")) as connection:
        connection.execute("SELECT count(*) FROM sqlite_schema")


def _check(connection: Connection, check: Literal["quick_check", "integrity_check"]) -> None:
    [found] = connection.execute(f"PRAGMA {check}(1)").fetchone()
    if found != "ok":
        raise DamagedError(_without_heading(found))


def _without_heading(found: str) -> str:
    """A line of the quick check: the first one names the database before."""
    return found.splitlines()[-1]
