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
from storage.errors import SealError
from storage.files import sync
from storage.sealing import is_sealed, seal, unseal


def publish(
    candidate: Path,
    version: Path,
    *,
    meta: Mapping[str, Any],
    sealed_with: bytes | None = None,
    secret: bytes | None = None,
) -> None:
    """Make the weights of a candidate the version folder, with `meta` and their digest beside them.

    What was `sealed_with` the secret of the run is sealed anew with the `secret` of the version. Raises
    TuningError when the candidate lacks a file or the version exists: versions are never overwritten.
    """
    if version.exists():
        raise TuningError(f"The adapter version {version.name} exists already.")
    version.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = version.parent / f".{version.name}.tmp"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(mode=0o700)
    try:
        shutil.copyfile(candidate / CONFIG_NAME, aside / CONFIG_NAME)
        weights = unseal((candidate / WEIGHTS_NAME).read_bytes(), sealed_with)
        (aside / WEIGHTS_NAME).write_bytes(seal(weights, secret))
        digest = hashlib.sha256(weights).hexdigest()
        (aside / META_NAME).write_text(json.dumps({**meta, "sha256": digest}, indent=2))
        for path in (*aside.iterdir(), aside):
            sync(path)
        os.replace(aside, version)  # noqa: PTH105 (Path.replace says nothing of folders)
        sync(version.parent)
    except SealError as error:
        raise TuningError(f"The adapter could not be published: {error}.") from error
    except OSError as error:
        raise TuningError(f"The adapter could not be published: {error.strerror}.") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def seal_version(version: Path, secret: bytes) -> None:
    """Seal the weights of a version that was published in plain, in one step. Nobody may be reading them.

    Raises TuningError.
    """
    path = version / WEIGHTS_NAME
    aside = version / f".{WEIGHTS_NAME}.tmp"
    try:
        if not path.is_file() or is_sealed(content := path.read_bytes()):
            return
        aside.write_bytes(seal(content, secret))
        sync(aside)
        aside.replace(path)
        sync(version)
    except OSError as error:
        raise TuningError(f"The adapter {version} could not be encrypted: {error.strerror}.") from error
    finally:
        aside.unlink(missing_ok=True)


def prune(user_folder: Path, *, keep: frozenset[int]) -> None:
    """Delete all version folders of a user but these; a folder that is no version is left alone."""
    if not user_folder.is_dir():
        return
    for folder in user_folder.iterdir():
        if folder.name.isdecimal() and int(folder.name) not in keep:
            shutil.rmtree(folder)
