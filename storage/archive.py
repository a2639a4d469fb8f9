"""The file that a backup is: an uncompressed tar whose first member tells size and digest of all others.

What lies in it is dense or encrypted, so compression would win little; without it no member can be larger
than the archive, whoever wrote it.
"""

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from storage.errors import BackupError
from storage.files import make_private, open_private, sync
from storage.times import from_text, to_text

FORMAT = 1

Checkpoint = Callable[[], None]
"""Called between files; raises to end the work."""

_MANIFEST = "manifest.json"
_MANIFEST_BYTES = 16 << 20
_CHUNK_BYTES = 1 << 20
_SAFE_NAME = re.compile(r"mynah\.db|settings\.env|adapters/\d+/\d+/\w[\w.-]*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What a file must be: its size in bytes, and SHA-256 in hexadecimal digits."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup says of itself. `model` is the setting that it was made with."""

    created_at: datetime
    model: str
    encrypted: bool
    files: Mapping[str, Digest]


def is_safe(name: str) -> bool:
    """Whether a backup may hold a file of this name: nothing else is ever written, nor read back."""
    return _SAFE_NAME.fullmatch(name) is not None


def digest_of(path: Path) -> Digest:
    """Size and digest of a file."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return Digest(size=file.tell(), sha256=sha256)


def go_on() -> None:
    """The checkpoint of work that is never ended early."""


def write_archive(
    target: Path, manifest: Manifest, sources: Mapping[str, Path], *, checkpoint: Checkpoint = go_on
) -> None:
    """Write the files of a manifest aside, read them back, and only then let them appear as `target`.

    Raises BackupError.
    """
    aside = target.with_name(f".{target.name}.part")
    try:
        aside.unlink(missing_ok=True)  # left by a process that was killed
        with open_private(aside) as file:
            _write(file, manifest, sources, checkpoint)
        sync(aside)
        unpack(aside, checkpoint=checkpoint)
        aside.rename(target)
        sync(target.parent)
    except OSError as error:
        raise BackupError(f"The backup could not be written: {error.strerror or error}.") from error
    finally:
        aside.unlink(missing_ok=True)


def unpack(archive: Path, folder: Path | None = None, *, checkpoint: Checkpoint = go_on) -> Manifest:
    """Check every byte of an archive; with a folder, also write its files there.

    Raises BackupError when it is no archive of ours, is damaged, or holds what none of ours would.
    """
    with _as_plain_sentences(archive), tarfile.open(archive, mode="r:") as tar:
        manifest = _read_manifest(tar, archive)
        seen: set[str] = set()
        for member in tar:
            checkpoint()
            if member.name == _MANIFEST and not seen:
                continue
            expected = manifest.files.get(member.name)
            if expected is None or member.name in seen or not _is_plain(member):
                raise BackupError(f"The backup {archive} holds a file that no backup has.")
            seen.add(member.name)
            if _copy(tar, member, folder) != expected:
                raise _damaged(archive)
        if seen != set(manifest.files):
            raise _damaged(archive)
    return manifest


def _write(file: IO[bytes], manifest: Manifest, sources: Mapping[str, Path], checkpoint: Checkpoint) -> None:
    with tarfile.open(fileobj=file, mode="w") as tar:
        document = asdict(manifest) | {"format": FORMAT, "created_at": to_text(manifest.created_at)}
        content = json.dumps(document, indent=1).encode()
        tar.addfile(_member(_MANIFEST, len(content), manifest), io.BytesIO(content))
        for name, digest in manifest.files.items():
            checkpoint()
            with sources[name].open("rb") as source:
                tar.addfile(_member(name, digest.size, manifest), source)


def _member(name: str, size: int, manifest: Manifest) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, int(manifest.created_at.timestamp())
    return member


def _read_manifest(tar: tarfile.TarFile, archive: Path) -> Manifest:
    member = tar.next()
    if member is None or member.name != _MANIFEST or not _is_plain(member):
        raise _foreign(archive)
    if member.size > _MANIFEST_BYTES:
        raise _foreign(archive)
    document: dict[str, Any] = json.loads(_content(tar, member).read())
    if document["format"] > FORMAT:
        raise BackupError(f"The backup {archive} was written by a newer Mynah. Update Mynah.")
    files = {name: Digest(**digest) for name, digest in document["files"].items()}
    if not all(map(is_safe, files)):
        raise BackupError(f"The backup {archive} holds a file that no backup has.")
    return Manifest(
        created_at=from_text(document["created_at"]),
        model=document["model"],
        encrypted=document["encrypted"],
        files=files,
    )


def _copy(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path | None) -> Digest:
    """Read a member to its end, into the folder if there is one."""
    digest, size = hashlib.sha256(), 0
    with nullcontext() if folder is None else _create(folder / member.name) as target:
        source = _content(tar, member)
        while chunk := source.read(_CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
            if target is not None:
                target.write(chunk)
    return Digest(size=size, sha256=digest.hexdigest())


@contextmanager
def _create(path: Path) -> Generator[IO[bytes]]:
    make_private(path.parent)
    with open_private(path) as file:
        yield file
    sync(path)


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content = tar.extractfile(member)
    assert content is not None, "a plain file has content"
    return content


def _is_plain(member: tarfile.TarInfo) -> bool:
    """Neither a link, nor a device, nor a file with holes, which could be larger than the archive."""
    return member.type == tarfile.REGTYPE


@contextmanager
def _as_plain_sentences(archive: Path) -> Generator[None]:
    try:
        yield
    except tarfile.ReadError as error:
        raise _foreign(archive) from error
    except (tarfile.TarError, EOFError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _damaged(archive) from error
    except OSError as error:
        raise BackupError(f"The backup {archive} cannot be read: {error.strerror or error}.") from error


def _foreign(archive: Path) -> BackupError:
    return BackupError(f"{archive} is not a backup of Mynah.")


def _damaged(archive: Path) -> BackupError:
    return BackupError(f"The backup {archive} is damaged.")
