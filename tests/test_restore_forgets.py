"""Whoever was forgotten does not come back with an older backup, and old buttons hit nothing new after it."""

import asyncio
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from bot.cli import execute
from engine.erasure import Forgetter
from engine.profile.engine import ProfileEngine
from storage.backup import BACKUPS_NAME, DATABASE_NAME
from storage.database import Database, is_plain
from storage.erasure import ErasureStore
from storage.ledger import LEDGER_NAME, read_ledger
from storage.messages import MessageStore
from storage.records import Message, NewMessage, Role
from storage.runs import RunStore
from storage.users import UserStore
from tests.bot.test_forget import places_of
from tests.conftest import Clock
from tests.fake_embedder import FakeEmbedder

ADA, BEN = 7, 8
KEYS = pytest.mark.parametrize("key", [None, 'it\'s "secret"'])


def profiles_in(database: Database, clock: Clock) -> ProfileEngine:
    return ProfileEngine.over(database, embedder=FakeEmbedder(), now=clock, timezone=UTC)


async def say(database: Database, clock: Clock, user_id: int, text: str) -> Message:
    """A turn that is learnt from."""
    messages = MessageStore(database)
    conversation_id = await messages.start_conversation(user_id=user_id, chat_id=user_id, now=clock())
    question, reply = (
        NewMessage(
            user_id=user_id,
            chat_id=user_id,
            conversation_id=conversation_id,
            role=role,
            text=text,
            created_at=clock(),
        )
        for role in (Role.USER, Role.ASSISTANT)
    )
    asked, answered = await messages.add_turn(question, reply)
    await profiles_in(database, clock).observe(asked)
    return answered


async def two_people(folder: Path, clock: Clock, key: str | None) -> Database:
    """Ada and Ben, each with a belief and with weights, and an open database."""
    database = await Database.open(folder / DATABASE_NAME, key=key)
    for user_id, city in ((ADA, "Kilimanjaro"), (BEN, "Lima")):
        await UserStore(database).add(user_id, name="x", is_owner=False, now=clock())
        await say(database, clock, user_id, f"I live in {city}.")
        runs = RunStore(database)
        adapter = await runs.add_candidate(user_id, base_model="tiny", run_id=None, now=clock())
        (folder / adapter.folder).mkdir(parents=True)
        (folder / adapter.folder / "adapter_model.safetensors").write_text(f"weights of {city}")
    return database


async def mynah(*arguments: str, data: Path, key: str | None, **environment: str) -> int:
    return await asyncio.to_thread(
        execute, list(arguments), {"MYNAH_DATA": str(data), "MYNAH_DATABASE_KEY": key or "", **environment}
    )


async def forget(database: Database, clock: Clock, folder: Path, user_id: int) -> None:
    await Forgetter(store=ErasureStore(database), data_folder=folder, now=clock).forget(user_id)


@KEYS
async def test_who_is_forgotten_after_a_backup_is_forgotten_again_when_it_is_restored(
    tmp_path: Path, clock: Clock, capsys: pytest.CaptureFixture[str], key: str | None
):
    old, new = tmp_path / "old", tmp_path / "new"
    archive = old / BACKUPS_NAME / "mynah-2026-03-02.tar"
    database = await two_people(old, clock, key)
    assert await mynah("backup", str(archive), data=old, key=key) == 0
    clock.advance(hours=1)
    await forget(database, clock, old, ADA)
    await database.close()
    (old / DATABASE_NAME).write_bytes(b"lost")

    assert await mynah("restore", str(archive), data=new, key=key) == 0

    assert (
        "Forgotten again, since they had wished it after this backup was made: 7.\n"
        in capsys.readouterr().out
    )
    assert places_of(("kilimanjaro",), new) == []
    assert [path.name for path in (new / "adapters").iterdir()] == [str(BEN)]
    database = await Database.open(new / DATABASE_NAME, key=key)
    assert (await ErasureStore(database).holdings(ADA)).messages == 0
    assert (await ErasureStore(database).holdings(BEN)).messages == 2
    await database.close()


async def test_who_was_forgotten_before_the_backup_keeps_what_came_after(
    tmp_path: Path, clock: Clock, capsys: pytest.CaptureFixture[str]
):
    old, new = tmp_path / "old", tmp_path / "new"
    archive = old / BACKUPS_NAME / "mynah-2026-03-02.tar"
    database = await two_people(old, clock, None)
    await forget(database, clock, old, ADA)
    await say(database, clock, ADA, "I live in Rome.")
    assert await mynah("backup", str(archive), data=old, key=None) == 0
    await database.close()

    assert await mynah("restore", str(archive), data=new, key=None) == 0

    said = capsys.readouterr().out
    assert "Forgotten again" not in said
    assert "Whoever was forgotten" not in said
    database = await Database.open(new / DATABASE_NAME)
    assert (await ErasureStore(database).holdings(ADA)).messages == 2
    await database.close()


async def test_a_part_that_was_erased_after_the_backup_is_told(
    tmp_path: Path, clock: Clock, capsys: pytest.CaptureFixture[str]
):
    old = tmp_path / "old"
    archive = old / BACKUPS_NAME / "mynah-2026-03-02.tar"
    database = await two_people(old, clock, None)
    assert await mynah("backup", str(archive), data=old, key=None) == 0
    said = await MessageStore(database).all_of(BEN)
    await ErasureStore(database).erase_messages(
        BEN, [one.message_id for one in said], learnt_since=clock() - timedelta(days=1), now=clock()
    )
    await database.close()

    assert await mynah("restore", str(archive), data=tmp_path / "new", key=None) == 0

    assert "is back: 8. Tell them to send /forget again." in capsys.readouterr().out


async def test_a_backup_without_the_list_says_that_it_is_not_known(
    tmp_path: Path, clock: Clock, capsys: pytest.CaptureFixture[str]
):
    database = await two_people(tmp_path / "old", clock, None)
    assert await mynah("backup", str(tmp_path / "one.tar"), data=tmp_path / "old", key=None) == 0
    await database.close()

    assert await mynah("restore", str(tmp_path / "one.tar"), data=tmp_path / "new", key=None) == 0
    assert "There is no erasures.db beside the backup. Whoever was forgotten" in capsys.readouterr().out

    (tmp_path / LEDGER_NAME).write_bytes(b"another" * 1000)
    assert await mynah("restore", str(tmp_path / "one.tar"), data=tmp_path / "newer", key=None) == 0
    assert "erasures.db beside the backup cannot be read with this key. Whoever" in capsys.readouterr().out


async def test_the_list_is_encrypted_like_the_database_and_follows_its_key(tmp_path: Path, clock: Clock):
    ledger = tmp_path / BACKUPS_NAME / LEDGER_NAME
    database = await two_people(tmp_path, clock, "old")
    await forget(database, clock, tmp_path, ADA)
    await database.close()
    assert (is_plain(ledger), ledger.stat().st_mode & 0o777) == (False, 0o600)

    assert await mynah("key", "rotate", data=tmp_path, key="old", MYNAH_NEW_DATABASE_KEY="new") == 0

    [erasure] = read_ledger(ledger, key="new")
    assert (erasure.user_id, erasure.at, erasure.whole) == (ADA, clock(), True)


async def test_a_button_from_after_the_backup_names_nothing_that_comes_after_the_restore(
    tmp_path: Path, clock: Clock
):
    old, new = tmp_path / "old", tmp_path / "new"
    database = await two_people(old, clock, None)
    assert await mynah("backup", str(tmp_path / "one.tar"), data=old, key=None) == 0
    lost = await say(database, clock, BEN, "I love tea.")
    beliefs = await profiles_in(database, clock).get(BEN)
    await database.close()
    assert await mynah("restore", str(tmp_path / "one.tar"), data=new, key=None) == 0

    database = await Database.open(new / DATABASE_NAME)
    given = await say(database, clock, BEN, "I love jazz.")
    after = await profiles_in(database, clock).get(BEN)
    await database.close()

    assert given.message_id > lost.message_id
    assert {one.value: one.belief_id for one in after.held}["jazz"] > beliefs.last_belief_id
