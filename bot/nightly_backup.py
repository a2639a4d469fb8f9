"""The backup of each night, made by the same tick as the tuning and never at the same time."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

from storage.backup import BackupWriter
from storage.erasure import ErasureStore
from storage.errors import LockedError, StorageError
from storage.lock import folder_lock
from storage.shelf import Shelf

logger = logging.getLogger(__name__)


class NightlyBackup:
    """Makes one backup for each local date, deletes those that are too old, and tells of a failure once."""

    def __init__(
        self,
        *,
        writer: BackupWriter,
        shelf: Shelf,
        erasures: ErasureStore,
        data_folder: Path,
        failed: Callable[[str], Awaitable[None]],
    ) -> None:
        self._writer = writer
        self._shelf = shelf
        self._erasures = erasures
        self._data_folder = data_folder
        self._failed = failed
        self._settled: date | None = None

    async def run(self, night: date) -> None:
        """Make the backup of a night unless it is there; a night in which it failed is not tried again."""
        if night == self._settled:
            return
        try:
            with folder_lock(self._data_folder, "tuning"):
                await self._make(night)
        except LockedError:
            logger.info("another process works on the folder; the next tick asks again for the backup")
            return
        except StorageError as error:
            logger.error("the nightly backup failed (%s)", type(error).__name__)
            await self._failed(str(error))
        self._settled = night

    async def _make(self, night: date) -> None:
        """Old ones go only after the new one is there and has been read back."""
        nights = await asyncio.to_thread(self._shelf.nights)
        if self._shelf.keep_days and night not in nights:
            await self._write(night)
            await self._erasures.note_beside_backups()
        await asyncio.to_thread(self._shelf.rotate, night)

    async def _write(self, night: date) -> None:
        """Whoever is forgotten meanwhile was told of older backups only, so this one is made again."""
        path = self._shelf.path_of(night)
        while True:
            erased = await self._erasures.last()
            await self._writer.write(path, _nobody)
            if await self._erasures.last() == erased:
                return
            await asyncio.to_thread(path.unlink)


def _nobody(_sentence: str) -> None:
    """Nobody watches the progress at night."""
