"""How fast and in how much memory `mynah import` reads an export of Telegram Desktop.

    python -m benchmarks.past --megabytes 100

Writes an export of that size with a tenth of it said by the user, and reads it with the real reader and the
real store. The profile is left out: its time is that of the embedder, 12 ms a line on one core.
"""

import argparse
import asyncio
import json
import resource
import tempfile
import time
from datetime import UTC
from pathlib import Path

from bot.services import utc_now
from engine.past.importer import Importer
from engine.past.telegram_export import read_export
from engine.profile.embedding import Vector
from engine.profile.engine import ProfileEngine
from storage.database import Database
from storage.past import PastStore
from storage.users import UserStore

USER_ID = 2001


class NoEmbedder:
    """Never asked: the lines of this export are marked as another person's when the profile is built."""

    async def embed(self, text: str) -> Vector:
        raise AssertionError("no profile is built here")


def write_export(path: Path, megabytes: int) -> int:
    """Write an export of a whole account; returns its number of messages."""
    number = 0
    with path.open("w") as file:
        file.write('{"about": "", "chats": {"about": "", "list": [')
        chat = 0
        while file.tell() < megabytes * 1_000_000:
            file.write("," if chat else "")
            chat += 1
            file.write(f'{{"name": "Chat {chat}", "type": "personal_chat", "id": {chat}, "messages": [')
            for index in range(20_000):
                number += 1
                file.write("," if index else "")
                file.write(json.dumps(_message(index + 1)))
                if file.tell() >= megabytes * 1_000_000:
                    break
            file.write("]}")
        file.write("]}}")
    return number


def _message(number: int) -> dict[str, object]:
    is_own = number % 10 == 0
    text = f"Line {number} of a talk about birds, weather and the long way home."
    return {
        "id": number,
        "type": "message",
        "date": "2024-05-01T12:00:00",
        "date_unixtime": str(1_714_557_600 + number),
        "from": "Ada" if is_own else "Bob",
        "from_id": f"user{USER_ID}" if is_own else "user7",
        "text": text,
        "text_entities": [{"type": "plain", "text": text}],
    }


async def _import(export: Path, folder: Path) -> int:
    database = await Database.open(folder / "mynah.db")
    past, users = PastStore(database), UserStore(database)
    profiles = ProfileEngine.over(database, embedder=NoEmbedder(), now=utc_now, timezone=UTC)
    importer = Importer(past=past, users=users, profiles=profiles, now=utc_now)
    await users.note(USER_ID, name="Ada", now=utc_now())
    await past.set_observed(USER_ID, 1 << 62)
    with export.open("rb") as stream:
        lines = read_export(stream, user_id=USER_ID, judge=lambda _emoji: None)
        outcome = await importer.bring(USER_ID, lines, on_observed=lambda _done, _all: None)
    await database.close()
    return outcome.new


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--megabytes", type=int, default=100)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        export = Path(name) / "result.json"
        messages = write_export(export, chosen.megabytes)
        before = _peak_mb()
        begun = time.perf_counter()
        new = asyncio.run(_import(export, Path(name)))
        seconds = time.perf_counter() - begun
    figures = {
        "megabytes": chosen.megabytes,
        "messages": messages,
        "own_lines": new,
        "seconds": round(seconds, 1),
        "peak_memory_rise_mb": round(_peak_mb() - before, 1),
    }
    for name, value in figures.items():
        print(f"{name:>22} {value}")
    if chosen.json:
        print(json.dumps(figures))


def _peak_mb() -> float:
    """The most memory that this process has had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
