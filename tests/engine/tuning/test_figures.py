import json
import math
from dataclasses import replace

import pytest

from engine.tuning.evaluate import FirstSight, Preference
from engine.tuning.figures import as_document, figures_of, from_document
from engine.tuning.manner import Manner, distance, manner_of
from tests.engine.tuning.test_evaluate import GOOD, with_turns

BRIEF = Manner(words=4.0, lower_case=1.0, punctuated=0.0, emoji=0.0)


def test_bits_per_byte_do_not_depend_on_the_tokens():
    arm = figures_of(GOOD).arms["base"]

    assert arm.nats_per_token == pytest.approx(32.5 / 10)
    assert arm.bits_per_byte == pytest.approx(32.5 / math.log(2) / 40)


def test_an_arm_that_was_not_measured_is_left_out():
    assert list(figures_of(GOOD).arms) == ["base", "candidate"]
    assert list(figures_of(with_turns(pooled=20.0, control=21.0)).arms) == [
        "base",
        "candidate",
        "other",
        "pooled",
    ]


def test_a_preference_is_kept_where_the_chosen_reply_is_the_likelier():
    pairs = (Preference(base=-0.5, candidate=0.1), Preference(base=0.2, candidate=0.4))
    figures = figures_of(replace(GOOD, preferences=pairs))

    assert figures.pairs == 2
    assert figures.preference == {"base": 0.5, "candidate": 1.0}
    assert figures_of(GOOD).preference == {}


def test_manner_is_told_from_the_texts():
    manner = manner_of(["paris it is", "Two words! 🌿", "Right."])

    assert manner == Manner(words=2.0, lower_case=1 / 3, punctuated=1 / 3, emoji=1 / 3)


def test_the_distance_of_manners_is_none_from_itself_and_the_same_both_ways():
    other = Manner(words=8.0, lower_case=0.5, punctuated=1.0, emoji=0.25)
    apart = distance(BRIEF, other)

    assert set(map(float, (distance(BRIEF, BRIEF).length, distance(BRIEF, BRIEF).case))) == {0.0}
    assert apart == distance(other, BRIEF)
    assert apart.length == pytest.approx(math.log(2))
    assert (apart.case, apart.punctuation, apart.emoji) == (0.5, 1.0, 0.25)


def test_heed_is_what_the_own_question_is_worth():
    figures = figures_of(with_turns(base_elsewhere=52.5, candidate_elsewhere=37.5))

    assert figures.heed == pytest.approx({"base": 2.0, "candidate": 2.0})
    assert figures_of(GOOD).heed == {}


def test_figures_come_back_from_json():
    measured = replace(
        GOOD,
        wanted=BRIEF,
        written_by_base=BRIEF,
        written_by_candidate=BRIEF,
        preferences=(Preference(base=0.1, candidate=0.2, active=0.3),),
        first_sight=FirstSight(turns=4, tokens=40, base=3.0, active=2.5),
    )
    figures = figures_of(measured)

    assert from_document(json.loads(json.dumps(as_document(figures)))) == figures
