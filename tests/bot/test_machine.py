"""Inbox, lanes and outbox as one machine: in whatever order things go wrong, each message has one answer."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, TypeVar

import aiosqlite
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import running
from bot.languages import LANGUAGES
from storage.database import Database
from storage.errors import WriteRefusedError
from tests.bot.conftest import USER_ID, bench_on
from tests.bot.test_app import is_final
from tests.bot_api import BotApiServer, Cut
from tests.scripted_model import ScriptedModel

EN = LANGUAGES["en"]
Result = TypeVar("Result")
USERS = (USER_ID, USER_ID + 1)


@dataclass(frozen=True)
class Say:
    """Somebody writes a line."""

    who: int


@dataclass(frozen=True)
class Hold:
    """From here on replies stop in the middle; or they go on."""

    held: bool


@dataclass(frozen=True)
class Refuse:
    """The disk has no room for the write after so many others."""

    after: int


@dataclass(frozen=True)
class Restart:
    """The bot is stopped and started on the same folder."""


@dataclass(frozen=True)
class Fail:
    """The next call of this method is refused, or its connection ends before or after the work."""

    method: Literal["sendmessage", "editmessagetext", "getupdates"]
    how: Cut | None


@dataclass(frozen=True)
class Pause:
    """The bot gets time for what is under way."""


STEPS = st.lists(
    st.one_of(
        st.builds(Say, st.sampled_from(range(len(USERS)))),
        st.builds(Say, st.just(0)),
        st.builds(Hold, st.booleans()),
        st.builds(Refuse, st.integers(0, 12)),
        st.just(Restart()),
        st.just(Pause()),
        st.builds(
            Fail,
            st.sampled_from(["sendmessage", "editmessagetext", "getupdates"]),
            st.sampled_from([None, *Cut]),
        ),
    ),
    min_size=4,
    max_size=16,
)


class Machine:
    """A bot that is put through steps, and what was said to it."""

    def __init__(self, folder: Path, server: BotApiServer) -> None:
        self._folder, self._server = folder, server
        self._model = ScriptedModel()
        self._people = [server.person(user_id, f"Person {user_id}") for user_id in USERS]
        self._running = AsyncExitStack()
        self._left: int | None = None
        self.said: list[tuple[int, str]] = []
        self.may_be_unknown = False

    async def start(self) -> None:
        """Start the bot, or start it again."""
        await self._running.aclose()
        self._bench = await self._running.enter_async_context(
            bench_on(self._folder, self._server, model=self._model, owner=USERS[1])
        )
        self._refuse_when_due(self._bench.services.core.database)

    async def stop(self) -> None:
        """End the bot for good."""
        await self._running.aclose()

    async def do(self, step: object) -> None:
        """One step."""
        match step:
            case Say(who):
                text = f"line {len(self.said)}"
                self.said.append((who, text))
                await self._people[who].say(text)
            case Hold(held):
                self._model.hold() if held else self._model.gate.set()
            case Refuse(after):
                self._left = after
            case Restart():
                await self.start()
            case Fail(method, how):
                self.may_be_unknown |= method != "getupdates"
                if how is None:
                    self._server.fail(method, code=502, description="Bad Gateway")
                else:
                    self._server.cut(method, how)
            case _:
                await asyncio.sleep(0.05)

    async def settle(self) -> None:
        """Let everything end that the steps have begun."""
        self._left = None
        self._model.gate.set()
        async with asyncio.timeout(60):
            while True:
                await self._server.until_polled()
                await self._bench.idle()
                if not await self._bench.services.updates.pending():
                    return
                await asyncio.sleep(0.05)

    async def answers(self) -> Counter[tuple[int, str]]:
        """How often each line was answered, by the log; a question may hold several lines."""
        found: Counter[tuple[int, str]] = Counter()
        for who, user_id in enumerate(USERS):
            for turn in await self._bench.services.core.messages.rated_turns(user_id):
                found.update((who, line) for line in turn.question.text.split("\n"))
        return found

    def shown(self) -> Counter[tuple[int, str]]:
        """How often each line stands in a finished answer on screen."""
        found: Counter[tuple[int, str]] = Counter()
        for who, person in enumerate(self._people):
            for reply in filter(is_final, person.chat.replies):
                found.update((who, line) for line in reply.text.removeprefix("You said: ").split("\n"))
        return found

    def _refuse_when_due(self, database: Database) -> None:
        write, transaction = database.write, database.transaction

        def count_down() -> None:
            if self._left is not None:
                self._left -= 1
                if self._left < 0:
                    self._left = None
                    raise WriteRefusedError("the disk is full")

        async def counted_write(step: Callable[..., Result]) -> Result:
            count_down()
            return await write(step)

        @asynccontextmanager
        async def counted_transaction() -> AsyncGenerator[aiosqlite.Connection]:
            count_down()
            async with transaction() as connection:
                yield connection

        database.write = counted_write  # pyright: ignore
        database.transaction = counted_transaction  # pyright: ignore


async def put_through(steps: list[object]) -> None:
    """Fresh folder, fresh server, all steps, and the count at the end."""
    with TemporaryDirectory() as folder:
        async with BotApiServer() as server:
            machine = Machine(Path(folder), server)
            await machine.start()
            try:
                for step in steps:
                    await machine.do(step)
                await machine.settle()
                answers, shown = await machine.answers(), machine.shown()
            finally:
                await machine.stop()
    assert answers == Counter(machine.said)
    if machine.may_be_unknown:  # what may not have arrived is told, and not sent again
        assert shown <= answers
    else:
        assert shown == answers


@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(STEPS)
async def test_each_message_is_answered_once_in_whatever_order_things_go_wrong(steps: list[object]):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "FOLLOW_SECONDS", 0.05)
        await put_through(steps)
