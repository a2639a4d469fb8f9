"""Whoever was not let in gets nothing: every registered handler is tried with a stranger's update."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from telegram import Update
from telegram.ext import BaseHandler, CommandHandler, TypeHandler

from bot.access import CODE_LIFETIME, MOST_GUESSES, Access
from bot.languages import LANGUAGES
from bot.limits import MESSAGES, Limiter, Rate, Verdict
from storage.database import Database
from storage.groups import GroupStore
from storage.users import UserStore
from tests.bot.conftest import USER_ID, Bench, bench_on
from tests.bot.test_app import ask
from tests.bot_api import BotApiServer
from tests.conftest import Clock

STRANGER_ID = 666
EN = LANGUAGES["en"]
BUTTONS = [
    *("fb:2:1", "go:2", "belief:erase:1", "belief:keep:1", "forget:yes:4000000000", "forget:no:4000000000"),
    *("forget:purge:4000000000", "read:now", "read:passages:2", "read:shorter:2"),
    *("set:language:zh:one", "set:learning:off:all", "not learnt", "noted:wrong:1:1", "undo:1"),
    *("belief:edit:1", "belief:wrong:1", "belief:why:1", "belief:erase:1:one", "undo:1:0", "profile:1"),
]


def private(user_id: int) -> dict[str, Any]:
    return {"id": user_id, "type": "private", "first_name": "Somebody"}


def person(user_id: int) -> dict[str, Any]:
    return {"id": user_id, "is_bot": False, "first_name": "Somebody", "language_code": "en"}


def message(user_id: int, **content: Any) -> dict[str, Any]:
    return {
        "message_id": 900,
        "date": 1_772_000_000,
        "chat": private(user_id),
        "from": person(user_id),
        **content,
    }


def text(user_id: int, words: str) -> dict[str, Any]:
    length = len(words.split()[0])
    entities = [{"type": "bot_command", "offset": 0, "length": length}] if words.startswith("/") else []
    return message(user_id, text=words, entities=entities)


def updates_of(user_id: int, commands: list[str]) -> list[dict[str, Any]]:
    """One update of each kind that a person can cause, and of each command and button."""
    sticker = {"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1, "is_animated": False}
    sticker |= {"is_video": False, "type": "regular"}
    group = {"id": -5, "type": "group", "title": "Group"}
    picture = {"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9}
    seen = {"chat": private(user_id), "user": person(user_id), "date": 1_772_000_000}
    shown = message(4_200_000, text="a reply")
    member = {"user": person(user_id), "status": "member"}
    return [
        *({"message": text(user_id, f"/{command} something")} for command in commands),
        *({"message": {**text(user_id, f"/{command}"), "chat": group}} for command in commands),
        *({"edited_message": text(user_id, f"/{command}")} for command in commands),
        {"message": text(user_id, "/no_such_command")},
        {"message": text(user_id, "my secret is rosebud")},
        {"message": message(user_id, sticker=sticker)},
        {"message": message(user_id, document={"file_id": "f", "file_unique_id": "u", "file_name": "a.pdf"})},
        {"message": message(user_id, photo=[picture])},
        {"message": message(user_id, sticker=sticker, caption="rosebud")},
        {"message": message(user_id, voice={"file_id": "f", "file_unique_id": "u", "duration": 2})},
        {"message": {**message(user_id, migrate_to_chat_id=-1005), "chat": group}},
        {"message": {**text(user_id, "/start"), "chat": group}},
        {"message": message(user_id, new_chat_members=[person(user_id)])},
        {"edited_message": {**text(user_id, "my secret was rosebud"), "edit_date": 1_772_000_009}},
        *(
            {
                "callback_query": {
                    "id": "1",
                    "from": person(user_id),
                    "chat_instance": "1",
                    "data": data,
                    "message": {**shown, "chat": private(user_id)},
                }
            }
            for data in BUTTONS
        ),
        {
            "message_reaction": {
                **seen,
                "message_id": 2,
                "old_reaction": [],
                "new_reaction": [{"type": "emoji", "emoji": "👍"}],
            }
        },
        {"inline_query": {"id": "1", "from": person(user_id), "query": "rosebud", "offset": ""}},
        {"channel_post": {**message(user_id, text="rosebud"), "chat": {**group, "type": "channel"}}},
        {"my_chat_member": {"chat": private(user_id), "from": person(user_id), "date": 1_772_000_000}
         | {"old_chat_member": member, "new_chat_member": member}},
        {"poll_answer": {"poll_id": "1", "user": person(user_id), "option_ids": [0]}
         | {"option_persistent_ids": ["1"]}},
        {"business_message": message(user_id, text="rosebud")},
    ]  # fmt: skip


def handlers_of(bench: Bench) -> list[BaseHandler[Any, Any, Any]]:
    every = [handler for group in bench.mynah.application.handlers.values() for handler in group]
    return [handler for handler in every if not isinstance(handler, TypeHandler)]


async def held(bench: Bench) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, but for what the gate itself keeps."""
    database = bench.services.core.database
    names = await database.fetch_all("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    tables = [row["name"] for row in names if row["name"] not in ("updates", "refusals")]
    return {
        name: [tuple(row) for row in await database.fetch_all(f"SELECT * FROM {name}")] for name in tables
    }


async def test_no_handler_answers_or_keeps_anything_of_a_stranger(bench: Bench):
    ada, eve = bench.server.person(USER_ID, "Ada"), bench.server.person(STRANGER_ID, "Eve")
    await ask(ada, "hello")
    eve.chat.started = True
    handlers = handlers_of(bench)
    commands = sorted(
        {name for handler in handlers if isinstance(handler, CommandHandler) for name in handler.commands}
    )
    contents = updates_of(STRANGER_ID, commands)
    raws = [{"update_id": 5000 + number, **content} for number, content in enumerate(contents)]
    updates = [Update.de_json(raw, bench.mynah.application.bot) for raw in raws]
    tried = {
        handler
        for handler in handlers
        for update in updates
        if handler.check_update(update) not in (None, False)
    }
    assert tried == set(handlers), "each handler needs an update here that it would take"
    await bench.idle()
    before, calls = await held(bench), len(bench.server.calls)

    for raw in raws:
        await bench.mynah.inbox.receive([raw])
        await bench.mynah.inbox.put(Update(raw["update_id"]))
        await bench.idle()

    made = [call for call in bench.server.calls[calls:] if call.method != "getupdates"]
    assert [(call.method, call.parameters["text"]) for call in made] == [("sendmessage", EN.refusal)]
    assert len(bench.model.requests) == 1
    assert await held(bench) == before
    kept = await bench.services.core.database.fetch_all("SELECT * FROM updates WHERE update_id >= 5000")
    assert len(kept) == len(updates)
    assert {row["payload"] for row in kept} == {None}


async def test_a_door_that_fails_stays_shut(bench: Bench):
    eve = bench.server.person(STRANGER_ID, "Eve")
    await bench.services.core.database.execute("DROP TABLE refusals")
    await eve.say("my secret is rosebud")
    await eve.say("/help")
    await bench.server.until_polled()
    await bench.idle()

    assert eve.chat.replies == []
    assert bench.model.requests == []


async def test_what_is_beyond_the_limit_is_told_once_and_the_owner_has_none(
    tmp_path: Path, server: BotApiServer
):
    async with bench_on(tmp_path, server, owner=1) as bench:
        ada, kim = server.person(USER_ID, "Ada"), server.person(1, "Kim")
        most = MESSAGES[0].most
        for number in range(most + 5):
            await ada.say(f"/status {number}")
            await kim.say(f"/status {number}")
        await server.until(lambda: len(kim.chat.replies) == most + 5)
        await server.until_polled()
        await bench.idle()

        texts = [reply.text for reply in ada.chat.replies]
        assert texts.count(EN.too_many_messages) == 1
        assert len(texts) == most + 1


async def test_links_have_a_limit_of_their_own(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    for _ in range(9):
        await ada.say("/summarize http://127.0.0.1/")
    await bench.server.until(lambda: len(ada.chat.replies) == 7)
    await bench.server.until_polled()
    await bench.idle()

    assert [reply.text == EN.too_much_to_read for reply in ada.chat.replies] == [False] * 6 + [True]


def test_a_bucket_fills_again_and_what_piled_up_is_no_flood():
    limiter = Limiter([Rate(most=3, period=timedelta(minutes=1))])
    start = datetime(2026, 3, 2, tzinfo=UTC)

    asked = [limiter.take(1, start) for _ in range(5)]
    assert asked == [Verdict.ALLOWED] * 3 + [Verdict.TOLD, Verdict.SILENT]
    assert limiter.take(2, start) is Verdict.ALLOWED
    assert limiter.take(1, start + timedelta(seconds=21)) is Verdict.ALLOWED
    assert limiter.take(1, start + timedelta(seconds=22)) is Verdict.TOLD
    assert limiter.take(1, start - timedelta(days=1)) is Verdict.SILENT
    piled = [limiter.take(3, start + timedelta(seconds=20 * number)) for number in range(50)]
    assert set(piled) == {Verdict.ALLOWED}


@pytest.fixture
async def access(database: Database, clock: Clock) -> Access:
    return Access(
        users=UserStore(database),
        groups=GroupStore(database),
        allowed=frozenset(),
        owner=None,
        code="ABCDEFGH",
        now=clock,
    )


async def test_a_pairing_code_lives_an_hour(access: Access, clock: Clock):
    clock.advance(seconds=CODE_LIFETIME.total_seconds() - 1)
    assert access.code == "ABCDEFGH"
    clock.advance(seconds=1)

    assert access.code is None
    assert not await access.pair(1, "Eve", "ABCDEFGH")


async def test_a_pairing_code_cannot_be_guessed(access: Access):
    for _ in range(MOST_GUESSES):
        assert not await access.pair(1, "Eve", "hello there")  # not meant as a code
        assert access.code is not None
        assert not await access.pair(1, "Eve", "ABCDEFGX")

    assert not await access.pair(1, "Eve", "ABCDEFGH")
    assert access.code is None
