"""Locks between processes on one data folder; the system releases them however a process ends."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from storage.errors import LockedError


@contextmanager
def folder_lock(folder: Path, name: str) -> Generator[None]:
    """Hold the lock of one kind of work in this folder. Raises LockedError when another process holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LockedError(name, folder) from error
        yield
    finally:
        os.close(handle)
