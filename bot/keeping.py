"""What the commands do that keep the data folder safe: backup, restore, and another key."""

import asyncio
import logging
import shutil
import sys
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bot.logs import configure
from bot.secret_file import read_secret
from bot.services import backup_writer, open_database, utc_now
from bot.settings import Settings
from engine.erasure import Forgetter
from engine.tuning.job import JOBS_NAME
from engine.tuning.publish import seal_version
from storage.archive import Manifest
from storage.backup import DATABASE_NAME, Progress, Staged, restoring
from storage.database import Database, is_plain
from storage.erasure import ErasureStore
from storage.errors import KeyRefusedError, StorageError
from storage.ledger import LEDGER_NAME, read_ledger
from storage.lock import folder_lock
from storage.numbers import leave_gap
from storage.rekey import encrypt, rekey
from storage.runs import RunStore

_NEW_KEY = "MYNAH_NEW_DATABASE_KEY"
_ROTATED = (
    "The database has its new key. Put it in the place of the old one before the next start; backups made "
    "before still need that.\n"
)
_ENCRYPTED = (
    "Database and weights are encrypted. Backups made before are not: make a new one, and delete those that"
    " you need no longer.\n"
)
_WRITTEN = "Written to {target}: {size}, with {adapters}.\n"
_RESTORED = (
    "Restored into {folder}: the backup of {at:%Y-%m-%d %H:%M} UTC, with {adapters}. Its settings lie in "
    "settings.env there; the token and the key are not among them. It was made with MYNAH_MODEL={model}.\n"
)
_FORGOTTEN_AGAIN = "Forgotten again, since they had wished it after this backup was made: {ids}.\n"
_BACK_IN_PART = (
    "A part of what these had said was erased after this backup was made, and is back: {ids}. "
    "Tell them to send /forget again.\n"
)
_WHO_IS_BACK = (
    "{reason} Whoever was forgotten after this backup was made is in it again: "
    "run `mynah forget ID` for each.\n"
)
_RESTORED_PLAIN = "The backup is not encrypted: run `mynah key set` to encrypt what was restored.\n"


async def backup(settings: Settings, *, target: Path, progress: Progress) -> int:
    """`mynah backup`: everything but the base model and the secrets in one file; the bot goes on."""
    configure(logging.WARNING, settings.log_format)
    manifest = await backup_writer(settings).write(target, _on_a_terminal(progress))
    size = sum(file.size for file in manifest.files.values())
    sys.stdout.write(_WRITTEN.format(target=target, size=_megabytes(size), adapters=_adapters(manifest)))
    return 0


async def restore_backup(settings: Settings, *, archive: Path, progress: Progress) -> int:
    """`mynah restore`: the data folder as it was, checked before anything of it is used."""
    configure(logging.WARNING, settings.log_format)
    _on_a_terminal(progress)(f"Checking {archive.name}.")
    manifest, forgotten = await asyncio.to_thread(_restore, settings, archive)
    sys.stdout.write(
        _RESTORED.format(
            folder=settings.data,
            at=manifest.created_at,
            adapters=_adapters(manifest),
            model=manifest.model,
        )
    )
    sys.stdout.write(forgotten)
    if settings.database_key is not None and not manifest.encrypted:
        sys.stdout.write(_RESTORED_PLAIN)
    return 0


def _restore(settings: Settings, archive: Path) -> tuple[Manifest, str]:
    """Restore; also returns what is to be said of those who were forgotten after the backup was made."""
    with restoring(archive, settings.data, key=settings.database_key) as staged:
        forgotten = asyncio.run(_forget_again(staged, archive.parent / LEDGER_NAME, settings.database_key))
    return staged.manifest, forgotten


async def _forget_again(staged: Staged, ledger: Path, key: str | None) -> str:
    """Forget those of whom the ledger says so, before anybody can use the database; returns what to say."""
    database = await Database.open(staged.folder / DATABASE_NAME, key=staged.key)
    try:
        await leave_gap(database)
        store = ErasureStore(database)
        last = await store.last()
        try:
            later = [one for one in read_ledger(ledger, key=key) if one.erasure_id > last]
        except StorageError as error:
            return _WHO_IS_BACK.format(reason=error)
        forgetter = Forgetter(store=store, data_folder=staged.folder, now=utc_now)
        whole = sorted({one.user_id for one in later if one.whole})
        for user_id in whole:
            await forgetter.forget(user_id)
    finally:
        await database.close()
    parts = sorted({one.user_id for one in later} - set(whole))
    return "".join(
        sentence.format(ids=", ".join(map(str, ids)))
        for sentence, ids in ((_FORGOTTEN_AGAIN, whole), (_BACK_IN_PART, parts))
        if ids
    )


async def rotate_key(
    settings: Settings, environment: Mapping[str, str], *, file: Path | None, progress: Progress
) -> int:
    """`mynah key rotate`: another key for the database; weights that are still plain are encrypted, too."""
    configure(logging.WARNING, settings.log_format)
    old, new = settings.database_key, _new_key(environment, file)
    if old is None:
        raise KeyRefusedError(
            "There is no MYNAH_DATABASE_KEY that could be replaced; `mynah key set` takes the first one."
        )
    if new == old:
        raise KeyRefusedError("The new key is the old one.")
    with _alone_with_database(settings.data) as path:
        await _seal_weights(settings)
        _on_a_terminal(progress)("Encrypting the database anew.")
        await asyncio.to_thread(rekey, path, old=old, new=new)
        await _note_erasures(path, new)
    sys.stdout.write(_ROTATED)
    return 0


async def set_key(settings: Settings, *, progress: Progress) -> int:
    """`mynah key set`: encrypt a database that was begun without a key, and the weights with it.

    Called again after it was interrupted, it does what was left.
    """
    configure(logging.WARNING, settings.log_format)
    key = settings.database_key
    if key is None:
        raise KeyRefusedError("Put the key into MYNAH_DATABASE_KEY first.")
    with _alone_with_database(settings.data) as path:
        if is_plain(path):
            _on_a_terminal(progress)("Encrypting the database.")
            await asyncio.to_thread(encrypt, path, key=key)
        await _note_erasures(path, key)
        await _seal_weights(settings)
    sys.stdout.write(_ENCRYPTED)
    return 0


@contextmanager
def _alone_with_database(data_folder: Path) -> Generator[Path]:
    """The path of the database, while no bot, tuning or backup uses it.

    Raises LockedError, KeyRefusedError.
    """
    if not (data_folder / DATABASE_NAME).is_file():
        raise KeyRefusedError(f"There is no database in the folder {data_folder}.")
    with ExitStack() as locks:
        for work in ("bot", "tuning", "backup"):
            locks.enter_context(folder_lock(data_folder, work))
        yield data_folder / DATABASE_NAME


async def _note_erasures(path: Path, key: str) -> None:
    """Write the list beside the backups anew, with the key that the database has now."""
    database = await Database.open(path, key=key)
    try:
        await ErasureStore(database).note_beside_backups()
    finally:
        await database.close()


async def _seal_weights(settings: Settings) -> None:
    """Encrypt all weights that are still plain."""
    async with open_database(settings) as database:
        for adapter in await RunStore(database).give_secrets():
            assert adapter.secret is not None, "each has one by now"
            await asyncio.to_thread(seal_version, settings.data / adapter.folder, adapter.secret)
    shutil.rmtree(settings.data / JOBS_NAME, ignore_errors=True)  # plain checkpoints, good for nothing else


def _new_key(environment: Mapping[str, str], file: Path | None) -> str:
    """The key from a file, or from the environment."""
    if file is not None:
        try:
            return read_secret(file)
        except ValueError as error:
            raise KeyRefusedError(f"The file {file} {error}.") from error
    key = environment.get(_NEW_KEY, "").strip()
    if not key:
        raise KeyRefusedError(f"Say the new key in {_NEW_KEY} or in a file (--file).")
    return key


def _on_a_terminal(progress: Progress) -> Progress:
    """Standard error elsewhere is for the one sentence on what went wrong."""
    return progress if sys.stderr.isatty() else lambda _sentence: None


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _adapters(manifest: Manifest) -> str:
    """How many versions of weights there are, from the folders in a manifest."""
    versions = {name.rpartition("/")[0] for name in manifest.files if name.startswith("adapters/")}
    return f"{len(versions)} versions of weights"
