"""Numbers that leave the database, in buttons, jobs and messages under way, are never given twice."""

import pytest
from sqlcipher3 import dbapi2 as sqlcipher

from storage.database import Database
from storage.erasure import ErasureStore
from storage.errors import GoneError
from storage.messages import MessageStore
from storage.migrations import MIGRATIONS, m033_no_number_given_twice
from storage.outbox import OutboxStore
from storage.records import NewMessage, Role
from storage.runs import RunStore
from storage.users import UserStore
from tests.conftest import Clock

ADA, BEN = 7, 8

# Numbers that Telegram gives, or that never leave the step that reads them.
GIVEN_ELSEWHERE = {
    ("users", "user_id"),
    ("refusals", "user_id"),
    ("updates", "update_id"),
    ("groups", "chat_id"),
}
STAYS_INSIDE = {("last_numbers", "user_id")}


async def test_every_table_that_gives_numbers_gives_each_once(database: Database):
    rows = await database.fetch_all(
        """
        SELECT tables.name AS name, columns.name AS key, sql FROM sqlite_schema AS tables
        JOIN pragma_table_info(tables.name) AS columns ON columns.pk = 1 AND columns.type = 'INTEGER'
        WHERE tables.type = 'table' AND tables.name NOT LIKE 'memory_words%'
        AND NOT EXISTS (SELECT 1 FROM pragma_table_info(tables.name) WHERE pk = 2)
        AND NOT EXISTS (SELECT 1 FROM pragma_foreign_key_list(tables.name) WHERE "from" = columns.name)
        """
    )
    careless = {(row["name"], row["key"]) for row in rows if "AUTOINCREMENT" not in row["sql"]}
    assert careless == GIVEN_ELSEWHERE | STAYS_INSIDE


async def people(database: Database, clock: Clock) -> None:
    for user_id in (ADA, BEN):
        await UserStore(database).add(user_id, name="x", is_owner=False, now=clock())


async def reply_to(database: Database, user_id: int, clock: Clock) -> int:
    messages = MessageStore(database)
    conversation_id = await messages.start_conversation(user_id=user_id, chat_id=user_id, now=clock())
    said = [
        NewMessage(
            user_id=user_id,
            chat_id=user_id,
            conversation_id=conversation_id,
            role=role,
            text="x",
            created_at=clock(),
        )
        for role in (Role.USER, Role.ASSISTANT)
    ]
    _, reply = await messages.add_turn(*said)
    return reply.message_id


async def test_what_was_trained_for_one_who_is_forgotten_is_never_published_for_another(
    database: Database, clock: Clock
):
    await people(database, clock)
    runs = RunStore(database)
    forgotten = await runs.start(ADA, local_date=None, now=clock())
    assert forgotten is not None
    await ErasureStore(database).erase(ADA, now=clock())

    other = await runs.start(BEN, local_date=None, now=clock())

    assert other is not None
    assert other.run_id != forgotten.run_id
    with pytest.raises(GoneError):
        await runs.add_candidate(ADA, base_model="tiny", run_id=forgotten.run_id, now=clock())
    with pytest.raises(GoneError):  # nor does one person's run bring weights for another
        await runs.add_candidate(ADA, base_model="tiny", run_id=other.run_id, now=clock())


async def test_versions_go_on_counting_after_an_erasure(database: Database, clock: Clock):
    await people(database, clock)
    runs = RunStore(database)
    first = await runs.add_candidate(ADA, base_model="tiny", run_id=None, now=clock())
    await ErasureStore(database).erase(ADA, now=clock())

    second = await runs.add_candidate(ADA, base_model="tiny", run_id=None, now=clock())

    assert (first.version, second.version) == (1, 2)
    assert second.folder == "adapters/7/2"


async def test_a_part_that_is_sent_during_an_erasure_is_taken_for_no_other(database: Database, clock: Clock):
    await people(database, clock)
    outbox = OutboxStore(database)
    [sent] = await outbox.plan(
        await reply_to(database, ADA, clock), chat_id=ADA, update_id=None, parts=[("x", "[]")]
    )
    await ErasureStore(database).erase(ADA, now=clock())

    [other] = await outbox.plan(
        await reply_to(database, BEN, clock), chat_id=BEN, update_id=None, parts=[("x", "[]")]
    )

    assert other.part_id != sent.part_id


def test_the_step_goes_on_from_the_numbers_that_are_there():
    db = sqlcipher.connect(":memory:", isolation_level=None)
    for step in MIGRATIONS[: MIGRATIONS.index(m033_no_number_given_twice)]:
        step(db)
    db.execute("INSERT INTO users (user_id, name, since) VALUES (7, 'Ada', '')")
    for _ in range(2):
        db.execute("INSERT INTO runs (user_id, status, started_at) VALUES (7, 'failed', '')")
    db.execute(
        "INSERT INTO adapters (user_id, version, status, folder, base_model, created_at, run_id)"
        " VALUES (7, 4, 'retired', '', '', '', 2)"
    )

    m033_no_number_given_twice(db)

    assert db.execute("SELECT belief_id, version FROM last_numbers WHERE user_id = 7").fetchall() == [(0, 4)]
    assert db.execute("SELECT run_id FROM adapters JOIN runs USING (run_id)").fetchall() == [(2,)]
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    db.execute("DELETE FROM runs WHERE run_id = 2")
    db.execute("INSERT INTO runs (user_id, status, started_at) VALUES (7, 'failed', '')")
    assert db.execute("SELECT max(run_id) FROM runs").fetchone() == (3,)
