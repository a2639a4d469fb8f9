"""How well and how fast past turns are found again.

    python -m benchmarks.memory [--data FOLDER] [--sessions 20] [--history 100000] [--json]

recall@3 is the share of questions of which a turn that answers them is among the three that are recalled:
questions of our own seeded sessions, and of MemoryBank (`memorybank_*` in the folder), whose answers were
looked up by hand; what is weighed how was chosen on the sessions and on MemoryBank's even questions. *Silent*
is the share of the questions without an answer for which nothing is recalled.
Speed is taken over a history of so many real messages (`chitchat-dataset`) with drawn vectors, the embedding
of the question included; the time of the processor counts no waiting for other work.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from benchmarks.memory_bank import UNANSWERED, bank_users
from benchmarks.profile import real_texts
from benchmarks.replay import percentile
from engine.profile.embedding import Embedder, NanoEmbedder, Vector
from engine.profile.engine import ProfileEngine
from engine.profile.keys import index_words
from engine.profile.memory import Memory
from engine.profile.shelf import pack
from storage.database import Database
from storage.memories import MemoryStore, NewMemory
from storage.messages import MessageStore
from storage.records import Message, NewMessage, Origin, Role
from storage.users import UserStore
from tests.engine.profile.sessions import BEGIN, sessions

USER_ID = 1
_TIMED = 100


@dataclass
class Bench:
    """A store with one user, and what learns and recalls over it."""

    database: Database
    messages: MessageStore
    memory: Memory
    profiles: ProfileEngine
    conversation_id: int

    async def tell(self, said: str, answered: str, at: datetime, origin: Origin = Origin.TYPED) -> Message:
        """Log a turn and learn from it, as the bot does."""
        question = self._new(Role.USER, said, at, origin)
        logged, _ = await self.messages.add_turn(question, self._new(Role.ASSISTANT, answered, at))
        await self.profiles.observe(logged)
        return logged

    async def recalled(self, question: str) -> list[int]:
        """The ids of the messages that are recalled."""
        return [one.turn.message_id for one in await self.memory.recall(USER_ID, question)]

    def _new(self, role: Role, text: str, at: datetime, origin: Origin = Origin.TYPED) -> NewMessage:
        return NewMessage(
            user_id=USER_ID,
            chat_id=USER_ID,
            conversation_id=self.conversation_id,
            role=role,
            text=text,
            created_at=at,
            origin=origin,
        )


class KnownEmbedder:
    """Embeds each text once, since sessions share their small talk."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, Vector] = {}

    async def embed(self, text: str) -> Vector:
        """The vector of a text."""
        if text not in self._known:
            self._known[text] = await self._embedder.embed(text)
        return self._known[text]


async def open_bench(path: Path, embedder: Embedder, now: datetime) -> Bench:
    """An empty store, and what works over it; questions are asked at `now`."""
    database = await Database.open(path)
    await UserStore(database).add(USER_ID, name="Ada", is_owner=False, now=BEGIN)
    messages = MessageStore(database)
    profiles = ProfileEngine.over(database, embedder=embedder, now=lambda: now, timezone=UTC)
    conversation_id = await messages.start_conversation(user_id=USER_ID, chat_id=USER_ID, now=BEGIN)
    return Bench(database, messages, profiles.memory, profiles, conversation_id)


async def session_figures(folder: Path, embedder: Embedder, *, count: int, seed: int) -> dict[str, float]:
    """recall@3 and silence on the generator."""
    figures: dict[str, float] = {}
    for language in ("en", "zh"):
        hits: list[bool] = []
        silent: list[bool] = []
        missed: list[str] = []
        for number, session in enumerate(sessions(language, count, seed=seed)):
            now = session.messages[-1].created_at + timedelta(days=1)
            bench = await open_bench(folder / f"{language}-{number}.db", embedder, now)
            logged: dict[int, int] = {}
            for one in session.messages:
                if one.role is Role.USER:
                    told = await bench.tell(one.text, "I see.", one.created_at, one.origin)
                    logged[one.message_id] = told.message_id
            for probe in session.probes:
                found = await bench.recalled(probe.text)
                if probe.answered_by is None:
                    silent.append(not found)
                    continue
                hits.append(logged[probe.answered_by] in found)
                if not hits[-1]:
                    missed.append(f"{probe.text}   <- {session.messages[probe.answered_by - 1].text}")
            await bench.database.close()
        _print_missed(language, missed)
        figures |= {
            f"sessions_{language}_recall_at_3": sum(hits) / len(hits),
            f"sessions_{language}_silent": sum(silent) / len(silent),
        }
    return figures


async def bank_figures(folder: Path, data: Path, embedder: Embedder) -> dict[str, float]:
    """recall@3 on MemoryBank, by every second question, and silence."""
    figures: dict[str, float] = {}
    for language in ("en", "zh"):
        hits: list[bool] = []
        silent: list[bool] = []
        missed: list[str] = []
        for number, user in enumerate(bank_users(data, language)):
            now = user.exchanges[-1].at + timedelta(days=1)
            bench = await open_bench(folder / f"bank-{language}-{number}.db", embedder, now)
            logged = [await bench.tell(one.said, one.answered, one.at) for one in user.exchanges]
            for question, answers in user.questions:
                found = await bench.recalled(question)
                hits.append(any(logged[place].message_id in found for place in answers))
                if not hits[-1]:
                    missed.append(question)
            silent += [not await bench.recalled(question) for question in UNANSWERED[language]]
            await bench.database.close()
        _print_missed(f"MemoryBank, {language}", missed)
        figures |= {
            f"bank_{language}_recall_at_3": sum(hits) / len(hits),
            f"bank_{language}_recall_at_3_even": sum(hits[::2]) / len(hits[::2]),
            f"bank_{language}_recall_at_3_odd": sum(hits[1::2]) / len(hits[1::2]),
            f"bank_{language}_silent": sum(silent) / len(silent),
        }
    return figures


def _print_missed(where: str, missed: list[str]) -> None:
    print(f"\n{where}: {len(missed)} not found, among them:")
    for one in random.Random(0).sample(missed, min(10, len(missed))):
        print(f"  {one}")


async def speed_figures(folder: Path, *, history: int) -> dict[str, float]:
    """Milliseconds of a search over a long history, and of the first one, which reads all vectors."""
    texts = real_texts(history)
    bench = await open_bench(folder / "long.db", NanoEmbedder(), BEGIN + timedelta(days=400))
    await _fill(bench, texts)
    seconds: list[float] = []
    at_work: list[float] = []
    for text in texts[:: len(texts) // _TIMED]:
        begun, worked = time.perf_counter(), time.process_time()
        await bench.recalled(f"What did I say about {' '.join(text.split()[:4])}?")
        seconds.append(time.perf_counter() - begun)
        at_work.append(time.process_time() - worked)
    await bench.database.close()
    return {
        "search_messages": len(texts),
        "search_ms_first": 1_000 * seconds[0],
        "search_ms_median": 1_000 * float(np.median(seconds[1:])),
        "search_ms_p95": 1_000 * percentile(seconds[1:], 95),
        "search_processor_ms_median": 1_000 * float(np.median(at_work[1:])),
        "search_processor_ms_p95": 1_000 * percentile(at_work[1:], 95),
    }


async def _fill(bench: Bench, texts: list[str]) -> None:
    """Messages and their index without the work of embedding; vectors lie in a cone, as those of e5 do."""
    chance = np.random.default_rng(0)
    middle = chance.standard_normal(384)
    rows: list[tuple[object, ...]] = []
    memories: list[NewMemory] = []
    for number, text in enumerate(texts, start=1):
        at = BEGIN + timedelta(minutes=number)
        vector = (2.0 * middle + chance.standard_normal(384)).astype(np.float32)
        rows.append((number, bench.conversation_id, text, at.isoformat()))
        memories.append(
            NewMemory(
                message_id=number,
                user_id=USER_ID,
                said_at=at,
                said=" ".join(index_words(text)),
                answered="",
                vector=pack(vector / np.linalg.norm(vector)),
                states=True,
            )
        )
    async with bench.database.transaction() as connection:
        await connection.executemany(
            "INSERT INTO messages"
            " (message_id, user_id, chat_id, conversation_id, role, text, origin, created_at)"
            " VALUES (?, 1, 1, ?, 'user', ?, 'typed', ?)",
            rows,
        )
    await MemoryStore(bench.database).put_all(memories)


async def measure(arguments: argparse.Namespace) -> dict[str, float]:
    """All parts; MemoryBank only when its files are there."""
    embedder = KnownEmbedder(NanoEmbedder())
    with tempfile.TemporaryDirectory(prefix="mynah-memory-") as name:
        folder = Path(name)
        figures = await session_figures(folder, embedder, count=arguments.sessions, seed=arguments.seed)
        try:
            figures |= await bank_figures(folder, arguments.data, embedder)
        except FileNotFoundError as error:
            print(f"No {Path(error.filename).name} in {arguments.data}: MemoryBank is not measured.")
        if arguments.history:
            figures |= await speed_figures(folder, history=arguments.history)
    return figures


def main() -> int:
    """Print a table and, with `--json`, one object on the last line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("benchmarks/data"), help="folder of data sets")
    parser.add_argument("--sessions", type=int, default=20, help="of each language")
    parser.add_argument("--seed", type=int, default=1, help="of the sessions")
    parser.add_argument("--history", type=int, default=100_000, help="messages to search, 0 for none")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = asyncio.run(measure(arguments))
    for name, value in figures.items():
        print(f"{name:34} {value:12.3f}")
    if arguments.json:
        print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
