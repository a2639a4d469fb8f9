"""Another key for a database, or its first one: however it ends, the file opens with the one or the other."""

import sqlite3
from contextlib import closing
from pathlib import Path

from storage.database import check_database, connect, quoted, told_plainly
from storage.errors import StorageError, WriteRefusedError
from storage.files import sync


def rekey(path: Path, *, old: str, new: str) -> None:
    """Encrypt every page anew, in one transaction. Nobody else may have the file open.

    Raises WrongKeyError, or StorageError when the file is in use or cannot be written: the old key stays.
    """
    with told_plainly(), closing(connect(path, old)) as connection:
        # With a rollback journal the file itself is never half old and half new once it can be opened again.
        _leave_wal(connection, path)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA rekey = {quoted(new)}")
    check_database(path, key=new)


def encrypt(path: Path, *, key: str) -> None:
    """Put an encrypted copy in the place of a plain database, in one step. Nobody else may have it open.

    Raises StorageError when it is in use, damaged or cannot be written: the plain file stays.
    """
    aside = path.with_name(f".{path.name}.tmp")
    aside.unlink(missing_ok=True)
    try:
        aside.touch(mode=0o600)
        with told_plainly(), closing(connect(path, None)) as connection:
            _leave_wal(connection, path)
            _copy(connection, aside, key)
        check_database(aside, key=key)
        sync(aside)
        aside.replace(path)
        sync(path.parent)
    except OSError as error:
        raise WriteRefusedError(error.strerror or type(error).__name__) from error
    finally:
        aside.unlink(missing_ok=True)


def _leave_wal(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the write-ahead log into the file and do without: only who is alone with the file can."""
    [mode] = connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    if mode != "delete":
        raise StorageError(f"The database {path.name} is in use.")


def _copy(connection: sqlite3.Connection, target: Path, key: str) -> None:
    """Write all that a plain database holds into an encrypted file; a half-written one is thrown away."""
    connection.execute(f"ATTACH DATABASE ? AS encrypted KEY {quoted(key)}", (str(target),))
    connection.execute("PRAGMA encrypted.journal_mode = OFF")
    connection.execute("SELECT sqlcipher_export('encrypted')")
    [version] = connection.execute("PRAGMA user_version").fetchone()
    connection.execute(f"PRAGMA encrypted.user_version = {int(version)}")
    connection.execute("DETACH DATABASE encrypted")
