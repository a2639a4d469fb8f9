"""The bot as a child process over the loopback server: started, killed and stopped as a keeper would."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from tests.bot_api.server import BotApiServer
from tests.bot_api.transcript import PATIENCE_SECONDS

REPOSITORY = Path(__file__).resolve().parents[2]


class Child(Protocol):
    """What is asked of a process."""

    @property
    def returncode(self) -> int | None:
        """Its exit status, negative for a signal; None while it lives."""
        ...

    def send_signal(self, number: signal.Signals, /) -> None:
        """Send it a signal."""
        ...

    async def wait(self) -> int:
        """Wait until it ends; returns its exit status."""
        ...


class BotProcess:
    """`python -m bot` on one data folder, which does not outlive the body. What it prints goes into `log`."""

    def __init__(
        self, server: BotApiServer, data: Path, *, user_ids: Iterable[int], settings: dict[str, str]
    ) -> None:
        self.log = data / "bot.log"
        self._server = server
        self._environ = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("MYNAH_", "TELEGRAM_"))
            },
            "TELEGRAM_BOT_TOKEN": server.token,
            "TELEGRAM_BASE_URL": server.base_url,
            "TELEGRAM_BASE_FILE_URL": server.base_file_url,
            "MYNAH_ALLOWED_USERS": " ".join(map(str, user_ids)),
            "MYNAH_DATA": str(data),
            **settings,
        }
        self._child: Child | None = None

    async def __aenter__(self) -> "BotProcess":
        return self

    async def __aexit__(self, *_raised: object) -> None:
        if self._child is not None:
            await self.kill()

    async def start(self, *, timeout_seconds: float = PATIENCE_SECONDS) -> None:
        """Start it and wait until it polls. Raises RuntimeError with the log when it ends instead."""
        polls = len(self._server.calls_of("getUpdates"))
        child = self._child = await self._spawn()
        ended = asyncio.create_task(child.wait())
        polled = asyncio.create_task(
            self._server.until(
                lambda: len(self._server.calls_of("getUpdates")) > polls, timeout_seconds=timeout_seconds
            )
        )
        await asyncio.wait((ended, polled), return_when=asyncio.FIRST_COMPLETED)
        for task in (ended, polled):
            if not task.done():
                task.cancel()
        if not polled.done() or polled.cancelled():
            raise RuntimeError(f"the bot ended instead of polling:\n{self.log.read_text()}")
        polled.result()

    async def _spawn(self) -> Child:
        with self.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", cwd=REPOSITORY, env=self._environ, stdout=log, stderr=log
            )

    async def run(self) -> int:
        """Start it and wait until it ends by itself; returns its exit status."""
        self._child = await self._spawn()
        return await self.wait()

    async def wait(self) -> int:
        """Wait until it ends by itself; returns its exit status."""
        assert self._child is not None, "started before waited for"
        return await self._child.wait()

    async def kill(self) -> None:
        """End it as a power cut would."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Ask it to stop, and wait; returns its exit status."""
        return await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> int:
        assert self._child is not None, "started before ended"
        if self._child.returncode is None:
            self._child.send_signal(number)
        return await self.wait()
