"""Secrets that lie in files of their own, as services are given them, or that come through a pipe."""

from pathlib import Path
from stat import S_ISFIFO


def read_secret(file: Path, *, credentials: Path | None = None) -> str:
    """The secret in a file that nobody but its owner may read, or in a pipe that has no name.

    `credentials` is the folder that systemd has made for this service alone. Raises ValueError with half a
    sentence, of which the name of the file is the subject.
    """
    try:
        mode = file.stat().st_mode
        if mode & 0o077 and not (_is_nameless_pipe(file, mode) or file.parent == credentials):
            raise ValueError("may be read by others; run `chmod 600` on it first")
        secret = file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError("cannot be read") from error
    if not secret:
        raise ValueError("is empty")
    return secret


def _is_nameless_pipe(file: Path, mode: int) -> bool:
    """Nobody else can open such a pipe, whatever its mode says; on some systems it says that all may."""
    return S_ISFIFO(mode) and (file.parent == Path("/dev/fd") or file == Path("/dev/stdin"))
