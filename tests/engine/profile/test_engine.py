"""What the engine holds in memory is what lies in the file."""

from datetime import UTC

import pytest

from engine.profile.engine import ProfileEngine
from storage.database import Database
from storage.erasure import ErasureStore
from storage.messages import MessageStore
from storage.records import Message, NewMessage, Role
from storage.users import UserStore
from tests.conftest import Clock
from tests.fake_embedder import FakeEmbedder

ADA = 7


class Chat:
    """What Ada says, and engines over the same file."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._messages = MessageStore(database)

    def engine(self) -> ProfileEngine:
        return ProfileEngine.over(self._database, embedder=FakeEmbedder(), now=self._clock, timezone=UTC)

    async def say(self, text: str) -> Message:
        self._clock.advance(minutes=1)
        now = self._clock()
        conversation_id = await self._messages.start_conversation(user_id=ADA, chat_id=ADA, now=now)
        question, reply = (
            NewMessage(
                user_id=ADA,
                chat_id=ADA,
                conversation_id=conversation_id,
                role=role,
                text=text,
                created_at=now,
            )
            for role in (Role.USER, Role.ASSISTANT)
        )
        asked, _ = await self._messages.add_turn(question, reply)
        return asked


@pytest.fixture
async def chat(database: Database, clock: Clock) -> Chat:
    await UserStore(database).add(ADA, name="Ada", is_owner=True, now=clock())
    return Chat(database, clock)


async def cities(engine: ProfileEngine) -> list[str]:
    return [belief.value for belief in (await engine.get(ADA)).held if belief.slot == "city"]


async def test_each_step_stands_on_the_one_before(chat: Chat):
    one, fresh = chat.engine(), chat.engine()
    for text in ("I live in Oslo.", "I like cheese.", "I live in Lima."):
        await one.observe(await chat.say(text))

    assert await cities(one) == ["Lima"]
    assert (await one.get(ADA)).beliefs == (await fresh.get(ADA)).beliefs
    assert (await one.get(ADA)).revision == (await fresh.get(ADA)).revision


async def test_what_another_process_has_changed_is_seen(chat: Chat):
    one, other = chat.engine(), chat.engine()
    await one.observe(await chat.say("I live in Oslo."))
    await other.observe(await chat.say("I live in Lima."))
    assert await cities(one) == ["Lima"]

    (belief,) = [belief for belief in (await other.get(ADA)).held if belief.slot == "city"]
    await other.erase(ADA, belief.belief_id)
    assert await cities(one) == []


async def test_nothing_of_a_forgotten_user_comes_back(chat: Chat, database: Database, clock: Clock):
    one = chat.engine()
    await one.observe(await chat.say("I live in Oslo."))
    await ErasureStore(database).erase(ADA, now=clock())

    assert await cities(one) == []
    await one.observe(await chat.say("I like cheese."))
    assert await cities(one) == []
