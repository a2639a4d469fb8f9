"""Reads what /export and `mynah export` write: a zip file, or the folder with its messages.jsonl."""

import json
import zipfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from engine.errors import ImportFileError
from engine.past.lines import Brought, number_in, text_in
from storage.past import PastLine
from storage.records import Origin, Role
from storage.times import from_text

_ODD = (
    *(OSError, zipfile.BadZipFile, NotImplementedError),
    *(ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError),
)
"""What reading raises where the file is damaged, or a field holds something else than it should."""

_BROKEN = "It is not a complete export of Mynah."


def is_own_export(path: Path) -> bool:
    """Whether this looks like an export of Mynah rather than of Telegram."""
    return path.is_dir() or zipfile.is_zipfile(path)


def read_own_export(path: Path) -> Iterator[Brought]:
    """All lines, by conversation, each reply with its rating. Raises ImportFileError."""
    try:
        with _opened(path, "ratings.jsonl") as lines:
            ratings = {raw["message_id"]: raw for raw in map(json.loads, lines)}
        with _opened(path, "messages.jsonl") as lines:
            for line in lines:
                yield _brought(json.loads(line), ratings)
    except _ODD as error:
        raise ImportFileError(_BROKEN) from error


@contextmanager
def _opened(path: Path, name: str) -> Generator[IO[bytes]]:
    if path.is_dir():
        with (path / name).open("rb") as stream:
            yield stream
        return
    with zipfile.ZipFile(path) as archive:
        inside = next((entry for entry in archive.namelist() if entry.split("/")[-1] == name), name)
        with archive.open(inside) as stream:
            yield stream


def _brought(raw: dict[str, Any], ratings: dict[int, dict[str, Any]]) -> Brought:
    rating = ratings.get(raw["message_id"], {})
    line = PastLine(
        number=number_in(raw["message_id"]),
        role=Role(raw["role"]),
        text=text_in(raw["text"]),
        said_at=from_text(raw["created_at"]),
        origin=Origin(raw["origin"]),
        quoted=_text_or_none(raw.get("quoted")),
        # Only the reply that counted is a turn again; the others stay as what was said.
        answers=_number_or_none(raw["question_id"]) if raw["current"] else None,
        value=_thumb(rating.get("value")),
        note=_text_or_none(rating.get("note")),
        correction=_text_or_none(rating.get("correction")),
    )
    return Brought(source=-number_in(raw["conversation_id"]), line=line)


def _text_or_none(value: Any) -> str | None:
    return None if value is None else text_in(value)


def _number_or_none(value: Any) -> int | None:
    return None if value is None else number_in(value)


def _thumb(value: Any) -> int | None:
    if value not in (None, 1, -1):
        raise ValueError
    return _number_or_none(value)
