"""Recall: what is found again, when nothing is, and what is never kept."""

from datetime import UTC, timedelta

import numpy as np
import pytest

from engine.profile.engine import ProfileEngine
from engine.profile.keys import index_words, query_words
from engine.profile.memory import asks_about_the_past, lines_of
from engine.profile.shelf import Shelf, pack
from storage.database import Database
from storage.memories import MemoryVector
from storage.messages import MessageStore
from storage.records import Message, NewMessage, Origin, Role
from storage.users import UserStore
from tests.conftest import Clock
from tests.fake_embedder import FakeEmbedder

ADA, BEN = 1, 2


class Diary:
    """Two people's chats, and what recalls over them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.messages = MessageStore(database)
        self.clock = clock
        self.profiles = ProfileEngine.over(database, embedder=FakeEmbedder(), now=clock, timezone=UTC)
        self.memory = self.profiles.memory
        self.conversations: dict[int, int] = {}

    async def log(
        self,
        said: str,
        *,
        answered: str = "I see.",
        user_id: int = ADA,
        origin: Origin = Origin.TYPED,
    ) -> Message:
        def half(role: Role, text: str, origin: Origin) -> NewMessage:
            return NewMessage(
                user_id=user_id,
                chat_id=user_id,
                conversation_id=self.conversations[user_id],
                role=role,
                text=text,
                created_at=self.clock(),
                origin=origin,
            )

        question, _ = await self.messages.add_turn(
            half(Role.USER, said, origin), half(Role.ASSISTANT, answered, Origin.TYPED)
        )
        return question

    async def tell(
        self,
        said: str,
        *,
        answered: str = "I see.",
        user_id: int = ADA,
        origin: Origin = Origin.TYPED,
    ) -> Message:
        message = await self.log(said, answered=answered, user_id=user_id, origin=origin)
        await self.profiles.observe(message)
        return message

    async def recalled(self, question: str, user_id: int = ADA) -> list[str]:
        return [one.turn.said for one in await self.memory.recall(user_id, question)]


@pytest.fixture
async def diary(database: Database, clock: Clock) -> Diary:
    diary = Diary(database, clock)
    for user_id, name in ((ADA, "Ada"), (BEN, "Ben")):
        await UserStore(database).add(user_id, name=name, is_owner=False, now=clock())
        diary.conversations[user_id] = await diary.messages.start_conversation(
            user_id=user_id, chat_id=user_id, now=clock()
        )
    return diary


async def test_what_was_said_a_second_ago_is_found(diary: Diary):
    await diary.tell("My bicycle is a red Peugeot.")
    assert await diary.recalled("What colour is my bicycle?") == ["My bicycle is a red Peugeot."]


@pytest.mark.parametrize("question", ["花花", "猫咪的猫粮呢？"])
async def test_chinese_is_found_by_words_of_two_characters(diary: Diary, question: str):
    await diary.tell("我家的猫咪名字叫花花，它的猫粮吃完了。")
    diary.clock.advance(hours=1)
    await diary.tell("今天股票又跌了。")
    assert await diary.recalled(question) == ["我家的猫咪名字叫花花，它的猫粮吃完了。"]


async def test_what_the_reply_said_is_found_too(diary: Diary):
    await diary.tell("Any ideas for tonight?", answered="Try the risotto with saffron.")
    assert await diary.recalled("Which risotto did you recommend to me?") == ["Any ideas for tonight?"]


@pytest.mark.parametrize("question", ["What's my name?", "What should you call me?", "我叫什么？"])
async def test_a_question_without_a_telling_word_is_answered_by_its_belief(diary: Diary, question: str):
    await diary.tell("My name is Anna.")
    await diary.tell("Actually, my name is Ada.")
    assert (await diary.recalled(question))[0] == "Actually, my name is Ada."
    assert "My name is Anna." not in await diary.recalled(question)


async def test_a_question_about_a_day_alone_finds_what_said_most_in_it(diary: Diary):
    telling = "My brother wants to sell the old boat in Bergen and buy a garden."
    for said in ("Good morning!", "How are you?", telling, "Thank you.", "That was all."):
        await diary.tell(said)
    diary.clock.advance(days=1)
    await diary.tell("I bought a drum.")
    assert (await diary.recalled("What did we talk about yesterday?"))[0] == telling
    assert "I bought a drum." not in await diary.recalled("What topics did we discuss yesterday?")


async def test_nothing_is_recalled_below_the_gate(diary: Diary):
    await diary.tell("My bicycle is a red Peugeot.")
    assert await diary.recalled("What is my blood type?") == []


async def test_what_was_said_right_after_comes_with_what_it_goes_on_with(diary: Diary):
    for number in range(12):
        await diary.tell(f"I counted {number} birds on the roof.")
        diary.clock.advance(hours=1)
    await diary.tell("Let me tell you about my plans for the summer.")
    await diary.tell("For my summer I want to see Madrid.")
    diary.clock.advance(hours=1)
    await diary.tell("I counted the birds once more.")
    assert await diary.recalled("What are my plans for the summer?") == [
        "Let me tell you about my plans for the summer.",
        "For my summer I want to see Madrid.",
    ]


async def test_a_matter_of_the_profile_needs_more_than_its_own_word(diary: Diary):
    for number in range(12):
        await diary.tell(f"My uncle told me {number} times of a job at the harbour.")
    assert await diary.recalled("Do you know my job?") == []
    assert len(await diary.recalled("Do you know of the harbour?")) == 3


async def test_at_most_three_different_turns_of_bounded_length_come_back(diary: Diary):
    for number in range(6):
        await diary.tell(f"My bicycle story number {number} " + "goes on and on " * 30)
        await diary.tell("I repaired my bicycle.")
    found = await diary.memory.recall(ADA, "What about my bicycle?")
    assert len(found) == 3
    assert len({one.turn.said for one in found}) == 3
    assert all(len(line) < 200 for line in lines_of(found))


async def test_a_named_time_limits_what_is_recalled(diary: Diary):
    await diary.tell("I bought a lamp.")
    diary.clock.advance(days=7)
    await diary.tell("I bought a chair.")
    diary.clock.advance(days=1)
    assert await diary.recalled("What did I buy yesterday?") == ["I bought a chair."]
    assert await diary.recalled("What did I say last week?") == ["I bought a lamp."]
    assert await diary.recalled("我昨天说了什么？") == ["I bought a chair."]


async def test_nobody_recalls_what_others_have_said(diary: Diary):
    await diary.tell("My bicycle is a red Peugeot.", user_id=BEN)
    assert await diary.recalled("What colour is my bicycle?") == []


@pytest.mark.parametrize("origin", [one for one in Origin if one not in (Origin.TYPED, Origin.SPOKEN)])
async def test_other_words_than_the_users_own_are_never_kept(diary: Diary, origin: Origin):
    await diary.tell("My bicycle is a red Peugeot.", origin=origin)
    assert await diary.recalled("What colour is my bicycle?") == []


async def test_quoted_text_is_never_kept(diary: Diary):
    await diary.tell("> My bicycle is a red Peugeot.\nHow would you put that?")
    recalled = await diary.memory.recall(ADA, "What colour is my bicycle, the Peugeot?")
    assert "Peugeot" not in str(lines_of(recalled))


async def test_what_was_taken_back_or_has_changed_is_not_recalled(diary: Diary):
    await diary.tell("I live in Paris.")
    await diary.tell("I've moved to Oslo.")
    assert "I live in Paris." not in await diary.recalled("Do I live in Paris or Oslo?")
    await diary.tell("Forget where I live.")
    assert await diary.recalled("Do I live in Paris or Oslo?") == []


async def test_what_an_erased_belief_rested_on_is_not_recalled(diary: Diary):
    await diary.tell("I love gorgonzola.")
    assert await diary.recalled("Do I love gorgonzola?") == ["I love gorgonzola."]
    assert await diary.profiles.erase(ADA, 1)
    assert await diary.recalled("Do I love gorgonzola?") == []


async def test_an_edited_message_is_recalled_as_it_reads_now(diary: Diary):
    message = await diary.tell("My bicycle is red.")
    await diary.recalled("What colour is my bicycle?")
    edited = await diary.messages.revise(message.message_id, text="My tandem is blue.", origin=Origin.TYPED)
    await diary.profiles.revise(edited, before=message.text)
    assert await diary.recalled("What colour is my bicycle?") == []
    assert await diary.recalled("What colour is my tandem?") == ["My tandem is blue."]


async def test_turns_from_before_the_index_are_caught_up_with(diary: Diary):
    await diary.log("My bicycle is a red Peugeot.")
    diary.clock.advance(hours=1)
    await diary.tell("Good morning, how are you today?")
    assert await diary.recalled("What colour is my bicycle?") == ["My bicycle is a red Peugeot."]


async def test_known_messages_are_left_out(diary: Diary):
    message = await diary.tell("My bicycle is a red Peugeot.")
    assert await diary.memory.recall(ADA, "What colour is my bicycle?", known=[message.message_id]) == []


def test_a_long_shelf_finds_what_an_exact_search_finds(clock: Clock):
    chance = np.random.default_rng(0)
    middle = chance.standard_normal(384)
    vectors = (2.0 * middle + chance.standard_normal((9_000, 384))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    shelf = Shelf()
    for first in (0, 3_000, 6_000):
        shelf.add(
            [
                MemoryVector(
                    message_id=1 + place,
                    said_at=clock() + timedelta(minutes=place),
                    vector=pack(vectors[place]),
                )
                for place in range(first, first + 3_000)
            ]
        )
    found = 0
    for place in range(0, 9_000, 300):
        asked = vectors[place] + 0.5 * vectors[(place + 1) % 9_000]
        exact = np.argsort(-(vectors @ asked))[:2]
        found += len({int(one) + 1 for one in exact} & {one for one, _ in shelf.nearest(asked, limit=3)})
    assert found >= 0.95 * 60
    within = (clock() + timedelta(minutes=10), clock() + timedelta(minutes=12))
    assert {one for one, _ in shelf.nearest(vectors[0], limit=9, span=within)} == {11, 12}


def test_words_of_an_index_and_of_a_question():
    assert index_words("I love Hiking!") == ["i", "lov", "hik"]
    assert index_words("我住在北京。") == ["我住", "住在", "在北", "北京"]
    assert query_words("Where do I go hiking in 北京?") == ["hik", "北京"]


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("Where do I live?", True),
        ("what's my name", True),
        ("我住在哪里？", True),
        ("What is the capital of Peru?", False),
        ("I live in Rome.", False),
        ("Thanks!", False),
    ],
)
def test_only_a_question_about_its_author_asks_about_the_past(question: str, asks: bool):
    assert asks_about_the_past(question) is asks
