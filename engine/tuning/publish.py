"""From a candidate to an immutable version folder: written aside, synced, then renamed in one step.

A folder that has its final name is complete and never changes again, so whoever reads it needs no lock.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import TuningError
from engine.language.peft_format import CONFIG_NAME, WEIGHTS_NAME
from engine.tuning.job import META_NAME


def publish(candidate: Path, version: Path, *, meta: Mapping[str, Any]) -> None:
    """Make the weights of a candidate the version folder, with `meta` and their digest beside them.

    Raises TuningError when the candidate lacks a file or the version exists: versions are never overwritten.
    """
    if version.exists():
        raise TuningError(f"The adapter version {version.name} exists already.")
    version.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = version.parent / f".{version.name}.tmp"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(mode=0o700)
    try:
        for name in (WEIGHTS_NAME, CONFIG_NAME):
            shutil.copyfile(candidate / name, aside / name)
        digest = hashlib.sha256((aside / WEIGHTS_NAME).read_bytes()).hexdigest()
        (aside / META_NAME).write_text(json.dumps({**meta, "sha256": digest}, indent=2))
        for path in (*aside.iterdir(), aside):
            _sync(path)
        os.replace(aside, version)  # noqa: PTH105 (Path.replace says nothing of folders)
        _sync(version.parent)
    except OSError as error:
        raise TuningError(f"The adapter could not be published: {error.strerror}.") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def prune(user_folder: Path, *, keep: frozenset[int]) -> None:
    """Delete all version folders of a user but these; a folder that is no version is left alone."""
    if not user_folder.is_dir():
        return
    for folder in user_folder.iterdir():
        if folder.name.isdecimal() and int(folder.name) not in keep:
            shutil.rmtree(folder)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
