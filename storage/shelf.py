"""The nightly backups in the data folder: one for each local date, each deleted after so many days."""

import re
import shutil
from datetime import date, timedelta
from pathlib import Path

from storage.backup import BACKUPS_NAME, STAGING_NAME
from storage.errors import BackupError
from storage.lock import folder_lock

_NAME = re.compile(r"mynah-(\d{4}-\d\d-\d\d)\.tar", re.ASCII)


class Shelf:
    """Names, rotates and purges them. Files of other names in that folder are the keeper's own."""

    def __init__(self, *, data_folder: Path, keep_days: int) -> None:
        self._data_folder = data_folder
        self._folder = data_folder / BACKUPS_NAME
        self.keep_days = keep_days

    def path_of(self, night: date) -> Path:
        """Where the backup of a night lies, or will."""
        return self._folder / f"mynah-{night.isoformat()}.tar"

    def nights(self) -> list[date]:
        """The nights of which there is a backup, oldest first."""
        names = (_NAME.fullmatch(path.name) for path in self._folder.glob("mynah-*.tar"))
        return sorted(date.fromisoformat(name[1]) for name in names if name is not None)

    def last_day(self) -> date | None:
        """The night in which the last of the backups that are there now is deleted; None without any."""
        nights = self.nights()
        return nights[-1] + timedelta(days=max(self.keep_days, 1)) if nights else None

    def rotate(self, night: date) -> None:
        """Delete what is too old in this night. Raises BackupError."""
        for each in self.nights():
            if each <= night - timedelta(days=self.keep_days):
                self._delete(each)

    def purge(self) -> int:
        """Delete them all; returns how many there were.

        Raises BackupError, or LockedError while a backup is being made.
        """
        with folder_lock(self._data_folder, "backup"):
            nights = self.nights()
            for each in nights:
                self._delete(each)
            shutil.rmtree(self._folder / STAGING_NAME, ignore_errors=True)
        return len(nights)

    def _delete(self, night: date) -> None:
        try:
            self.path_of(night).unlink(missing_ok=True)
        except OSError as error:
            raise BackupError(f"An old backup could not be deleted: {error.strerror}.") from error
