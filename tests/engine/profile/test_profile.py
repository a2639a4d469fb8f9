"""The incremental step: what becomes of beliefs as messages come."""

from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.profile.confidence import CONFIRMED_SUPPORT
from engine.profile.correction import keep
from engine.profile.profile import Profile, observe
from engine.profile.revision import revise
from storage.beliefs import BeliefStatus, Sensitivity
from storage.records import Message, Origin, Role

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
VECTOR = np.eye(1, 384, dtype=np.float32)[0]

SAYINGS = (
    "I live in Paris.",
    "I've moved to Oslo.",
    "I no longer live in Oslo.",
    "I love tea.",
    "I hate tea.",
    "我喜欢篮球。",
    "I'm a nurse.",
    "I am vegan.",
    "Forget that I love tea.",
    "What is the capital of Italy?",
    "My name is Anna.",
    "I love going to church.",
)


def message(number: int, text: str, *, role: Role = Role.USER, origin: Origin = Origin.TYPED) -> Message:
    return Message(
        message_id=number,
        user_id=1,
        chat_id=1,
        conversation_id=1,
        role=role,
        text=text,
        created_at=START + timedelta(minutes=number),
        origin=origin,
        telegram_id=None,
        question_id=None,
        current=True,
        generation=None,
    )


def after(*texts: str, profile: Profile | None = None, first: int = 1) -> Profile:
    profile = profile or Profile()
    for number, text in enumerate(texts, start=first):
        profile = observe(profile, message(number, text), VECTOR).profile
    return profile


def held(profile: Profile) -> list[tuple[str, str, int]]:
    return [(belief.slot, belief.value, belief.polarity) for belief in profile.held]


def test_a_new_value_closes_the_old_one_with_a_date():
    profile = after("I live in Paris.", "I've moved to Oslo.")
    assert held(profile) == [("city", "Oslo", 1)]
    old = profile.beliefs[0]
    assert (old.status, old.valid_to) == (BeliefStatus.SUPERSEDED, START + timedelta(minutes=2))


def test_saying_it_again_raises_its_support():
    (belief,) = after("I love tea.", "I really love tea!").held
    assert belief.times_said == 2
    assert belief.support > 1.9
    assert [one.message_id for one in belief.evidence] == [1, 2]


def test_a_reversal_is_one_change():
    profile = after("I love tea.", "I hate tea.")
    assert held(profile) == [("likes", "tea", -1)]
    assert len(observe(after("I love tea."), message(2, "I hate tea."), VECTOR).edits) == 2


def test_several_likes_stand_side_by_side():
    assert len(after("I love tea.", "I love coffee.").held) == 2


def test_none_and_some_close_each_other():
    assert held(after("I have two kids.", "I have a daughter.", "I have no kids.")) == [
        ("children", "kids", -1)
    ]
    assert held(after("我没有孩子。", "我有两个孩子。")) == [("children", "两个孩子", 1)]


def test_an_ending_closes_and_a_wish_to_forget_retracts_what_it_names():
    assert held(after("I live in Paris.", "I no longer live in Paris.")) == []
    assert held(after("I live in Paris.", "I no longer live in Rome.")) == [("city", "Paris", 1)]
    profile = after("I live in Paris.", "Forget that I live in Paris.")
    assert profile.beliefs[0].status is BeliefStatus.RETRACTED


@pytest.mark.parametrize(
    "learnt",
    [
        message(1, "I live in Paris.", role=Role.ASSISTANT),
        message(1, "I live in Paris.", role=Role.SYSTEM),
        *(
            message(1, "I live in Paris.", origin=origin)
            for origin in Origin
            if origin not in (Origin.TYPED, Origin.SPOKEN)
        ),
    ],
)
def test_only_the_users_own_words_are_learnt(learnt: Message):
    assert observe(Profile(), learnt, VECTOR).profile == Profile()


@pytest.mark.parametrize(
    ("text", "sensitivity"),
    [
        ("I love going to church.", Sensitivity.RELIGION),
        ("I hate my migraines.", Sensitivity.HEALTH),
        ("我讨厌我的房贷。", Sensitivity.FINANCES),
    ],
)
def test_a_sensitive_belief_waits_for_the_users_word(text: str, sensitivity: Sensitivity):
    profile = after(text, text)
    assert profile.held == ()
    (waiting,) = profile.pending
    assert (waiting.sensitivity, waiting.times_said) == (sensitivity, 2)
    assert keep(profile, waiting.belief_id, START).profile.held[0].value == waiting.value
    assert keep(profile, 99, START).edits == ()


def test_a_therapist_is_not_ill():
    assert held(after("I am a therapist.")) == [("job", "therapist", 1)]


@settings(deadline=None)
@given(st.lists(st.sampled_from(SAYINGS[:2] + SAYINGS[3:8] + SAYINGS[10:11]), max_size=8), st.randoms())
def test_messages_that_come_late_are_learnt_as_of_when_they_were_said(texts: list[str], chance: Random):
    messages = [message(number, text) for number, text in enumerate(texts, start=1)]
    late = chance.sample(messages, len(messages))
    profile = Profile()
    for one in late:
        assert not profile.has_seen(one.message_id)
        profile = observe(profile, one, VECTOR).profile
    assert sorted(held(profile)) == sorted(held(after(*texts)))
    assert all(profile.has_seen(one.message_id) for one in messages)


def test_what_was_seen_long_ago_is_not_learnt_again():
    profile = after(*["Good morning!"] * 100)
    assert len(profile.recent) < 100
    assert profile.has_seen(1)
    assert not profile.has_seen(101)


def test_nothing_older_overrules_what_the_user_has_confirmed():
    waiting = after("I love going to church.", first=5)
    kept = keep(waiting, 1, START + timedelta(minutes=30)).profile
    (belief,) = observe(kept, message(20, "I hate going to church."), VECTOR).profile.held
    assert belief.polarity == 1
    assert belief.support == CONFIRMED_SUPPORT


def test_a_statement_against_a_belief_is_counted():
    old = after("I love tea.", "I hate tea.").beliefs[0]
    assert (old.status, old.against) == (BeliefStatus.SUPERSEDED, 1.0)


@given(st.lists(st.sampled_from(SAYINGS), max_size=12), st.integers(0, 12))
def test_any_batching_of_the_same_messages_gives_the_same_profile(texts: list[str], cut: int):
    whole = after(*texts)
    parts = after(*texts[cut:], profile=after(*texts[:cut]), first=len(texts[:cut]) + 1)
    assert parts == whole


@given(st.lists(st.sampled_from(SAYINGS), max_size=12))
def test_of_a_single_valued_slot_at_most_one_value_holds(texts: list[str]):
    slots = [belief.slot for belief in after(*texts).held if belief.slot != "likes"]
    assert len(slots) == len(set(slots))


@given(st.lists(st.sampled_from(SAYINGS), max_size=8), st.sampled_from(SAYINGS))
def test_a_change_names_all_that_it_touched(texts: list[str], newest: str):
    before = after(*texts)
    change = observe(before, message(len(texts) + 1, newest), VECTOR)
    undone = {belief.belief_id: belief for belief in change.profile.beliefs}
    for edit in change.edits:
        if edit.after is not None and edit.before is None:
            del undone[edit.after.belief_id]
        elif edit.before is not None:
            undone[edit.before.belief_id] = edit.before
    assert tuple(undone.values()) == before.beliefs


@given(st.lists(st.sampled_from(SAYINGS[:1] + SAYINGS[3:4] + SAYINGS[5:8]), max_size=6))
def test_what_an_edited_message_said_before_is_unlearnt(texts: list[str]):
    said = "My name is Anna."
    profile = after(*texts, said)
    edited = message(len(texts) + 1, "What is the capital of Italy?")
    revised = revise(profile, edited, before=said, vector=VECTOR).profile
    assert held(revised) == held(after(*texts))
