"""Another key for an encrypted database, in one transaction: however it ends, one of the two opens it."""

from contextlib import closing
from pathlib import Path

from storage.database import check_database, connect, quoted, told_plainly
from storage.errors import StorageError


def rekey(path: Path, *, old: str, new: str) -> None:
    """Encrypt every page anew. Nobody else may have the file open.

    Raises WrongKeyError, or StorageError when the file is in use or cannot be written: the old key stays.
    """
    with told_plainly(), closing(connect(path, old)) as connection:
        # With a rollback journal the file itself is never half old and half new once it can be opened again.
        mode = connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
        if mode != "delete":
            raise StorageError(f"The database {path.name} is in use.")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA rekey = {quoted(new)}")
    check_database(path, key=new)
