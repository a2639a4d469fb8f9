"""Backups: a consistent copy of database, adapters and settings beside a running bot, and the way back."""

import asyncio
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from storage.archive import Checkpoint, Digest, Manifest, digest_of, is_safe, unpack, write_archive
from storage.database import check_database, connect, told_plainly
from storage.errors import BackupError
from storage.files import make_private, sync
from storage.lock import folder_lock

BACKUPS_NAME = "backups"
"""The folder below the data folder that holds the nightly backups, and for moments the copy in the making."""

DATABASE_NAME = "mynah.db"

_SETTINGS_NAME = "settings.env"
_ADAPTERS_NAME = "adapters"
STAGING_NAME = ".staging"
_STEPS_BETWEEN_CHECKS = 10_000
"""Steps of SQLite's virtual machine, some milliseconds."""

Progress = Callable[[str], None]
"""Takes one plain sentence about long work."""


class BackupWriter:
    """Backs up one data folder. `settings` is text for the keeper that holds no secret."""

    def __init__(
        self, *, data_folder: Path, key: str | None, settings: str, model: str, now: Callable[[], datetime]
    ) -> None:
        self._data_folder = data_folder
        self._key = key
        self._settings = settings
        self._model = model
        self._now = now

    async def write(self, target: Path, progress: Progress) -> Manifest:
        """Write a new file that can be restored; whoever writes to the database goes on meanwhile.

        Raises BackupError, WrongKeyError, LockedError, or StorageError when the database is damaged. A call
        that is cancelled leaves nothing.
        """
        stop = threading.Event()
        work = asyncio.ensure_future(asyncio.to_thread(self._write, target, progress, stop))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            stop.set()
            await asyncio.wait([work])
            work.exception()
            raise

    def _write(self, target: Path, progress: Progress, stop: threading.Event) -> Manifest:
        def checkpoint() -> None:
            if stop.is_set():
                raise BackupError("The backup was ended before it had finished.")

        if target.exists():
            raise BackupError(f"{target} exists already, and a backup overwrites nothing.")
        if not (self._data_folder / DATABASE_NAME).is_file():
            raise BackupError(f"There is no database in the folder {self._data_folder}.")
        with folder_lock(self._data_folder, "backup"), self._staging() as staging:
            progress("Copying the database.")
            sources = self._gather(staging, stop)
            manifest = self._describe(sources, checkpoint)
            progress("Writing the backup and reading it again.")
            write_archive(target, manifest, sources, checkpoint=checkpoint)
        return manifest

    @contextmanager
    def _staging(self) -> Generator[Path]:
        """A folder for the copy of the database; what a killed process left in it goes first."""
        backups = self._data_folder / BACKUPS_NAME
        staging = backups / STAGING_NAME
        try:
            backups.mkdir(mode=0o700, exist_ok=True)
            shutil.rmtree(staging, ignore_errors=True)
            staging.mkdir(mode=0o700)
            yield staging
        except OSError as error:
            raise BackupError(f"The backup could not be written: {error.strerror}.") from error
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    def _gather(self, staging: Path, stop: threading.Event) -> dict[str, Path]:
        """The files of a backup by their names in it: the database first, then only what it names."""
        database, settings = staging / DATABASE_NAME, staging / _SETTINGS_NAME
        _copy_database(self._data_folder / DATABASE_NAME, database, key=self._key, stop=stop)
        settings.write_text(self._settings)
        sources = {DATABASE_NAME: database, _SETTINGS_NAME: settings}
        for folder in _adapter_folders(database, self._key):
            for path in sorted((self._data_folder / folder).glob("*")):
                name = f"{folder}/{path.name}"
                if is_safe(name) and path.is_file() and not path.is_symlink():
                    sources[name] = path
        return sources

    def _describe(self, sources: dict[str, Path], checkpoint: Checkpoint) -> Manifest:
        files: dict[str, Digest] = {}
        for name, path in sources.items():
            checkpoint()
            files[name] = digest_of(path)
        return Manifest(
            created_at=self._now(), model=self._model, encrypted=self._key is not None, files=files
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """A backup that was checked and lies in a folder of its own; without a `key` its database is plain."""

    folder: Path
    manifest: Manifest
    key: str | None


@contextmanager
def restoring(archive: Path, data_folder: Path, *, key: str | None) -> Generator[Staged]:
    """Check a backup to its last byte and page; after the body move it into a data folder that is empty or
    missing. The body may change what must not be used as it is.

    A backup that was made without a key needs none. Raises BackupError, WrongKeyError, NewerDatabaseError, or
    StorageError; the folder is then as it was, also when the body raises.
    """
    missing = [folder for folder in (data_folder, *data_folder.parents) if not folder.exists()]
    _require_empty(data_folder)
    try:
        with _stage_in(data_folder) as stage:
            manifest = unpack(archive, stage)
            if DATABASE_NAME not in manifest.files:
                raise BackupError(f"The backup {archive} holds no database.")
            staged = Staged(folder=stage, manifest=manifest, key=key if manifest.encrypted else None)
            check_database(stage / DATABASE_NAME, key=staged.key)
            yield staged
            sync(stage / DATABASE_NAME)
            _move_in(stage, data_folder)
    except BaseException:
        with suppress(OSError):  # only what is empty goes
            for folder in missing:
                folder.rmdir()
        raise


def _copy_database(source: Path, target: Path, *, key: str | None, stop: threading.Event) -> None:
    """A consistent copy that has been checked, encrypted like the source, without freed pages."""
    with told_plainly(), closing(connect(source, key)) as connection:
        connection.execute("PRAGMA busy_timeout = 5000")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.set_progress_handler(stop.is_set, _STEPS_BETWEEN_CHECKS)
        connection.execute("VACUUM INTO ?", (str(target),))
    sync(target)
    check_database(target, key=key)


def _adapter_folders(database: Path, key: str | None) -> list[str]:
    with told_plainly(), closing(connect(database, key)) as connection:
        rows = connection.execute("SELECT folder FROM adapters ORDER BY user_id, version")
        return [row["folder"] for row in rows]


def _require_empty(data_folder: Path, *, but: Path | None = None) -> None:
    try:
        if data_folder.exists() and any(path != but for path in data_folder.iterdir()):
            raise BackupError(f"The folder {data_folder} is not empty, and a restore overwrites nothing.")
    except OSError as error:
        raise BackupError(f"The folder {data_folder} cannot be used: {error.strerror}.") from error


@contextmanager
def _stage_in(data_folder: Path) -> Generator[Path]:
    """A folder inside the data folder, since only within one file system a rename is a single step."""
    try:
        make_private(data_folder)
        stage = Path(tempfile.mkdtemp(prefix=".restore-", dir=data_folder))
        try:
            yield stage
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    except OSError as error:
        raise BackupError(f"The backup could not be restored: {error.strerror}.") from error


def _move_in(stage: Path, data_folder: Path) -> None:
    """The database comes last: a folder without one is not taken for a restored one."""
    _require_empty(data_folder, but=stage)
    for name in (_ADAPTERS_NAME, _SETTINGS_NAME, DATABASE_NAME):
        if (stage / name).exists():
            os.replace(stage / name, data_folder / name)  # noqa: PTH105 (Path.replace says nothing of folders)
    sync(data_folder)
