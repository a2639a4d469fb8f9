"""Locks between processes on one data folder; the system releases them however a process ends."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from storage.errors import FolderError, LockedError


@contextmanager
def folder_lock(folder: Path, name: str) -> Generator[None]:
    """Hold the lock of one kind of work in this folder.

    Raises LockedError when another process holds it, FolderError when there can be no such file.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise FolderError(folder, error.strerror or type(error).__name__) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LockedError(name, folder) from error
        yield
    finally:
        os.close(handle)


def is_held(folder: Path, name: str) -> bool:
    """Whether another process holds the lock of this kind of work now."""
    try:
        handle = os.open(folder / f"{name}.lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
