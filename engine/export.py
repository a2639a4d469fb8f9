"""A person's own data as files that need no Mynah to be read."""

import asyncio
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.errors import ExportError
from storage.database import Database
from storage.errors import SealError
from storage.feedback import FeedbackStore
from storage.messages import MessageStore
from storage.preferences import PreferenceStore
from storage.profiles import ProfileStore
from storage.readings import ReadingStore
from storage.records import Adapter, TuningRun
from storage.runs import RunStore
from storage.sealing import is_sealed, unseal
from storage.times import to_text

README = """What Mynah holds of you, as of {at}.

messages.jsonl   what you wrote and what you were answered, oldest first; for replies, the model and the
                 version of your weights that wrote them, token counts and seconds
readings.jsonl   the articles that you last had read, with their texts
ratings.jsonl    your thumbs, remarks and corrections; message_id names the reply
beliefs.json     what is believed about you, open and closed, each with the words it rests on
changes.json     every change of the beliefs, newest first
profile.json     how you write and what you talk about
settings.json    what you chose in /settings
runs.json        each tuning on your messages: when, what came of it, its figures
adapters/        your weights by version, in the format of PEFT

Lines of .jsonl files and whole .json files are JSON in UTF-8; times are UTC.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contents:
    """Everything of one person, as plain records by file name."""

    lists: dict[str, list[Any]]
    documents: dict[str, Any]
    adapters: list[Adapter]


class Exporter:
    """Writes out all that is held of a person."""

    def __init__(self, *, database: Database, data_folder: Path) -> None:
        self._messages = MessageStore(database)
        self._readings = ReadingStore(database)
        self._ratings = FeedbackStore(database)
        self._profiles = ProfileStore(database)
        self._preferences = PreferenceStore(database)
        self._runs = RunStore(database)
        self._data_folder = data_folder

    async def export(self, user_id: int, folder: Path, *, now: datetime) -> None:
        """Write all files into a folder that is empty or does not exist yet. Raises ExportError."""
        contents = await self._collect(user_id)
        await asyncio.to_thread(_write, folder, _files(contents, self._data_folder, now))

    async def archive(self, user_id: int, *, now: datetime) -> bytes:
        """All files below `mynah/` in a zip, made in memory: none lies on a disk. Raises ExportError."""
        contents = await self._collect(user_id)
        return await asyncio.to_thread(_zipped, _files(contents, self._data_folder, now))

    async def _collect(self, user_id: int) -> _Contents:
        stored = await self._profiles.load(user_id)
        adapters = await self._runs.adapters_of(user_id)
        return _Contents(
            lists={
                "messages": _plain(await self._messages.all_of(user_id)),
                "readings": _plain(await self._readings.all_of(user_id)),
                "ratings": _plain(await self._ratings.all_of(user_id)),
            },
            documents={
                "beliefs": _plain(await self._profiles.all_beliefs(user_id)),
                "changes": _plain(await self._profiles.history(user_id, limit=-1)),
                "profile": None if stored is None else json.loads(stored.document),
                "settings": asdict(await self._preferences.get(user_id)),
                "runs": [_with_report(run) for run in await self._runs.runs_of(user_id)],
            },
            adapters=adapters,
        )


def _plain(records: Iterable[Any]) -> list[dict[str, Any]]:
    return [asdict(record) for record in records]


def _with_report(run: TuningRun) -> dict[str, Any]:
    return asdict(run) | {"report": json.loads(run.report)}


def _files(contents: _Contents, data_folder: Path, now: datetime) -> Iterator[tuple[str, bytes]]:
    """Each file of an export by its name. Raises ExportError."""
    yield "README.txt", README.format(at=to_text(now)).encode()
    for name, records in contents.lists.items():
        yield f"{name}.jsonl", "".join(f"{_json(record)}\n" for record in records).encode()
    for name, document in contents.documents.items():
        yield f"{name}.json", _json(document, indent=2).encode()
    for adapter in contents.adapters:
        yield from _adapter_files(adapter, data_folder)


def _adapter_files(adapter: Adapter, data_folder: Path) -> Iterator[tuple[str, bytes]]:
    """The files of a version as PEFT can read them; of a candidate that was never published, none."""
    for path in sorted((data_folder / adapter.folder).glob("*")):
        try:
            content = path.read_bytes()
            plain = unseal(content, adapter.secret) if is_sealed(content) else content
        except SealError as error:
            raise ExportError(f"A version of the weights could not be exported: {error}.") from error
        except OSError as error:
            raise ExportError(f"A version of the weights could not be read: {error.strerror}.") from error
        yield f"adapters/{adapter.version}/{path.name}", plain


def _write(folder: Path, files: Iterable[tuple[str, bytes]]) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise ExportError(f"The folder {folder} is not empty.")
        for name, content in files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
    except OSError as error:
        raise ExportError(f"The export could not be written: {error.strerror}.") from error


def _zipped(files: Iterable[tuple[str, bytes]]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files:
            target.writestr(f"mynah/{name}", content)
    return archive.getvalue()


def _json(value: Any, *, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent, default=_text)


def _text(value: Any) -> str:
    return to_text(value) if isinstance(value, datetime) else str(value)
