"""How many messages a second pass through inbox, log, profile and outbox, and what memory they leave behind.

    python -m benchmarks.load [--messages 50000] [--users 400] [--json]
    python -m benchmarks.load --encryption [--messages 2000] [--rounds 3] [--json]

Everything is real but for the language model, which answers at once, and the wire to Telegram, which is in
this process: what is measured is Mynah's own work and its commits to the disk. A second figure is how long a
stop takes in the middle of the load, from the signal to the closed database.

With --encryption the same load runs on a plain and on an encrypted database, in turn so that both meet the
same machine.
"""

import argparse
import asyncio
import json
import resource
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from telegram.request import RequestData

from bot.app import Wires, build
from bot.running import running
from bot.services import Parts, open_core, open_services
from bot.settings import Settings
from bot.wire import InProcessWire
from engine.language.bundled import ResolvedModel
from tests.fake_embedder import FakeEmbedder
from tests.scripted_model import ScriptedModel

MOST_UNDER_WAY = 200
"""As many messages wait at once as a busy evening brings."""

STOP_AFTER = 20
"""The stop is measured when so many are answered and the others wait."""

BATCH = 100

_KEY = "a key for the load"
FIRST_USER_ID = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far it was at one moment: by the clock, by processor time (seconds both), and its memory in MB."""

    messages: int
    seconds: float
    worked: float
    memory: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Rates are messages a second: by the clock, and by the processor time of this process."""

    messages: int
    users: int
    rate: float
    rate_by_processor: float
    marks: tuple[Mark, ...]
    stop_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionCost:
    """Milliseconds a message, of each round in order."""

    messages: int
    plain: tuple[float, ...]
    encrypted: tuple[float, ...]
    plain_by_processor: tuple[float, ...]
    encrypted_by_processor: tuple[float, ...]


class LoadWire(InProcessWire):
    """Telegram with people who write as fast as they are answered."""

    def __init__(self, messages: int, users: int, marks: list[Mark]) -> None:
        self._messages = messages
        self._users = users
        self._marks = marks
        self._begun = time.monotonic()
        self._waiting: list[dict[str, Any]] = []
        self._sent = 0
        self._ids = iter(range(1, sys.maxsize))
        self.answered = 0
        self.all_answered = asyncio.Event()
        self.well_under_way = asyncio.Event()
        self._room = asyncio.Event()

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: Any, **__: Any
    ) -> tuple[int, bytes]:
        parameters = {} if request_data is None else request_data.parameters
        result = await self._answer(url.rpartition("/")[2].lower(), parameters)
        return 200, json.dumps({"ok": True, "result": result}).encode()

    async def _answer(self, method: str, parameters: dict[str, Any]) -> Any:
        match method:
            case "getme":
                return {"id": 1, "is_bot": True, "first_name": "Mynah", "username": "mynah_bot"}
            case "getupdates":
                return await self._updates(
                    parameters.get("offset", 0), patient=bool(parameters.get("timeout"))
                )
            case "sendmessage" | "editmessagetext":
                self._count(parameters)
                return self._message(parameters["chat_id"], parameters["text"])
            case _:
                return True

    async def _updates(self, offset: int, *, patient: bool) -> list[dict[str, Any]]:
        self._waiting = [update for update in self._waiting if update["update_id"] >= offset]
        while not (new := list(self._new())) and not self._waiting and patient:
            self._room.clear()
            await self._room.wait()
        self._waiting += new
        return self._waiting[:BATCH]

    def _new(self) -> Iterator[dict[str, Any]]:
        while self._sent < self._messages and self._sent - self.answered < MOST_UNDER_WAY:
            number, self._sent = self._sent, self._sent + 1
            user_id = FIRST_USER_ID + number % self._users
            message = self._message(user_id, f"I like the number {number}, and what do you think of it?")
            # Of each person one a minute by their own clock: no flood, and no lines of one question.
            message |= {"date": 1_772_000_000 + 60 * (number // self._users)}
            message["from"] = {"id": user_id, "is_bot": False, "first_name": f"Person {user_id}"}
            yield {"update_id": number + 1, "message": message}

    def _message(self, chat_id: int, text: str) -> dict[str, Any]:
        chat = {"id": chat_id, "type": "private", "first_name": "Person"}
        return {"message_id": next(self._ids), "date": 1_772_000_000, "chat": chat, "text": text}

    def _count(self, parameters: dict[str, Any]) -> None:
        if "reply_markup" not in parameters:
            return  # a preview
        self.answered += 1
        self._room.set()
        if self.answered % max(1, self._messages // 10) == 0:
            self._marks.append(
                Mark(
                    messages=self.answered,
                    seconds=time.monotonic() - self._begun,
                    worked=time.process_time(),
                    memory=_memory_now(),
                )
            )
        if self.answered == STOP_AFTER:
            self.well_under_way.set()
        if self.answered >= self._messages:
            self.all_answered.set()


class QuietModel(ScriptedModel):
    """Keeps no prompts, which would look like a leak."""

    async def generate(self, *arguments: Any, **options: Any) -> Any:
        completion = await super().generate(*arguments, **options)
        self.requests.clear()
        return completion


async def measure(messages: int, users: int, folder: Path) -> Outcome:
    """Let so many messages through, and stop in the middle of as many again."""
    marks = [Mark(messages=0, seconds=0.0, worked=time.process_time(), memory=_memory_now())]
    seconds, worked = await _through(LoadWire(messages, users, marks), users, folder / "load")
    return Outcome(
        messages=messages,
        users=users,
        rate=messages / seconds,
        rate_by_processor=messages / worked,
        marks=tuple(marks),
        stop_seconds=await _stop_under_load(users, folder / "stop"),
    )


async def measure_encryption(messages: int, users: int, rounds: int, folder: Path) -> EncryptionCost:
    """The same load without a key and with one, in turn."""
    costs: dict[str | None, list[tuple[float, float]]] = {None: [], _KEY: []}
    for number in range(rounds):
        for key, measured in costs.items():
            wire = LoadWire(messages, users, [])
            seconds, worked = await _through(wire, users, folder / f"{number}-{key is None}", key=key)
            measured.append((1000 * seconds / messages, 1000 * worked / messages))
    (plain, plain_worked), (encrypted, worked) = (zip(*one, strict=True) for one in costs.values())
    return EncryptionCost(
        messages=messages,
        plain=plain,
        encrypted=encrypted,
        plain_by_processor=plain_worked,
        encrypted_by_processor=worked,
    )


async def _through(
    wire: LoadWire, users: int, folder: Path, *, key: str | None = None
) -> tuple[float, float]:
    """Let the load through; returns seconds by the clock and of processor time, without the start: to make a
    key out of a passphrase is slow on purpose.
    """
    async with _bot(wire, users, folder, key):
        clock, processor = time.monotonic(), time.process_time()
        await wire.all_answered.wait()
        return time.monotonic() - clock, time.process_time() - processor


async def _stop_under_load(users: int, folder: Path) -> float:
    wire, asked = LoadWire(1_000_000, users, []), 0.0
    async with _bot(wire, users, folder, None):
        await wire.well_under_way.wait()
        asked = time.monotonic()
    return time.monotonic() - asked


@asynccontextmanager
async def _bot(wire: LoadWire, users: int, folder: Path, key: str | None) -> AsyncGenerator[None]:
    parts = Parts(model=QuietModel(), embedder=FakeEmbedder(), base=ResolvedModel("scripted", folder))
    allowed = frozenset(range(FIRST_USER_ID, FIRST_USER_ID + users))
    settings = Settings(data=folder, allowed_users=allowed, database_key=key)
    async with (
        open_core(settings, progress=lambda _sentence: None, parts=parts) as core,
        open_services(core, parts) as services,
    ):
        mynah = build(services, Wires(token="1:load", calls=wire, polling=wire))
        async with running(services, mynah):
            yield


def _memory_now() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def as_table(outcome: Outcome) -> str:
    """The figures for people."""
    lines = [f"{'messages':>9} {'seconds':>8} {'a second':>9} {'by processor':>13} {'memory MB':>10}"]
    for before, mark in pairwise(outcome.marks):
        count = mark.messages - before.messages
        rate, by_processor = count / (mark.seconds - before.seconds), count / (mark.worked - before.worked)
        lines.append(
            f"{mark.messages:>9} {mark.seconds:>8.1f} {rate:>9.0f} {by_processor:>13.0f} {mark.memory:>10.0f}"
        )
    lines.append(
        f"{outcome.rate:.0f} messages a second by the clock, {outcome.rate_by_processor:.0f} by processor "
        f"time; stopped in {outcome.stop_seconds:.1f} s"
    )
    return "\n".join(lines)


def as_comparison(cost: EncryptionCost) -> str:
    """The figures of both databases for people; the last line compares the medians."""
    lines = [f"{'ms a message':<22} {'plain':>8} {'encrypted':>10}"]
    pairs = {
        "by the clock": (cost.plain, cost.encrypted),
        "by processor time": (cost.plain_by_processor, cost.encrypted_by_processor),
    }
    for name, (plain, encrypted) in pairs.items():
        lines += [
            f"{name:<22} {one:>8.2f} {other:>10.2f}" for one, other in zip(plain, encrypted, strict=True)
        ]
    shares = [
        f"{median(encrypted) / median(plain) - 1:+.0%} {name}" for name, (plain, encrypted) in pairs.items()
    ]
    return "\n".join([*lines, f"encryption: {', '.join(shares)}"])


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, help="50,000 by default; 2,000 a run with --encryption")
    parser.add_argument("--users", type=int, default=400)
    parser.add_argument("--folder", type=Path, help="where the database lies; a temporary folder by default")
    parser.add_argument("--encryption", action="store_true", help="compare with an encrypted database")
    parser.add_argument("--rounds", type=int, default=3, help="with --encryption")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        if options.encryption:
            messages = options.messages or 2_000
            cost = asyncio.run(measure_encryption(messages, options.users, options.rounds, Path(folder)))
            print(json.dumps(asdict(cost)) if options.json else as_comparison(cost))
            return
        outcome = asyncio.run(measure(options.messages or 50_000, options.users, Path(folder)))
    print(json.dumps(asdict(outcome)) if options.json else as_table(outcome))


if __name__ == "__main__":
    main()
