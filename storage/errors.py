"""Failures of the store.

StorageError
 ├─ WrongKeyError
 ├─ NotEncryptedError
 ├─ NewerDatabaseError
 ├─ DamagedError
 ├─ FolderError
 ├─ WriteRefusedError
 ├─ GoneError
 ├─ LockedError
 ├─ BackupError
 ├─ SealError
 └─ KeyRefusedError
"""

from pathlib import Path


class StorageError(Exception):
    """The database could not do what was asked; the message may be shown to the keeper."""


class WrongKeyError(StorageError):
    """The file is encrypted with another key, or is no database."""

    def __init__(self) -> None:
        super().__init__("The database cannot be read with this MYNAH_DATABASE_KEY, or it is not a database.")


class NotEncryptedError(StorageError):
    """There is a key, but the file was begun without one."""

    def __init__(self) -> None:
        super().__init__(
            "The database is not encrypted yet: run `mynah key set` to encrypt it with MYNAH_DATABASE_KEY,"
            " or unset that."
        )


class NewerDatabaseError(StorageError):
    """The file was written by a newer Mynah."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(f"The database has schema version {found}; this Mynah knows {known}. Update Mynah.")


class DamagedError(StorageError):
    """The file is a database, but some of its pages cannot be read."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"The database is damaged ({detail}). Restore the last backup; see docs/backup.md.")


class FolderError(StorageError):
    """The data folder cannot be used."""

    def __init__(self, folder: Path, detail: str) -> None:
        super().__init__(f"The data folder {folder} cannot be used: {detail}.")


class WriteRefusedError(StorageError):
    """SQLite could not write: the disk is full, read-only or locked."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"The database could not be written: {detail}.")


class GoneError(StorageError):
    """What was to be changed is no longer there: its user was forgotten meanwhile."""

    def __init__(self) -> None:
        super().__init__("What was to be changed is no longer there.")


class LockedError(StorageError):
    """Another process does the same kind of work on this data folder."""

    def __init__(self, work: str, folder: Path) -> None:
        super().__init__(f"Another Mynah process holds the lock '{work}' on the folder {folder}.")


class BackupError(StorageError):
    """A backup could not be written, or is not one that can be restored."""


class SealError(StorageError):
    """A file is encrypted with another secret, or damaged; the message is half a sentence about it."""


class KeyRefusedError(StorageError):
    """A new key that cannot be taken."""
