"""What the engine holds in memory is what lies in the file."""

import json
from asyncio import gather
from datetime import UTC, datetime
from itertools import cycle

import numpy as np
import pytest

from engine.profile.document import document_of, profile_of
from engine.profile.engine import ProfileEngine
from engine.profile.profile import Profile
from engine.profile.topics import Topic
from storage.beliefs import StoredProfile
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
    assert (await one.get(ADA)).topics == (await fresh.get(ADA)).topics
    assert (await one.get(ADA)).revision == (await fresh.get(ADA)).revision


async def test_what_another_process_has_changed_is_seen(chat: Chat):
    one, other = chat.engine(), chat.engine()
    await one.observe(await chat.say("I live in Oslo."))
    await other.observe(await chat.say("I live in Lima."))
    assert await cities(one) == ["Lima"]

    (belief,) = [belief for belief in (await other.get(ADA)).held if belief.slot == "city"]
    await other.erase(ADA, belief.belief_id)
    assert await cities(one) == []


async def test_nothing_is_lost_when_two_processes_learn_at_once(chat: Chat):
    one, other = chat.engine(), chat.engine()
    things = [f"I love {thing}." for thing in ("tea", "cheese", "chess", "snow", "jazz", "maths", "trains")]
    said = [await chat.say(text) for text in things]
    await gather(
        *(engine.observe(message) for message, engine in zip(said, cycle((one, other)), strict=False))
    )

    assert len((await chat.engine().get(ADA)).held) == len(things)
    recalled = await one.memory.recall(ADA, "Do I love trains?")
    assert recalled[0].turn.message_id == said[-1].message_id


def test_topics_are_read_from_a_document_that_holds_numbers():
    topic = Topic(
        centroid=np.array([0.6, 0.8], np.float16).tobytes(),
        weight=1.0,
        label="trains",
        evidence=(1,),
        last_seen=datetime(2026, 3, 2, tzinfo=UTC),
    )
    profile = Profile(topics=(topic,))
    document = json.loads(document_of(profile))
    document["topics"][0]["centroid"] = np.frombuffer(topic.centroid, np.float16).tolist()
    for text in (document_of(profile), json.dumps(document)):
        stored = StoredProfile(revision=0, last_message_id=0, document=text, beliefs=(), last_belief_id=0)
        assert profile_of(stored) == profile


async def test_the_number_of_an_erased_belief_is_not_given_again(chat: Chat):
    one, fresh = chat.engine(), chat.engine()
    await one.observe(await chat.say("I live in Oslo."))
    [erased] = (await one.get(ADA)).held
    await one.erase(ADA, erased.belief_id)

    await fresh.observe(await chat.say("I live in Lima."))

    [new] = (await one.get(ADA)).held
    assert (new.value, new.belief_id > erased.belief_id) == ("Lima", True)


async def test_nothing_of_a_forgotten_user_comes_back(chat: Chat, database: Database, clock: Clock):
    one = chat.engine()
    await one.observe(await chat.say("I live in Oslo."))
    await ErasureStore(database).erase(ADA, now=clock())

    assert await cities(one) == []
    await one.observe(await chat.say("I like cheese."))
    assert await cities(one) == []
