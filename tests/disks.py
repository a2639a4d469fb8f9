"""Disks that are small or cannot be written, where the tests have the right to mount them."""

import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Generator[Path]:
    """A disk of this size, mounted on a new folder."""
    with _mounted(folder, f"size={megabytes}m,mode=700"):
        yield folder


@contextmanager
def read_only(folder: Path) -> Generator[Path]:
    """A folder that this process cannot write; to root that needs a disk of its own."""
    if os.geteuid() == 0:
        with _mounted(folder, "ro"):
            yield folder
        return
    folder.mkdir(mode=0o555)
    yield folder
    folder.chmod(0o755)


@contextmanager
def _mounted(folder: Path, options: str) -> Generator[None]:
    folder.mkdir()
    try:
        mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        subprocess.run(mount, capture_output=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("this needs the right to mount a disk")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)
