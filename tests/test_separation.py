"""What one user says never reaches another: not by prompts, contexts, weights or the profile."""

import random
from collections.abc import Callable
from datetime import UTC
from pathlib import Path

import pytest

from engine.assistant import Assistant, Question, Wishes
from engine.language.model import AdapterRef, GenerationRequest, SamplingParams
from engine.profile.engine import ProfileEngine
from engine.serving import ServedAdapters
from storage.database import Database
from storage.messages import MessageStore
from storage.runs import RunStore
from storage.users import UserStore
from tests.conftest import Clock
from tests.engine.language.conftest import adapter_ref, ask, load_tiny, save_tiny
from tests.fake_embedder import FakeEmbedder
from tests.scripted_model import ScriptedModel

USERS = (11, 12, 13, 111)
"""The last one begins as the first two do: an id must never be matched by its beginning."""

TURNS = 3000


def mark(user_id: int) -> str:
    """A word that only this user says."""
    return f"mark{user_id}mark"


class Talk:
    """Several people in turns with one assistant, with versions that come and go."""

    def __init__(self, database: Database, clock: Clock, folder: Path) -> None:
        self.model = ScriptedModel(context_tokens=2000)
        self.runs = RunStore(database)
        self.messages = MessageStore(database)
        self.adapters = ServedAdapters(runs=self.runs, model=self.model, data_folder=folder)
        self.profiles = ProfileEngine.over(database, embedder=FakeEmbedder(), now=clock, timezone=UTC)
        self._clock = clock
        self.assistant = Assistant(
            messages=self.messages,
            model=self.model,
            adapters=self.adapters,
            sampling=SamplingParams(max_new_tokens=50),
            now=clock,
            recall=self.profiles.memory.recall,
        )

    async def say(self, user_id: int, number: int) -> None:
        self.model.enqueue(f"{mark(user_id)} answer {number}")
        question = Question(user_id=user_id, chat_id=user_id, text=f"I like {mark(user_id)} {number}.")
        turn = await self.assistant.reply(question)
        if number % 50 == 0:
            await self.profiles.observe(turn.question)

    async def retry(self, user_id: int, number: int) -> None:
        self.model.enqueue(f"{mark(user_id)} answer again {number}")
        if await self.assistant.retry(user_id=user_id, chat_id=user_id, wishes=Wishes()) is None:
            self.model._replies.clear()

    async def begin(self, user_id: int, number: int) -> None:
        await self.assistant.start_conversation(user_id=user_id, chat_id=user_id, private=number % 2 == 0)

    async def learn(self, user_id: int, _number: int) -> None:
        adapter = await self.runs.add_candidate(
            user_id, base_model="scripted", run_id=None, now=self._clock()
        )
        await self.runs.activate(user_id, adapter.version)
        await self.adapters.refresh()

    async def roll_back(self, user_id: int, _number: int) -> None:
        await self.runs.rollback(user_id)
        await self.adapters.refresh()


@pytest.fixture
async def talk(database: Database, clock: Clock, tmp_path: Path) -> Talk:
    await database._writer.execute("PRAGMA synchronous = OFF")  # thousands of turns, and no power cut
    for user_id in USERS:
        await UserStore(database).add(user_id, name=mark(user_id), is_owner=False, now=clock())
    return Talk(database, clock, tmp_path)


def strange_words(request: GenerationRequest) -> list[str]:
    """Marks of others in a prompt."""
    prompt = " ".join(message.content for message in request.messages)
    return [mark(other) for other in USERS if other != request.user_id and mark(other) in prompt]


async def test_thousands_of_turns_in_turn_never_mix(talk: Talk, clock: Clock):
    chance = random.Random(20260302)
    deeds: list[Callable[[int, int], object]] = [talk.say] * 40
    deeds += [talk.retry, talk.retry, talk.begin, talk.learn, talk.roll_back]
    for number in range(TURNS):
        clock.advance(seconds=chance.choice((1, 60, 3600)))
        await chance.choice(deeds)(chance.choice(USERS), number)  # pyright: ignore

    requests = talk.model.requests
    keys = {(request.cache_key, request.user_id) for request in requests}
    assert len(requests) > 0.9 * TURNS
    assert [request for request in requests if strange_words(request)] == []
    assert len({key for key, _ in keys}) == len(keys), "a context that two users share"
    served = {request.adapter for request in requests if request.adapter is not None}
    assert len(served) > len(USERS)
    assert all(
        request.adapter.user_id == request.user_id for request in requests if request.adapter is not None
    )
    for user_id in USERS:
        held = [message.text for message in await talk.messages.all_of(user_id)]
        believed = repr(await talk.profiles.get(user_id))
        for other in USERS:
            if other != user_id:
                assert mark(other) not in " ".join(held)
                assert mark(other) not in believed


async def test_no_context_outlives_a_new_conversation_or_leaves_a_private_one(talk: Talk, clock: Clock):
    await talk.say(11, 1)
    await talk.assistant.start_conversation(user_id=11, chat_id=11, private=True)
    await talk.say(11, 2)
    await talk.assistant.start_conversation(user_id=11, chat_id=11)
    await talk.say(11, 3)

    assert [len(request.messages) for request in talk.model.requests] == [1, 1, 1]
    assert len({request.cache_key for request in talk.model.requests}) == 3


async def test_a_real_model_answers_each_as_if_alone_through_swaps_and_evictions(tmp_path: Path):
    """Three slots for four users' versions, contexts kept between turns, and replies side by side."""
    folder = save_tiny(tmp_path / "tiny-llama")
    refs = {
        (user_id, version): adapter_ref(tmp_path, user_id=user_id, version=version)
        for user_id in USERS
        for version in (1, 2)
    }
    alone = await _alone(folder, refs)
    model = load_tiny(folder, adapter_bytes=0, rows=2)
    chance = random.Random(7)
    now_served = dict.fromkeys(USERS, 1)
    for user_id in USERS:
        await model.load_adapter(refs[user_id, 1])
    for _ in range(25):
        user_id = chance.choice(USERS)
        swapped, now_served[user_id] = now_served[user_id], 3 - now_served[user_id]
        await model.load_adapter(refs[user_id, now_served[user_id]])
        await model.unload_adapter(refs[user_id, swapped])
        for asked in chance.sample(USERS, 3):
            version = now_served[asked]
            request = ask(mark(asked), user_id=asked, adapter=refs[asked, version], cache_key=f"c{asked}")
            assert (await model.generate(request)).text == alone[asked, version]
    await model.close()
    assert len(set(alone.values())) == len(alone), "versions that say the same would prove nothing"


async def _alone(folder: Path, refs: dict[tuple[int, int], AdapterRef]) -> dict[tuple[int, int], str]:
    said: dict[tuple[int, int], str] = {}
    model = load_tiny(folder)
    for (user_id, version), ref in refs.items():
        await model.load_adapter(ref)
        said[user_id, version] = (await model.generate(ask(mark(user_id), user_id=user_id, adapter=ref))).text
        await model.unload_adapter(ref)
    await model.close()
    return said
