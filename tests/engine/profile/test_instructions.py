"""Standing wishes about how to answer; a new case is a line."""

import pytest

from engine.profile.facts import claims_in
from engine.profile.instructions import instructions_in
from storage.beliefs import BeliefKind, BeliefStatus
from tests.engine.profile.test_profile import after

STANDING = [
    ("Always answer in French.", "answer language", "Always answer in French"),
    ("Please always answer in French!", "answer language", "Please always answer in French"),
    ("From now on, reply to me in German, please.", "answer language", "From now on, reply to me in German"),
    ("Can you answer in Spanish from now on?", "answer language", "Can you answer in Spanish from now on"),
    ("I'd prefer your answers in Italian.", "answer language", "I'd prefer your answers in Italian"),
    ("call me Sam", "form of address", "call me Sam"),
    ("Hi! Please call me Sam. What is a comet?", "form of address", "call me Sam"),
    ("never use emoji", "answer emoji", "never use emoji"),
    ("Never use emojis in your replies.", "answer emoji", "Never use emojis in your replies"),
    ("Stop using emojis.", "answer emoji", "Stop using emojis"),
    ("No more emojis, please.", "answer emoji", "No more emojis"),
    ("Please don't use bullet points.", "answer lists", "Please don't use bullet points"),
    (
        "Please don't use bullet points, they are hard to read.",
        "answer lists",
        "Please don't use bullet points",
    ),
    (
        "From now on explain things like I'm five.",
        "answer explain",
        "From now on explain things like I'm five",
    ),
    ("以后都用中文回答", "answer language", "以后都用中文回答"),
    ("请以后用英文回复我，谢谢。", "answer language", "以后用英文回复我"),
    ("别再用表情", "answer emoji", "别再用表情"),
    ("不要用表情符号。", "answer emoji", "不要用表情符号"),
    ("以后不要再用列表了。", "answer lists", "以后不要再用列表"),
    ("以后叫我老王吧。", "form of address", "以后叫我老王"),
]

NONE = [
    "Answer in one word: what is the capital of Peru?",
    "Answer in French: where is the station?",
    "Answer in French, please. What is the capital of Peru?",
    "Write a poem about bees. Don't use emojis.",
    "Don't use emojis this time.",
    "For this question, always answer in French.",
    "My boss says: always answer in French.",
    "I always answer in French.",
    "Do you always answer in French?",
    "Translate: always answer in French.",
    '"Always answer in French," she said.',
    "If I ask in French, always answer in French.",
    "Never give up.",
    "Always answer the phone.",
    "Always be yourself.",
    "Call me later.",
    "Call me crazy, but I like rain.",
    "Don't call me again.",
    "From now on I will eat less.",
    "You never use emojis.",
    "Always keep your answers short.",
    "用中文回答：秘鲁的首都是哪里？",
    "写一首诗。不要用表情。",
    "这次用英文回答。",
    "你总是用表情。",
    "明天叫我起床。",
    "我以后都用中文写日记。",
]


@pytest.mark.parametrize(("text", "slot", "value"), STANDING)
def test_a_standing_wish_is_kept_in_the_users_words(text: str, slot: str, value: str):
    [claim] = claims_in(text)
    assert (claim.kind, claim.value) == (BeliefKind.INSTRUCTION, value)
    assert claim.slot.startswith(slot)
    assert claim.value in text
    assert claim.quote in text


@pytest.mark.parametrize("text", NONE)
def test_what_is_said_for_once_or_of_something_else_is_no_instruction(text: str):
    assert list(instructions_in(text)) == []


@pytest.mark.parametrize(
    ("wish", "reversal"),
    [
        ("Never use emoji.", "You may use emoji again."),
        ("Never use emoji.", "Emojis are fine again."),
        ("Always answer in French.", "You don't have to answer in French anymore."),
        ("Always answer in French.", "Stop answering in French."),
        ("Always answer like a pirate.", "You no longer need to answer like a pirate."),
        ("别再用表情。", "可以用表情了。"),
        ("以后都用中文回答。", "不用再用中文回答了。"),
    ],
)
def test_a_reversal_closes_the_old_wish(wish: str, reversal: str):
    profile = after(wish, reversal)
    assert profile.held == ()
    assert [belief.status for belief in profile.beliefs] == [BeliefStatus.SUPERSEDED]
    assert after(reversal).beliefs == ()


def test_the_latest_wish_in_a_matter_stands_alone_and_others_beside_it():
    profile = after("Always answer in French.", "Never use emoji.", "From now on answer in German.")
    assert [belief.value for belief in profile.held] == ["Never use emoji", "From now on answer in German"]


def test_who_wants_another_form_of_address_no_longer_wants_the_first():
    profile = after("From now on, please call me Sam.", "Don't call me Sam.")
    assert [belief.value for belief in profile.held] == ["Don't call me Sam"]


def test_a_wish_for_the_length_stays_what_it_was():
    assert [(claim.slot, claim.value) for claim in claims_in("Always keep your answers short.")] == [
        ("answer length", "short")
    ]


def test_a_language_that_is_wished_once_is_not_believed():
    assert list(claims_in("Please write your answer in English: 你好")) == []
