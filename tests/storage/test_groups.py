from datetime import timedelta

from sqlcipher3 import dbapi2 as sqlcipher

from storage.database import Database
from storage.messages import MessageStore
from storage.migrations import MIGRATIONS, m021_groups
from storage.pruning import prune_unlearnable
from storage.records import NewMessage, Origin, Role
from storage.users import UserStore
from tests.conftest import Clock

GROUP = -5


async def say(
    database: Database, clock: Clock, text: str, origin: Origin, thread_id: int | None = None
) -> int:
    messages = MessageStore(database)
    conversation_id = await messages.conversation(
        user_id=None, chat_id=GROUP, thread_id=thread_id, now=clock(), silence=timedelta(hours=12)
    )
    said = NewMessage(
        user_id=7,
        chat_id=GROUP,
        conversation_id=conversation_id,
        role=Role.USER,
        text=text,
        created_at=clock(),
        origin=origin,
    )
    return (await messages.add(said)).conversation_id


async def kept(database: Database) -> list[str]:
    return [message.text for message in await MessageStore(database).all_of(7)]


def test_the_step_to_groups_keeps_conversations_and_never_uses_an_id_twice():
    db = sqlcipher.connect(":memory:", isolation_level=None)
    for step in MIGRATIONS[: MIGRATIONS.index(m021_groups)]:
        step(db)
    db.execute("INSERT INTO users (user_id, name, since) VALUES (7, 'Ada', '')")
    add = "INSERT INTO conversations (user_id, chat_id, started_at) VALUES (7, 7, '')"
    for _ in range(3):
        db.execute(add)
    db.execute(
        "INSERT INTO messages (user_id, chat_id, conversation_id, role, text, origin, created_at)"
        " VALUES (7, 7, 1, 'user', 'hello', 'typed', '')"
    )
    db.execute("DELETE FROM conversations WHERE conversation_id = 3")
    m021_groups(db)
    db.execute(add)

    ids = [row[0] for row in db.execute("SELECT conversation_id FROM conversations").fetchall()]
    assert ids == [1, 2, 4]
    assert db.execute("SELECT text FROM messages JOIN conversations USING (conversation_id)").fetchall()
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []


async def test_only_what_is_not_learnt_and_over_is_pruned(database: Database, clock: Clock):
    await UserStore(database).add(7, name="Ada", is_owner=False, now=clock())
    await say(database, clock, "learnt", Origin.TYPED)
    await say(database, clock, "not learnt", Origin.PRIVATE)
    await say(database, clock, "in a topic", Origin.PRIVATE, thread_id=3)
    await prune_unlearnable(database, before=clock() - timedelta(hours=12))
    assert await kept(database) == ["learnt", "not learnt", "in a topic"]

    await MessageStore(database).start_conversation(user_id=None, chat_id=GROUP, now=clock())
    await prune_unlearnable(database, before=clock() - timedelta(hours=12))
    assert await kept(database) == ["learnt", "in a topic"]

    clock.advance(hours=13)
    await prune_unlearnable(database, before=clock() - timedelta(hours=12))
    assert await kept(database) == ["learnt"]


async def test_whoever_is_forgotten_does_not_take_the_others_words_along(database: Database, clock: Clock):
    users = UserStore(database)
    for user_id, name in ((7, "Ada"), (8, "Bob")):
        await users.add(user_id, name=name, is_owner=False, now=clock())
    conversation_id = await say(database, clock, "hello", Origin.TYPED)
    await database.execute("DELETE FROM users WHERE user_id = 7")

    assert await MessageStore(database).history(conversation_id) == []
    again = await MessageStore(database).conversation(
        user_id=None, chat_id=GROUP, now=clock(), silence=timedelta(hours=12)
    )
    assert again == conversation_id
