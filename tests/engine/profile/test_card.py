"""What of a profile stands in a prompt, within which budget, and for which models."""

from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.language.prompt import with_card
from engine.profile.ability import SMALLEST_READER_BYTES, uses_card, uses_recall
from engine.profile.card import Card, draw_card, echoes
from engine.profile.correction import keep
from engine.profile.profile import Profile, observe_note
from storage.beliefs import BeliefStatus
from tests.engine.profile.test_profile import SAYINGS, START, after

NOW = START + timedelta(hours=1)
WISHES = ("Never use emoji.", "Always answer in French.", "以后都用中文回答。", "You may use emoji again.")


def card_of(profile: Profile, question: str = "Hello!", *, words: int = 200) -> Card:
    """The card of at most so many words, heads included."""

    def fits(card: Card) -> bool:
        return len(with_card("", wishes=card.wishes, known=card.known).split()) <= words

    return draw_card(profile, question, NOW, fits=fits)


def test_wishes_stand_as_they_were_said_and_what_lasts_before_what_passes():
    card = card_of(after("I hate rain.", "Please never use emoji.", "I live in Oslo.", "I love tea."))
    assert card.wishes == ("Please never use emoji",)
    assert card.known == ("city: Oslo", "likes: tea", "dislikes: rain")


def test_what_the_question_is_about_comes_in_first():
    profile = after("I live in Oslo.", "I'm a nurse.", "I love green tea.", "I love jazz.")
    assert card_of(profile, "Which tea shall I buy?", words=7).known == ("likes: green tea",)
    assert card_of(profile, "Where do I live?", words=6).known == ("city: Oslo",)


def test_what_is_said_surely_comes_before_what_was_said_once():
    profile = after("I love tea.", "I love jazz.", "I really love jazz.")
    assert card_of(profile, words=5).known == ("likes: jazz",)


def test_a_wish_is_never_cut_but_left_out_whole():
    profile = after("Always answer like a pirate of the old seven seas.", "I live in Oslo.")
    assert card_of(profile, words=8).wishes == ()
    assert card_of(profile, words=8).known == ("city: Oslo",)
    assert card_of(profile, words=20).wishes == ("Always answer like a pirate of the old seven seas",)


def test_what_waits_stays_out_until_it_is_kept():
    profile = after("I love going to church.")
    assert card_of(profile) == Card()
    kept = keep(profile, profile.pending[0].belief_id, NOW).profile
    assert card_of(kept).known == ("likes: going to church",)


def test_what_has_faded_and_the_length_stay_out():
    assert card_of(observe_note(Profile(), "shorter, please", 1, NOW).profile) == Card()
    assert card_of(observe_note(Profile(), "more formal, please", 1, NOW).profile).wishes == (
        "answer tone: formal",
    )
    profile = after("I love tea.")
    assert draw_card(profile, "tea?", NOW + timedelta(days=900), fits=lambda _card: True) == Card()


@settings(deadline=None)
@given(st.lists(st.sampled_from(SAYINGS + WISHES), max_size=12), st.integers(0, 40), st.randoms())
def test_only_what_is_held_is_shown_and_never_too_much(texts: list[str], words: int, chance: Random):
    profile = after(*texts)
    card = card_of(profile, chance.choice(SAYINGS), words=words)
    assert all(belief.status is BeliefStatus.ACTIVE for belief in card.beliefs)
    assert len(with_card("", wishes=card.wishes, known=card.known).split()) <= words


def test_an_echo_tells_what_nothing_but_the_card_says():
    card = card_of(after("I live in Oslo.", "Never use emoji.", "我喜欢篮球。"))
    assert echoes(card, "In Oslo it rains.", "Does it rain?") == 1
    assert echoes(card, "In Oslo it rains.", "Does it rain in Oslo?") == 0
    assert echoes(card, "It rains.", "Does it rain?") == 0
    assert echoes(card, "你可以去打篮球。", "周末做什么？") == 1


def test_the_card_speaks_the_language_of_the_question():
    assert with_card("How?", wishes=["Be kind"], known=["city: Oslo"]) == (
        "(How I want to be answered:\n- Be kind\nAbout me:\n- city: Oslo)\n\nHow?"
    )
    assert with_card("怎么办？", wishes=[], known=["city: 北京"]) == "（关于我：\n- city: 北京）\n\n怎么办？"
    assert with_card("How?", wishes=[], known=[]) == "How?"


@pytest.mark.parametrize(("size", "large"), [(270_000_000, False), (SMALLEST_READER_BYTES, True)])
def test_only_a_model_of_half_a_billion_parameters_is_shown_anything(tmp_path: Path, size: int, large: bool):
    with (tmp_path / "model.safetensors").open("wb") as file:
        file.truncate(size)
    assert uses_card(tmp_path) is large
    assert uses_recall(tmp_path) is large
