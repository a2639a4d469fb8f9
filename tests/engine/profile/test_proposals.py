"""What a model reads at night in a user's messages: believed only as far as they say so."""

import json
from datetime import UTC

import pytest

from engine.errors import QueueFullError
from engine.language.model import Priority
from engine.profile.engine import ProfileEngine
from engine.profile.proposer import Proposer
from storage.beliefs import BeliefStatus, Cause, Sensitivity
from storage.database import Database
from storage.messages import MessageStore
from storage.preferences import Preferences, PreferenceStore
from storage.profiles import ProfileStore
from storage.records import Message, NewMessage, Origin, Role
from storage.users import UserStore
from tests.conftest import Clock
from tests.fake_embedder import FakeEmbedder
from tests.scripted_model import ScriptedModel

ADA = 7


class Nights:
    """Ada's chat, and a model that reads it at night and answers as told."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.model = ScriptedModel(context_tokens=4000)
        self.messages = MessageStore(database)
        self.profiles = ProfileEngine.over(database, embedder=FakeEmbedder(), now=clock, timezone=UTC)
        self.store = ProfileStore(database)
        self.preferences = PreferenceStore(database)
        self.proposer = Proposer(
            model=self.model, messages=self.messages, profiles=self.profiles, preferences=self.preferences
        )
        self._clock = clock

    async def say(self, text: str, *, origin: Origin = Origin.TYPED, answer: str = "I see.") -> Message:
        """Log a turn and learn from it, as the bot does."""
        self._clock.advance(minutes=1)
        now = self._clock()
        conversation_id = await self.messages.start_conversation(user_id=ADA, chat_id=ADA, now=now)

        def new(role: Role, words: str) -> NewMessage:
            return NewMessage(
                user_id=ADA,
                chat_id=ADA,
                conversation_id=conversation_id,
                role=role,
                text=words,
                created_at=now,
                origin=origin if role is Role.USER else Origin.TYPED,
            )

        said, _ = await self.messages.add_turn(new(Role.USER, text), new(Role.ASSISTANT, answer))
        await self.profiles.observe(said)
        return said

    async def night(self, *proposed: dict[str, object] | str) -> list[tuple[str, str, int]]:
        """Let the model propose this; returns the slots, values and polarities that came of it."""
        lines = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in proposed]
        self.model.enqueue("\n".join(lines))
        return [(one.slot, one.value, one.polarity) for one in await self.proposer.run(ADA)]

    def asked(self) -> str:
        """What the model was asked last."""
        return self.model.requests[-1].messages[-1].content


@pytest.fixture
async def nights(database: Database, clock: Clock) -> Nights:
    await UserStore(database).add(ADA, name="Ada", is_owner=True, now=clock())
    return Nights(database, clock)


def proposal(said: Message, slot: str, value: str, quote: str) -> dict[str, object]:
    return {"message": said.message_id, "slot": slot, "value": value, "quote": quote}


BIKE = "My commute is an hour on the bike."


async def test_what_is_quoted_is_believed_on_that_message(nights: Nights):
    said = await nights.say(BIKE)
    assert await nights.night(proposal(said, "does", "an hour on the bike", BIKE)) == [
        ("does", "an hour on the bike", 1)
    ]
    (belief,) = (await nights.profiles.get(ADA)).held
    assert [(one.message_id, one.quote) for one in belief.evidence] == [(said.message_id, BIKE)]
    assert [change.cause for change in await nights.store.history(ADA)] == [Cause.PROPOSAL]
    assert nights.model.requests[-1].priority is Priority.BACKGROUND
    assert nights.model.requests[-1].adapter is None


async def test_chinese_is_believed_in_the_users_own_words(nights: Nights):
    said = await nights.say("我上班骑车要一个小时。")
    assert await nights.night(proposal(said, "does", "上班骑车", "我上班骑车要一个小时")) == [
        ("does", "上班骑车", 1)
    ]


@pytest.mark.parametrize(
    ("text", "slot", "value", "quote"),
    [
        (BIKE, "does", "an hour on the bike", "I ride my bike for an hour on the bike."),
        (BIKE, "does", "cycling to work", BIKE),
        (BIKE, "shoe size", "an hour", BIKE),
        (BIKE, "does", "", BIKE),
        ("Do I look like a nurse to you?", "job", "nurse", "Do I look like a nurse to you?"),
        ("If I lived in Oslo I would ski.", "city", "Oslo", "If I lived in Oslo"),
        ("I am no longer in the choir of Oslo.", "does", "choir of Oslo", "in the choir of Oslo"),
        ("My sister is all about horses.", "likes", "horses", "My sister is all about horses."),
        ("> My heart beats for chess\nWhat is that from?", "likes", "chess", "My heart beats for chess"),
        ("Anna said: my heart beats for chess", "likes", "chess", "my heart beats for chess"),
        ("Translate: my heart beats for chess", "likes", "chess", "my heart beats for chess"),
    ],
)
async def test_what_the_user_does_not_say_of_themselves_is_thrown_away(
    nights: Nights, text: str, slot: str, value: str, quote: str
):
    said = await nights.say(text)
    await nights.say(BIKE)
    before = (await nights.profiles.get(ADA)).beliefs
    assert await nights.night(proposal(said, slot, value, quote)) == []
    assert (await nights.profiles.get(ADA)).beliefs == before


async def test_the_words_of_the_bot_are_no_quotation(nights: Nights):
    said = await nights.say(BIKE, answer="I live in Oslo.")
    assert (
        await nights.night(
            proposal(said, "city", "Oslo", "I live in Oslo."),
            {"message": said.message_id + 1, "slot": "city", "value": "Oslo", "quote": "I live in Oslo."},
        )
        == []
    )
    assert "Oslo" not in nights.asked().partition("\n\n")[2]


@pytest.mark.parametrize("origin", [one for one in Origin if one not in (Origin.TYPED, Origin.SPOKEN)])
async def test_what_must_not_be_learnt_is_neither_read_nor_believed(nights: Nights, origin: Origin):
    await nights.say(BIKE)
    said = await nights.say("My heart beats for chess.", origin=origin)
    assert await nights.night(proposal(said, "likes", "chess", "My heart beats for chess.")) == []
    assert "chess" not in nights.asked()


async def test_an_answer_that_is_no_list_of_objects_changes_nothing(nights: Nights):
    await nights.say(BIKE)
    assert await nights.night("Sure!", "{broken", "[1]", '{"message": "x"}', "{}", '{"message": 1}') == []


async def test_a_delicate_matter_waits_even_when_only_the_quotation_tells(nights: Nights):
    text = "My Thursdays belong to the choir at church."
    said = await nights.say(text)
    await nights.night(proposal(said, "does", "the choir", text))
    profile = await nights.profiles.get(ADA)
    assert profile.held == ()
    assert [(one.status, one.sensitivity) for one in profile.pending] == [
        (BeliefStatus.PENDING, Sensitivity.RELIGION)
    ]


async def test_what_is_known_from_a_message_is_not_counted_twice(nights: Nights):
    said = await nights.say("I love tea.")
    quoted = proposal(said, "likes", "tea", "I love tea.")
    assert await nights.night(quoted, quoted) == []
    (belief,) = (await nights.profiles.get(ADA)).held
    assert belief.times_said == 1


async def test_nothing_older_overrules_what_was_said_since(nights: Nights):
    said = await nights.say("My flat is a box in Lima.")
    await nights.say("I live in Oslo.")
    await nights.night(proposal(said, "city", "Lima", "My flat is a box in Lima."))
    assert [one.value for one in (await nights.profiles.get(ADA)).held] == ["Oslo"]


@pytest.mark.parametrize("act", ["erase", "strike_out"])
async def test_what_the_user_has_taken_back_or_struck_out_does_not_return(nights: Nights, act: str):
    old = await nights.say("I live in Lima.")
    other = await nights.say("My flat is a box in Lima.")
    await nights.say("Forget that I live in Lima.")
    assert (
        await nights.night(
            proposal(old, "city", "Lima", "I live in Lima."),
            proposal(other, "city", "Lima", "My flat is a box in Lima."),
        )
        == []
    )

    said = await nights.say("I love tea.")
    await nights.say("My cupboard is full of tea.")
    belief = next(one for one in (await nights.profiles.get(ADA)).held if one.value == "tea")
    await getattr(nights.profiles, act)(ADA, belief.belief_id)
    assert await nights.night(proposal(said, "likes", "tea", "I love tea.")) == []
    assert len(nights.model.requests) == 1


@pytest.mark.parametrize("act", ["erase", "strike_out"])
async def test_what_is_struck_out_while_the_model_reads_does_not_return(nights: Nights, act: str):
    said = await nights.say("I love tea.")
    asked = (await nights.profiles.get(ADA)).proposed_up_to
    await getattr(nights.profiles, act)(ADA, 1)
    answer = json.dumps(proposal(said, "likes", "tea", "I love tea."))
    assert await nights.profiles.propose(ADA, answer, after=asked, up_to=said.message_id) == []


async def test_what_was_forgotten_while_the_model_read_does_not_return(nights: Nights):
    said = await nights.say(BIKE)
    await nights.profiles.forget(ADA, [said])
    answer = json.dumps(proposal(said, "does", "an hour on the bike", BIKE))
    assert await nights.profiles.propose(ADA, answer, after=0, up_to=said.message_id) == []


async def test_each_message_is_read_once_and_nobody_is_asked_about_nothing(nights: Nights):
    await nights.say(BIKE)
    await nights.night()
    await nights.say("What is the capital of Peru?")
    await nights.night()
    assert len(nights.model.requests) == 1
    await nights.say("My evenings are for chess.")
    await nights.night()
    assert "bike" not in nights.asked()


async def test_a_night_that_fails_is_made_up(nights: Nights):
    said = await nights.say(BIKE)
    nights.model.enqueue(QueueFullError(1))
    with pytest.raises(QueueFullError):
        await nights.proposer.run(ADA)
    assert await nights.night(proposal(said, "does", "an hour on the bike", BIKE))


async def test_nobody_who_has_paused_learning_is_read(nights: Nights):
    await nights.say(BIKE)
    await nights.preferences.save(ADA, Preferences(learning=False))
    assert await nights.night() == []
    assert nights.model.requests == []


async def test_of_more_than_fits_the_newest_is_read(nights: Nights):
    for number in range(60):
        await nights.say(f"My evening number {number} was {'very ' * 60}long.")
    await nights.night()
    assert "number 59" in nights.asked()
    assert "number 0 " not in nights.asked()
    assert nights.model.count_tokens(nights.model.requests[-1].messages) <= 3400
