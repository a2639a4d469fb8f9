"""A process that has loaded every module and bears bots, one at a time: each is a process of its own, without
the seconds that Python takes to import torch.

For each line of its input, `{"environ": {...}, "log": path}`, it says `born PID`, and when that bot has ended
`ended STATUS`, negative for a signal.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.bot_api import BotApiServer
from tests.bot_api.process import REPOSITORY, BotProcess


class Nursery:
    """The process, from outside."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def bear(self, environ: dict[str, str], log: Path) -> "Born":
        """Start a bot; the one before must have ended."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"environ": environ, "log": str(log)}).encode() + b"\n")
        return Born(self, int(await self.told("born")))

    async def told(self, what: str) -> str:
        """The rest of the next line, which must begin with this word."""
        assert self._process.stdout is not None
        word, _, rest = (await self._process.stdout.readline()).decode().strip().partition(" ")
        assert word == what, f"the nursery said {word!r}"
        return rest


class Born:
    """A bot that was borne: what `BotProcess` asks of a process."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self._nursery, self._pid = nursery, pid
        self._ended = asyncio.ensure_future(nursery.told("ended"))

    @property
    def returncode(self) -> int | None:
        """Its exit status; None while it lives."""
        return int(self._ended.result()) if self._ended.done() else None

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self._pid, number)

    async def wait(self) -> int:
        """Wait until it has ended; returns its exit status."""
        return int(await asyncio.shield(self._ended))


class BornBot(BotProcess):
    """A bot on one data folder that a nursery starts."""

    def __init__(
        self,
        server: BotApiServer,
        data: Path,
        *,
        user_ids: Iterable[int],
        settings: dict[str, str],
        nursery: Nursery,
    ) -> None:
        super().__init__(server, data, user_ids=user_ids, settings=settings)
        self._nursery = nursery

    async def _spawn(self) -> Born:
        return await self._nursery.bear(self._environ, self.log)


@asynccontextmanager
async def nursery() -> AsyncGenerator[Nursery]:
    """A nursery for the time of the body."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.crash.nursery"),
        cwd=REPOSITORY,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Nursery(process)
    finally:
        process.kill()
        await process.wait()


def main() -> None:
    """Bear a bot for each line of input, and tell of its end."""
    _load()
    for line in sys.stdin:
        wish = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _live(wish["environ"], Path(wish["log"]))
        _say(f"born {pid}")
        _, status = os.waitpid(pid, 0)
        _say(f"ended {os.waitstatus_to_exitcode(status)}")


def _load() -> None:
    """Import what takes long, once for all."""
    import transformers.models.llama.modeling_llama  # noqa: F401

    import bot.services  # noqa: F401
    import engine.language.local  # noqa: F401


def _live(environ: dict[str, str], log: Path) -> None:
    """Do what `python -m bot` does, and end."""
    from bot.cli import execute

    with log.open("ab") as file, Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    os.environ.clear()
    os.environ.update(environ)
    status = execute(["run"], environ)
    sys.stdout.flush()
    os._exit(status)


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


if __name__ == "__main__":
    main()
