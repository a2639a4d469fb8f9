import asyncio
import json
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from bot.cli import execute
from bot.importing import import_file
from bot.settings import Settings
from engine.export import Exporter
from engine.profile.engine import ProfileEngine
from storage.database import Database
from storage.messages import MessageStore
from storage.records import Message, NewMessage, Role
from storage.users import UserStore
from tests.conftest import Clock
from tests.fake_embedder import FakeEmbedder

ADA = 2001


def said(number: int, text: Any, **more: Any) -> dict[str, Any]:
    """A message of Ada, as Telegram Desktop writes it; `more` may say that it is somebody else's."""
    return {
        "id": number,
        "type": "message",
        "date": "2024-05-01T12:00:00",
        "date_unixtime": str(1_714_557_600 + 60 * number),
        "from": "Ada",
        "from_id": f"user{ADA}",
        "text": text,
        **more,
    }


BOB = {"from": "Bob", "from_id": "user7"}


def chat(*messages: dict[str, Any], number: int = 77, kind: str = "personal_chat") -> dict[str, Any]:
    return {"name": "Bob", "type": kind, "id": number, "messages": list(messages)}


def account(*chats: dict[str, Any]) -> dict[str, Any]:
    return {
        "about": "…",
        "personal_information": {"user_id": ADA},
        "chats": {"about": "…", "list": list(chats)},
    }


async def bring(folder: Path, export: dict[str, Any] | Path, user_id: int = ADA) -> int:
    file = export if isinstance(export, Path) else folder / "result.json"
    if isinstance(export, dict):
        file.write_text(json.dumps(export, ensure_ascii=False))
    return await import_file(
        Settings(data=folder / "data"), user_id=user_id, file=file, embedder=FakeEmbedder()
    )


async def logged(folder: Path) -> list[Message]:
    database = await Database.open(folder / "data" / "mynah.db")
    try:
        return await MessageStore(database).all_of(ADA)
    finally:
        await database.close()


async def profile(folder: Path, clock: Clock):
    database = await Database.open(folder / "data" / "mynah.db")
    try:
        engine = ProfileEngine.over(database, embedder=FakeEmbedder(), now=clock, timezone=UTC)
        return await engine.get(ADA)
    finally:
        await database.close()


async def test_own_lines_are_logged_and_teach_the_profile(
    tmp_path: Path, clock: Clock, capsys: pytest.CaptureFixture[str]
):
    assert await bring(tmp_path, chat(said(1, "I live in Oslo."), said(2, "I live in Lima.", **BOB))) == 0

    assert capsys.readouterr().out == "Imported: 1 of 1 lines were new; the profile was built from 1.\n"
    (message,) = await logged(tmp_path)
    assert (message.text, message.role) == ("I live in Oslo.", Role.USER)
    assert message.created_at.isoformat() == "2024-05-01T10:01:00+00:00"
    known = await profile(tmp_path, clock)
    assert "Oslo" in str(known)
    assert "Lima" not in str(known)


async def test_the_same_file_twice_changes_nothing(
    tmp_path: Path, clock: Clock, capsys: pytest.CaptureFixture[str]
):
    export = chat(said(1, "I live in Oslo."), said(2, "And it rains."))
    await bring(tmp_path, export)
    once = await profile(tmp_path, clock)
    await bring(tmp_path, account(export, chat(said(1, "Another chat."), number=78)))

    assert capsys.readouterr().out.endswith("1 of 3 lines were new; the profile was built from 1.\n")
    assert [message.text for message in await logged(tmp_path)] == [
        "I live in Oslo.",
        "And it rains.",
        "Another chat.",
    ]
    assert (await profile(tmp_path, clock)).style.messages == once.style.messages + 1


async def test_service_forwarded_and_empty_messages_are_skipped(tmp_path: Path):
    await bring(
        tmp_path,
        chat(
            {"id": 1, "type": "service", "actor": "Ada", "actor_id": f"user{ADA}", "text": "joined"},
            said(2, "Buy spam!", forwarded_from="Somebody"),
            said(3, "", photo="photo.jpg"),
            said(4, "Mine."),
        ),
    )

    assert [message.text for message in await logged(tmp_path)] == ["Mine."]


async def test_pieces_of_a_formatted_text_are_joined(tmp_path: Path):
    pieces = ["See ", {"type": "link", "text": "example.org"}, " and ", {"type": "bold", "text": "read"}, "."]
    await bring(tmp_path, chat(said(1, pieces)))

    assert [message.text for message in await logged(tmp_path)] == ["See example.org and read."]


async def test_a_reply_keeps_what_it_answers_as_a_quote_that_teaches_nothing(tmp_path: Path, clock: Clock):
    await bring(tmp_path, chat(said(1, "I live in Lima.", **BOB), said(2, "Nice!", reply_to_message_id=1)))

    (message,) = await logged(tmp_path)
    assert (message.text, message.quoted) == ("Nice!", "I live in Lima.")
    assert "Lima" not in str(await profile(tmp_path, clock))


async def test_replies_of_a_bot_become_turns_where_the_user_reacted(tmp_path: Path):
    bot = {"from": "Helper", "from_id": "user9"}
    liked = [{"type": "emoji", "count": 1, "emoji": "👍", "recent": [{"from_id": f"user{ADA}"}]}]
    by_another = [{"type": "emoji", "count": 1, "emoji": "👍", "recent": [{"from_id": "user5"}]}]
    await bring(
        tmp_path,
        chat(
            said(1, "What do bees make?"),
            said(2, "Honey.", reactions=liked, **bot),
            said(3, "And wasps?"),
            said(4, "Paper.", reactions=by_another, **bot),
            kind="bot_chat",
        ),
    )
    database = await Database.open(tmp_path / "data" / "mynah.db")
    turns = await MessageStore(database).rated_turns(ADA)
    await database.close()

    (turn,) = turns
    assert (turn.question.text, turn.reply.text) == ("What do bees make?", "Honey.")
    assert turn.rating is not None
    assert turn.rating.value == 1


async def test_an_old_line_does_not_replace_what_was_said_since(tmp_path: Path, clock: Clock):
    newer, older = said(2, "I live in Oslo."), said(1, "I live in Lima.")
    await bring(tmp_path, chat(newer))
    await bring(tmp_path, chat(older, number=78))

    held = [belief.value for belief in (await profile(tmp_path, clock)).held if belief.slot == "city"]
    assert held == ["Oslo"]


async def test_somebody_whose_past_is_brought_is_not_let_in_by_that(tmp_path: Path):
    await bring(tmp_path, chat(said(1, "Hello.")))
    database = await Database.open(tmp_path / "data" / "mynah.db")
    user = await UserStore(database).get(ADA)
    await database.close()

    assert user is not None
    assert not user.let_in


async def test_an_export_of_mynah_comes_back_with_its_ratings(tmp_path: Path, clock: Clock):
    database = await Database.open(tmp_path / "old" / "mynah.db")
    await UserStore(database).add(ADA, name="Ada", is_owner=False, now=clock())
    messages = MessageStore(database)
    conversation_id = await messages.start_conversation(user_id=ADA, chat_id=ADA, now=clock())
    common = {"user_id": ADA, "chat_id": ADA, "conversation_id": conversation_id, "created_at": clock()}
    _, reply = await messages.add_turn(
        NewMessage(role=Role.USER, text="What do bees make?", **common),
        NewMessage(role=Role.ASSISTANT, text="Wax.", **common),
    )
    await database.execute(
        "INSERT INTO ratings (message_id, user_id, correction, updated_at) VALUES (?, ?, 'Honey.', ?)",
        (reply.message_id, ADA, clock().isoformat()),
    )
    await Exporter(database=database, data_folder=tmp_path).export(ADA, tmp_path / "export", now=clock())
    await database.close()
    assert await bring(tmp_path, tmp_path / "export") == 0
    assert await bring(tmp_path, tmp_path / "export") == 0

    database = await Database.open(tmp_path / "data" / "mynah.db")
    (turn,) = await MessageStore(database).rated_turns(ADA)
    await database.close()
    assert (turn.question.text, turn.reply.text) == ("What do bees make?", "Wax.")
    assert turn.rating is not None
    assert turn.rating.correction == "Honey."


async def test_an_export_brought_back_into_the_log_that_it_came_from_adds_nothing(
    tmp_path: Path, clock: Clock
):
    await bring(tmp_path, chat(said(1, "Hello.")))
    database = await Database.open(tmp_path / "data" / "mynah.db")
    await Exporter(database=database, data_folder=tmp_path).export(ADA, tmp_path / "export", now=clock())
    await database.close()
    await bring(tmp_path, tmp_path / "export")

    assert len(await logged(tmp_path)) == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "It is not a complete export of Telegram Desktop in JSON."),
        ("no json", "It is not a complete export of Telegram Desktop in JSON."),
        ('{"messages": [{"id": 1, "type": "message", "text": "x"}]}', "There is no line of the person 5"),
        ("[]", "There is no line of the person 5"),
    ],
)
def test_a_wrong_file_gets_one_plain_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, sentence: str
):
    file = tmp_path / "result.json"
    file.write_text(content)

    assert execute(["import", str(file), "--user", "5"], {"MYNAH_DATA": str(tmp_path / "data")}) == 1
    assert sentence in capsys.readouterr().err


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert execute(["import", "none.json", "--user", "5"], {"MYNAH_DATA": str(tmp_path)}) == 1
    assert capsys.readouterr().err == "There is no file none.json.\n"


def test_a_file_cut_short_keeps_what_was_read_and_can_be_brought_again(tmp_path: Path):
    whole = json.dumps(chat(*(said(number, f"Line {number}.") for number in range(1, 1200))))
    (tmp_path / "cut.json").write_text(whole[:-500])
    arguments = ["import", str(tmp_path / "cut.json"), "--user", str(ADA)]

    assert execute(arguments, {"MYNAH_DATA": str(tmp_path / "data")}) == 1
    assert len(asyncio.run(logged(tmp_path))) == 1000
