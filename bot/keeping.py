"""What the commands do that keep the data folder safe: backup and restore."""

import asyncio
import logging
import sys
from pathlib import Path

from bot.logs import configure
from bot.services import backup_writer
from bot.settings import Settings
from storage.archive import Manifest
from storage.backup import Progress, restore

_WRITTEN = "Written to {target}: {size}, with {adapters}.\n"
_RESTORED = (
    "Restored into {folder}: the backup of {at:%Y-%m-%d %H:%M} UTC, with {adapters}. Its settings lie in "
    "settings.env there; the token and the key are not among them. It was made with MYNAH_MODEL={model}.\n"
)


async def backup(settings: Settings, *, target: Path, progress: Progress) -> int:
    """`mynah backup`: everything but the base model and the secrets in one file; the bot goes on."""
    configure(logging.WARNING)
    manifest = await backup_writer(settings).write(target, _on_a_terminal(progress))
    size = sum(file.size for file in manifest.files.values())
    sys.stdout.write(_WRITTEN.format(target=target, size=_megabytes(size), adapters=_adapters(manifest)))
    return 0


async def restore_backup(settings: Settings, *, archive: Path, progress: Progress) -> int:
    """`mynah restore`: the data folder as it was, checked before anything of it is used."""
    configure(logging.WARNING)
    _on_a_terminal(progress)(f"Checking {archive.name}.")
    manifest = await asyncio.to_thread(restore, archive, settings.data, key=settings.database_key)
    sys.stdout.write(
        _RESTORED.format(
            folder=settings.data,
            at=manifest.created_at,
            adapters=_adapters(manifest),
            model=manifest.model,
        )
    )
    return 0


def _on_a_terminal(progress: Progress) -> Progress:
    """Standard error elsewhere is for the one sentence on what went wrong."""
    return progress if sys.stderr.isatty() else lambda _sentence: None


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _adapters(manifest: Manifest) -> str:
    """How many versions of weights there are, from the folders in a manifest."""
    versions = {name.rpartition("/")[0] for name in manifest.files if name.startswith("adapters/")}
    return f"{len(versions)} versions of weights"
