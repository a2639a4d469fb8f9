"""Whatever Telegram's server sends, the bot goes on, and loses nobody's message."""

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from telegram import Bot, Update
from telegram.request import RequestData

from bot.access import Access
from bot.inbox import InboxQueue, SiftingRequest
from bot.languages import LANGUAGES
from bot.metrics import Metrics
from bot.wire import InProcessWire
from storage.database import Database
from storage.groups import GroupStore
from storage.updates import UpdateStore
from storage.users import UserStore
from tests.bot.conftest import USER_ID, Bench, bench_on
from tests.bot.test_access import BUTTONS, text, updates_of
from tests.bot_api import BotApiServer, Person

ODD: list[Any] = [
    *(None, "", "x" * 5000, "\ud800", "\u202e\u0000", -1, 0, 2**31, 2**63, 2**80, 1.5, 1e400, True),
    *([], {}, [None], {"id": None}, [[]]),
]
"""What a field may hold that no client of Telegram writes."""

COMMANDS = sorted(LANGUAGES["en"].commands)


def paths_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where each field of a JSON value lies."""
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*path, key)
            yield from paths_in(part, (*path, key))


@st.composite
def spoilt(draw: st.DrawFn, good: st.SearchStrategy[dict[str, Any]]) -> dict[str, Any]:
    """A JSON object with fields left out or filled with something odd."""
    value = deepcopy(draw(good))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(paths_in(value))))
        holder: Any = value
        for key in path[:-1]:
            holder = holder[key]
        if draw(st.booleans()) and isinstance(holder, dict):
            del holder[path[-1]]
        else:
            holder[path[-1]] = draw(st.sampled_from(ODD))
        if not any(paths_in(value)):
            break
    return value


def tap(data: str) -> dict[str, Any]:
    [query] = [
        update["callback_query"]
        for update in updates_of(USER_ID, [])
        if update.get("callback_query", {}).get("data") == BUTTONS[0]
    ]
    return {"callback_query": {**query, "data": data}}


NEARLY_BUTTONS = st.one_of(
    st.text(max_size=64),
    st.from_regex(r"(fb|go|belief|forget|set)(:[a-z0-9-]{0,22}){0,4}", fullmatch=True),
    st.builds(lambda button, rest: f"{button}{rest}", st.sampled_from(BUTTONS), st.text(max_size=9)),
)
NEARLY_COMMANDS = st.builds(
    lambda command, rest: f"/{command} {rest}", st.sampled_from(COMMANDS), st.text(max_size=200)
)
KNOWN = st.sampled_from(updates_of(USER_ID, COMMANDS))
OF_EVERY_KIND = st.builds(
    lambda kind, known: {str(kind): next(iter(known.values()))}, st.sampled_from(Update.ALL_TYPES), KNOWN
)
UPDATES = st.one_of(
    spoilt(KNOWN),
    spoilt(OF_EVERY_KIND),
    NEARLY_BUTTONS.map(tap),
    NEARLY_COMMANDS.map(lambda words: {"message": text(USER_ID, words)}),
)


def drawn(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """Examples of a strategy, the same each time."""
    found: list[Any] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def keep(example: Any) -> None:
        found.append(example)

    keep()
    return found


async def is_still_there(bench: Bench, ada: Person, number: int) -> None:
    await ada.say(f"are you there, {number}?")
    await bench.server.until(
        lambda: any(f"You said: are you there, {number}?" == reply.text for reply in ada.chat.replies),
    )


async def test_the_bot_outlives_every_update_and_answers_those_around_it(
    tmp_path: Path, server: BotApiServer, caplog: pytest.LogCaptureFixture
):
    async with bench_on(tmp_path, server, owner=USER_ID) as bench:
        ada = server.person(USER_ID, "Ada")
        for number, update in enumerate(drawn(UPDATES, 250)):
            [(kind, content)] = list(update.items())[:1] or [("nothing", {})]
            server._world.updates._allowed = None
            server._world.updates._waiting.append(
                {"update_id": server._world.updates._next_id, kind: content}
            )
            server._world.updates._next_id += 1
            if number % 25 == 24:
                await is_still_there(bench, ada, number)
        await bench.idle()

        assert [record for record in caplog.records if record.levelname == "CRITICAL"] == []
        assert await bench.services.updates.pending() == []


class Wire(InProcessWire):
    """Answers with these bytes."""

    def __init__(self) -> None:
        self.body = b""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: Any, **__: Any
    ) -> tuple[int, bytes]:
        return 200, self.body


LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
JSON = st.recursive(
    LEAVES,
    lambda parts: st.lists(parts, max_size=4) | st.dictionaries(st.text(max_size=8), parts, max_size=4),
    max_leaves=12,
)
FIRST_GOOD = 2**62


def inbox_over(database: Database) -> InboxQueue:
    """An inbox of a bot that does not run, which lets one user in."""

    def now() -> datetime:
        return datetime(2026, 3, 2, tzinfo=UTC)

    access = Access(
        users=UserStore(database),
        groups=GroupStore(database),
        allowed=frozenset({USER_ID}),
        owner=None,
        code=None,
        now=now,
    )
    bot = Bot("1:fuzz")
    return InboxQueue(
        updates=UpdateStore(database), access=access, bot=lambda: bot, on_refusal=lambda *_: None, now=now
    )


def sifting_into(inbox: InboxQueue, wire: Wire, folder: Path) -> SiftingRequest:
    metrics = Metrics(updates_waiting=int, replies_under_way=int)
    return SiftingRequest(wire, inbox=inbox, poll_file=folder / "poll", metrics=metrics)


async def test_among_any_rubbish_the_good_updates_come_through(database: Database, tmp_path: Path):
    wire, inbox = Wire(), inbox_over(database)
    sifting = sifting_into(inbox, wire, tmp_path)
    for number, around in enumerate(drawn(st.lists(JSON | spoilt(KNOWN), max_size=4), 200), FIRST_GOOD):
        good = {"update_id": number, "message": text(USER_ID, "good")}
        wire.body = json.dumps({"ok": True, "result": [*around, good, *around, good]}).encode()
        _, body = await sifting.do_request("", "POST")
        for raw in json.loads(body)["result"]:
            await inbox.put(Update.de_json(raw, None))

        come = [inbox.get_nowait() for _ in range(inbox.qsize())]
        came_through = [
            update for update in come if isinstance(update, Update) and update.update_id == number
        ]
        assert [update.message and update.message.text for update in came_through] == ["good"]


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"null", b"[]", b'{"ok": true}', b"\xff\xfe", b"[" * 99_999]
)
async def test_an_answer_that_holds_no_updates_is_left_to_the_library(
    database: Database, tmp_path: Path, body: bytes
):
    wire = Wire()
    wire.body = body
    sifting = sifting_into(inbox_over(database), wire, tmp_path)

    assert await sifting.do_request("", "POST") == (200, body)
