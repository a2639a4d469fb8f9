"""The whole bot in this process, over the loopback Bot API server, with a scripted model."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from telegram.request import HTTPXRequest

from bot.app import Mynah, Wires, build
from bot.pace import Throttle
from bot.running import idle_waiter, running
from bot.services import Clock, Parts, Services, open_core, open_services, utc_now
from bot.settings import Settings
from engine.language.bundled import ResolvedModel
from engine.profile.embedding import Embedder
from engine.sight import Viewer
from engine.speech import Transcriber
from engine.tuning.child import Trainer
from tests.bot.log_watch import nothing_said_is_logged
from tests.bot_api import BotApiServer
from tests.fake_embedder import FakeEmbedder
from tests.scripted_model import ScriptedModel

USER_ID = 2001


@dataclass
class Bench:
    """A running bot and what surrounds it."""

    server: BotApiServer
    model: ScriptedModel
    services: Services
    mynah: Mynah

    async def idle(self) -> None:
        """Wait until what the bot has received is handled to its end."""
        await idle_waiter(self.mynah)()


def wires_to(
    server: BotApiServer, *, poll_read_seconds: float = 20.0, throttle: Throttle | None = None
) -> Wires:
    """Real HTTP to the loopback server."""
    return Wires(
        token=server.token,
        calls=HTTPXRequest(),
        polling=HTTPXRequest(read_timeout=poll_read_seconds),
        base_url=server.base_url,
        base_file_url=server.base_file_url,
        throttle=throttle or Throttle(most=None),
    )


@asynccontextmanager
async def bench_on(
    folder: Path,
    server: BotApiServer,
    *,
    model: ScriptedModel | None = None,
    now: Clock = utc_now,
    embedder: Embedder | None = None,
    transcriber: Transcriber | None = None,
    viewer: Viewer | None = None,
    trainer: Trainer | None = None,
    poll_read_seconds: float = 20,
    throttle: Throttle | None = None,
    **settings: object,
) -> AsyncGenerator[Bench]:
    """Start the bot on a data folder; leave to stop it."""
    model = model or ScriptedModel()
    parts = Parts(
        model=model,
        embedder=embedder or FakeEmbedder(),
        base=ResolvedModel("scripted", folder),
        transcriber=transcriber,
        viewer=viewer,
        trainer=trainer,
    )
    chosen = Settings(data=folder, allowed_users=frozenset({USER_ID}), **settings)  # pyright: ignore
    async with (
        open_core(chosen, progress=lambda _sentence: None, now=now, parts=parts) as core,
        open_services(core, parts) as services,
    ):
        wires = wires_to(server, poll_read_seconds=poll_read_seconds, throttle=throttle)
        mynah = build(services, wires)
        with nothing_said_is_logged(server):
            async with running(services, mynah):
                yield Bench(server, model, services, mynah)


@pytest.fixture
async def server() -> AsyncGenerator[BotApiServer]:
    async with BotApiServer() as server:
        yield server


@pytest.fixture
async def bench(tmp_path: Path, server: BotApiServer) -> AsyncGenerator[Bench]:
    async with bench_on(tmp_path, server) as bench:
        yield bench
