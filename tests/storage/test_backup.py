"""Backups: consistent beside a writer, private, never overwriting; and what a restore refuses."""

import asyncio
import io
import json
import random
import resource
import stat
import tarfile
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from storage.archive import Manifest, is_safe, unpack
from storage.backup import BACKUPS_NAME, DATABASE_NAME, BackupWriter, restoring
from storage.database import Database
from storage.errors import BackupError, LockedError, NewerDatabaseError, StorageError, WrongKeyError
from storage.lock import folder_lock
from storage.migrations import MIGRATIONS
from storage.records import User
from storage.runs import RunStore
from storage.users import UserStore
from tests.conftest import Clock

USER_ID = 7
WEIGHTS = "adapters/7/1/adapter_model.safetensors"
KEY = 'it\'s "secret"'


@pytest.fixture
async def data(tmp_path: Path, clock: Clock) -> AsyncGenerator[Path]:
    """A data folder with one person and one version of weights, its database open."""
    folder = tmp_path / "data"
    database = await filled(folder, clock)
    yield folder
    await database.close()


async def filled(folder: Path, clock: Clock, key: str | None = None) -> Database:
    database = await Database.open(folder / DATABASE_NAME, key=key)
    await UserStore(database).add(USER_ID, name="rosebud", is_owner=True, now=clock())
    await RunStore(database).add_candidate(USER_ID, base_model="tiny", run_id=None, now=clock())
    (folder / WEIGHTS).parent.mkdir(parents=True)
    (folder / WEIGHTS).write_bytes(b"weights")
    return database


def writer(folder: Path, clock: Clock, key: str | None = None) -> BackupWriter:
    return BackupWriter(data_folder=folder, key=key, settings="MYNAH_SEED=1\n", model="tiny", now=clock)


async def back_up(folder: Path, target: Path, clock: Clock, key: str | None = None) -> Path:
    await writer(folder, clock, key).write(target, lambda _sentence: None)
    return target


def restore(archive: Path, folder: Path, *, key: str | None) -> Manifest:
    with restoring(archive, folder, key=key) as staged:
        return staged.manifest


async def users_in(folder: Path, key: str | None = None) -> list[User]:
    database = await Database.open(folder / DATABASE_NAME, key=key)
    try:
        return await UserStore(database).all()
    finally:
        await database.close()


def files_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


async def test_a_backup_comes_back_as_it_was(data: Path, tmp_path: Path, clock: Clock):
    archive = await back_up(data, tmp_path / "one.tar", clock)

    manifest = restore(archive, tmp_path / "new" / "data", key=None)

    assert (manifest.created_at, manifest.model, manifest.encrypted) == (clock(), "tiny", False)
    assert files_below(tmp_path / "new" / "data") == [WEIGHTS, "mynah.db", "settings.env"]
    assert (tmp_path / "new" / "data" / WEIGHTS).read_bytes() == b"weights"
    [user] = await users_in(tmp_path / "new" / "data")
    assert (user.user_id, user.name, user.is_owner) == (USER_ID, "rosebud", True)


async def test_only_the_keeper_may_read_a_backup(data: Path, tmp_path: Path, clock: Clock):
    archive = await back_up(data, tmp_path / "one.tar", clock)
    restore(archive, tmp_path / "new", key=None)

    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").rglob("*")}
    assert modes["mynah.db"] == modes["adapter_model.safetensors"] == 0o600
    assert modes["adapters"] == modes["7"] == 0o700


async def test_what_the_database_does_not_name_stays_out(data: Path, tmp_path: Path, clock: Clock):
    stray = data / "adapters" / "7" / "2"
    stray.mkdir()
    (stray / "adapter_model.safetensors").write_bytes(b"stray")
    (data / WEIGHTS).with_name("link").symlink_to("/etc/hostname")
    (data / WEIGHTS).with_name("not (a) name").write_bytes(b"")

    manifest = unpack(await back_up(data, tmp_path / "one.tar", clock))

    assert set(manifest.files) == {"mynah.db", "settings.env", WEIGHTS}


async def test_it_is_consistent_while_others_write(data: Path, tmp_path: Path, clock: Clock):
    database = await Database.open(data / DATABASE_NAME)
    ended = asyncio.Event()

    async def write_pairs() -> int:
        pairs = 0
        while not ended.is_set():
            async with database.transaction() as connection:
                for half in (0, 1):
                    await connection.execute(
                        "INSERT INTO users (user_id, name, since) VALUES (?, 'x', '2026-03-02')",
                        (1000 + 2 * pairs + half,),
                    )
            pairs += 1
        return pairs

    writing = asyncio.create_task(write_pairs())
    await asyncio.sleep(0.2)
    archive = await back_up(data, tmp_path / "one.tar", clock)
    await asyncio.sleep(0.1)
    ended.set()
    written = await writing
    await database.close()

    restore(archive, tmp_path / "new", key=None)
    ids = [user.user_id for user in await users_in(tmp_path / "new") if user.user_id >= 1000]
    assert ids == list(range(1000, 1000 + len(ids)))
    assert len(ids) % 2 == 0
    assert 0 < len(ids) < 2 * written


async def test_nothing_is_overwritten_and_nothing_is_left_of_a_failure(
    data: Path, tmp_path: Path, clock: Clock
):
    target = tmp_path / "out" / "one.tar"
    with pytest.raises(BackupError, match="could not be written: No such file or directory"):
        await back_up(data, target, clock)
    target.parent.mkdir()
    target.write_text("precious")
    with pytest.raises(BackupError, match="exists already"):
        await back_up(data, target, clock)

    assert files_below(target.parent) == ["one.tar"]
    assert target.read_text() == "precious"
    assert files_below(data / BACKUPS_NAME) == []


async def test_what_a_killed_backup_left_behind_goes_with_the_next(data: Path, tmp_path: Path, clock: Clock):
    left = data / BACKUPS_NAME / ".staging" / "mynah.db"
    left.parent.mkdir(parents=True)
    left.write_text("chat text")
    (tmp_path / ".one.tar.part").write_text("chat text")
    await back_up(data, tmp_path / "one.tar", clock)

    assert files_below(data / BACKUPS_NAME) == []
    assert not (tmp_path / ".one.tar.part").exists()


async def test_two_backups_at_once_and_a_folder_without_database_are_refused(
    data: Path, tmp_path: Path, clock: Clock
):
    with folder_lock(data, "backup"), pytest.raises(LockedError):
        await back_up(data, tmp_path / "one.tar", clock)
    with pytest.raises(BackupError, match="There is no database"):
        await back_up(tmp_path / "none", tmp_path / "one.tar", clock)
    assert not (tmp_path / "none").exists()


async def test_a_damaged_database_is_not_backed_up(tmp_path: Path, clock: Clock):
    database = await filled(tmp_path / "data", clock)
    async with database.transaction() as connection:
        await connection.executemany(
            "INSERT INTO users (user_id, name, since) VALUES (?, ?, '2026-03-02')",
            [(number, "x" * 200) for number in range(1000, 3000)],
        )
    await database.close()
    with (tmp_path / "data" / DATABASE_NAME).open("r+b") as file:
        file.seek(20 * 4096)
        file.write(b"\xff" * 30 * 4096)

    with pytest.raises(StorageError):
        await back_up(tmp_path / "data", tmp_path / "one.tar", clock)
    assert not (tmp_path / "one.tar").exists()


async def test_an_encrypted_database_stays_encrypted_and_needs_its_key(tmp_path: Path, clock: Clock):
    await (await filled(tmp_path / "data", clock, KEY)).close()
    archive = await back_up(tmp_path / "data", tmp_path / "one.tar", clock, KEY)

    assert b"rosebud" not in archive.read_bytes()
    assert b"SQLite format 3" not in archive.read_bytes()
    for wrong in ("another", None):
        with pytest.raises(WrongKeyError):
            restore(archive, tmp_path / "new", key=wrong)
        assert not (tmp_path / "new").exists()
    with pytest.raises(WrongKeyError):
        await back_up(tmp_path / "data", tmp_path / "two.tar", clock, "another")
    assert restore(archive, tmp_path / "new", key=KEY).encrypted
    assert [user.name for user in await users_in(tmp_path / "new", KEY)] == ["rosebud"]


async def test_a_backup_without_a_key_is_restored_whatever_the_key_is_now(tmp_path: Path, clock: Clock):
    await (await filled(tmp_path / "data", clock)).close()
    archive = await back_up(tmp_path / "data", tmp_path / "one.tar", clock)

    assert not restore(archive, tmp_path / "new", key=KEY).encrypted
    assert [user.name for user in await users_in(tmp_path / "new")] == ["rosebud"]


async def test_only_an_empty_folder_is_restored_into(data: Path, tmp_path: Path, clock: Clock):
    archive = await back_up(data, tmp_path / "one.tar", clock)
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "mine").write_text("mine")
    with pytest.raises(BackupError, match="not empty"):
        restore(archive, taken, key=None)
    with pytest.raises(BackupError, match="Not a directory"):
        restore(archive, taken / "mine", key=None)

    assert files_below(taken) == ["mine"]
    (taken / "mine").unlink()
    restore(archive, taken, key=None)
    assert (taken / DATABASE_NAME).exists()


async def test_a_newer_backup_is_refused(tmp_path: Path, clock: Clock):
    database = await filled(tmp_path / "data", clock)
    archive = await back_up(tmp_path / "data", tmp_path / "one.tar", clock)
    newer = rewritten(archive, tmp_path / "newer.tar", manifest=lambda document: document | {"format": 2})
    with pytest.raises(BackupError, match="newer Mynah"):
        restore(newer, tmp_path / "new", key=None)

    await database.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    await database.close()
    with pytest.raises(NewerDatabaseError):
        await back_up(tmp_path / "data", tmp_path / "two.tar", clock)


def rewritten(
    archive: Path,
    target: Path,
    *,
    manifest: Callable[[dict], dict] = lambda document: document,
    member: Callable[[tarfile.TarInfo], tarfile.TarInfo | None] = lambda member: member,
    added: tarfile.TarInfo | None = None,
) -> Path:
    """An archive as somebody might have forged it."""
    with tarfile.open(archive) as old, tarfile.open(target, "w") as new:
        for each in old:
            content = old.extractfile(each)
            assert content is not None
            raw = content.read()
            if each.name == "manifest.json":
                raw = json.dumps(manifest(json.loads(raw))).encode()
                each.size = len(raw)
            changed = member(each)
            if changed is not None:
                new.addfile(changed, io.BytesIO(raw[: changed.size]))
        if added is not None:
            new.addfile(added, io.BytesIO(b""))
    return target


def renamed(name: str) -> dict[str, Callable]:
    """The weights under another name, in the manifest and in the archive alike."""

    def in_manifest(document: dict) -> dict:
        document["files"][name] = document["files"].pop(WEIGHTS)
        return document

    def in_archive(member: tarfile.TarInfo) -> tarfile.TarInfo:
        if member.name == WEIGHTS:
            member.name = name
        return member

    return {"manifest": in_manifest, "member": in_archive}


def as_link(member: tarfile.TarInfo) -> tarfile.TarInfo:
    if member.name == WEIGHTS:
        member.type, member.linkname, member.size = tarfile.SYMTYPE, "/etc/passwd", 0
    return member


def without_weights(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if member.name == WEIGHTS else member


def shorter(member: tarfile.TarInfo) -> tarfile.TarInfo:
    if member.name == WEIGHTS:
        member.size -= 1
    return member


def without_database(document: dict) -> dict:
    del document["files"]["mynah.db"]
    return document


@pytest.mark.parametrize(
    "forgery",
    [
        renamed("../escaped"),
        renamed("/tmp/escaped"),
        renamed("adapters/7/1/../../../../escaped"),
        renamed("adapters/7/1/.."),
        renamed("backups/mynah-2026-01-01.tar"),
        {"member": as_link},
        {"member": without_weights},
        {"member": shorter},
        {"manifest": without_database},
        {"manifest": lambda document: {**document, "files": None}},
        {"manifest": lambda document: [document]},
        {"added": tarfile.TarInfo(WEIGHTS)},
        {"added": tarfile.TarInfo("adapters/7/9/x")},
    ],
)
async def test_a_forged_archive_is_refused_and_leaves_nothing(
    data: Path, tmp_path: Path, clock: Clock, forgery: dict
):
    archive = await back_up(data, tmp_path / "one.tar", clock)
    forged = rewritten(archive, tmp_path / "forged.tar", **forgery)
    before = files_below(tmp_path)

    with pytest.raises(BackupError):
        restore(forged, tmp_path / "deep" / "new", key=None)

    assert not (tmp_path / "deep").exists()
    assert files_below(tmp_path) == before


def test_what_is_no_backup_is_named_so(tmp_path: Path):
    for name, content in (("empty", b""), ("text", b"hello" * 1000), ("gzip", b"\x1f\x8b" + bytes(600))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BackupError, match="is not a backup of Mynah"):
            restore(tmp_path / name, tmp_path / "new", key=None)
    with pytest.raises(BackupError, match="cannot be read: No such file"):
        restore(tmp_path / "missing", tmp_path / "new", key=None)
    with pytest.raises(BackupError, match="cannot be read: Is a directory"):
        restore(tmp_path, tmp_path / "new", key=None)


async def test_damage_anywhere_is_noticed_or_harmless(data: Path, tmp_path: Path, clock: Clock):
    intact = (await back_up(data, tmp_path / "one.tar", clock)).read_bytes()
    wanted = unpack(tmp_path / "one.tar").files
    chance, noticed = random.Random(1), 0
    damaged = tmp_path / "damaged.tar"
    for _ in range(120):
        content = bytearray(intact)
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        damaged.write_bytes(content)
        try:
            assert unpack(damaged).files == wanted
        except BackupError:
            noticed += 1
    for length in range(0, len(intact.rstrip(b"\0")), 2048):  # the zeros at a tar's end may be missing
        damaged.write_bytes(intact[:length])
        with pytest.raises(BackupError):
            unpack(damaged)
    assert noticed > 80


def test_safe_names():
    assert is_safe(WEIGHTS)
    for name in (
        "adapters/7/1/..",
        "adapters/7/1/.x",
        "adapters/x/1/a",
        "adapters/7/1/a/b",
        "mynah.db\n",
        "a",
    ):
        assert not is_safe(name)


@pytest.mark.parametrize("room", [8_192, 220_000])
async def test_a_full_disk_leaves_nothing(data: Path, tmp_path: Path, clock: Clock, room: int):
    """A limit on the size of files stands for the disk: the small one ends the copy, the other the tar."""
    (data / WEIGHTS).write_bytes(bytes(100_000))
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, unlimited[1]))
    try:
        with pytest.raises(StorageError):
            await back_up(data, tmp_path / "one.tar", clock)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)

    assert files_below(data / BACKUPS_NAME) == []
    assert not [name for name in files_below(tmp_path) if ".tar" in name]
    await back_up(data, tmp_path / "one.tar", clock)
