"""What the bot itself adds to a message: everything but the model and the network.

    python -m benchmarks.overhead --messages 200

The whole application with its real store answers in this process, over a wire that takes no time, with a
model that answers at once. Measured from the poll that hands a message over until the bot sends the finished
answer, beside the time that one of the store's commits takes on this disk.
"""

import argparse
import asyncio
import io
import json
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from telegram.request import BaseRequest, RequestData

from bot.app import Wires, build
from bot.local import TerminalWire
from bot.running import idle_waiter, running
from bot.services import Parts, open_core, open_services, utc_now
from bot.settings import Settings
from bot.terminal import Screen
from engine.language.bundled import ResolvedModel
from storage.database import Database
from tests.fake_embedder import FakeEmbedder
from tests.scripted_model import ScriptedModel

USER_ID = 1


class Stopwatch(BaseRequest):
    """Notes when a message is handed over, and when the answer with its buttons goes out."""

    def __init__(self, wire: TerminalWire) -> None:
        self.seconds: list[float] = []
        self._wire = wire
        self._handed_over: float | None = None

    @property
    def read_timeout(self) -> float | None:
        return None

    async def initialize(self) -> None:
        await self._wire.initialize()

    async def shutdown(self) -> None:
        await self._wire.shutdown()

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *timeouts: Any, **more: Any
    ) -> tuple[int, bytes]:
        called = url.rsplit("/", 1)[1].lower()
        is_answer = request_data is not None and "reply_markup" in request_data.parameters
        if is_answer and called in ("sendmessage", "editmessagetext") and self._handed_over is not None:
            self.seconds.append(time.perf_counter() - self._handed_over)
            self._handed_over = None
        answer = await self._wire.do_request(url, method, request_data)
        if called == "getupdates" and b'"update_id"' in answer[1]:
            self._handed_over = time.perf_counter()
        return answer


async def _said(count: int) -> AsyncIterator[str]:
    for number in range(count):
        yield f"message number {number}, of a common length and of no interest"


async def measure(folder: Path, messages: int) -> tuple[list[float], float]:
    """Seconds of each message, and the process time of one message, in seconds."""
    parts = Parts(model=ScriptedModel(), embedder=FakeEmbedder(), base=ResolvedModel("scripted", folder))
    settings = Settings(data=folder, owner=USER_ID)
    screen = Screen(io.StringIO(), live=False, ansi=False, size=lambda: os.terminal_size((80, 24)))
    wire = TerminalWire(
        screen=screen, user_id=USER_ID, name="Ada", language_code="en", downloads=folder, now=utc_now
    )
    async with (
        open_core(settings, progress=lambda _sentence: None, parts=parts) as core,
        open_services(core, parts) as services,
    ):
        watch = Stopwatch(wire)
        mynah = build(services, Wires(token="0:terminal", calls=watch, polling=watch))
        async with running(services, mynah):
            begun = time.process_time()
            await wire.converse(_said(messages), idle=idle_waiter(mynah))
            used = time.process_time() - begun
    return watch.seconds, used / messages


async def commit_seconds(folder: Path, count: int = 100) -> float:
    """The median of one small commit on this disk."""
    database = await Database.open(folder / "commits.db")
    times: list[float] = []
    for number in range(count):
        begun = time.perf_counter()
        await database.execute("INSERT INTO refusals (user_id, told_at) VALUES (?, '')", (number,))
        times.append(time.perf_counter() - begun)
    await database.close()
    return statistics.median(times)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--messages", type=int, default=200)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        seconds, used = asyncio.run(measure(Path(name), chosen.messages))
        commit = asyncio.run(commit_seconds(Path(name)))
    ordered = sorted(seconds)
    figures = {
        "messages": len(ordered),
        "median_ms": round(1000 * statistics.median(ordered), 2),
        "p95_ms": round(1000 * ordered[int(0.95 * len(ordered))], 2),
        "process_ms_a_message": round(1000 * used, 2),
        "one_commit_ms": round(1000 * commit, 2),
    }
    for name, value in figures.items():
        print(f"{name:>22} {value}")
    if chosen.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
