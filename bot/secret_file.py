"""Secrets that lie in files of their own, as services are given them."""

from pathlib import Path


def read_secret(file: Path) -> str:
    """The secret in a file that nobody but its owner may read.

    Raises ValueError with half a sentence, of which the name of the file is the subject.
    """
    try:
        if file.stat().st_mode & 0o077:
            raise ValueError("may be read by others; run `chmod 600` on it first")
        secret = file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError("cannot be read") from error
    if not secret:
        raise ValueError("is empty")
    return secret
