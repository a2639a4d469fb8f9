import json
from collections.abc import Sequence
from dataclasses import asdict, replace

import pytest

from engine.tuning.evaluate import (
    FirstSight,
    Measurement,
    Preference,
    TurnLosses,
    bootstrap_interval,
    judge,
    read_measurement,
)
from engine.tuning.manner import Manner

GOOD = Measurement(
    turns=tuple(
        TurnLosses(
            conversation_id=number, tokens=10, reply_bytes=40, base=30.0 + number, candidate=15.0 + number
        )
        for number in range(6)
    ),
    canary_base=3.0,
    canary_candidate=3.015,
    finite=True,
    generations=8,
    faulty_generations=0,
    faulty_by_base=0,
)


def with_turns(**losses: float) -> Measurement:
    return replace(GOOD, turns=tuple(replace(turn, **losses) for turn in GOOD.turns))


def test_a_candidate_that_is_surely_better_is_promoted_with_its_figures():
    verdict = judge(GOOD, seed=0)
    assert verdict.promoted
    assert verdict.before == pytest.approx(3.25)
    assert verdict.after == pytest.approx(1.75)
    assert verdict.low <= -1.5 <= verdict.high < 0
    assert verdict.improved == 1
    assert verdict.general_rise == pytest.approx(0.005)


@pytest.mark.parametrize(
    ("measurement", "reason"),
    [
        (replace(GOOD, finite=False), "not finite"),
        (with_turns(candidate=float("nan")), "not finite"),
        (with_turns(candidate=40.0), "not surely better"),
        (with_turns(active=5.0), "not surely better"),
        (with_turns(control=5.0), "Somebody else's"),
        (with_turns(control=17.4), "Somebody else's"),
        (with_turns(base_elsewhere=50.0, candidate_elsewhere=30.0), "It heeds the question less"),
        (replace(GOOD, turns=()), "too long"),
        (replace(GOOD, canary_candidate=3.2), "It forgets: general text became 6.7% harder"),
        (replace(GOOD, faulty_generations=1), "1 of 8 trial replies"),
    ],
)
def test_every_objection_is_told(measurement: Measurement, reason: str):
    verdict = judge(measurement, seed=0)
    assert not verdict.promoted
    assert reason in verdict.reason


def test_one_lucky_turn_among_losses_is_no_proof():
    turns = [replace(GOOD.turns[0], base=10.0, candidate=10.5)] * 7
    turns.append(replace(GOOD.turns[0], base=60.0, candidate=10.0))
    verdict = judge(replace(GOOD, turns=tuple(turns)), seed=0)
    assert not verdict.promoted
    assert verdict.improved == 1 / 8


def test_a_candidate_may_stumble_where_the_base_does():
    stumbling = replace(GOOD, faulty_generations=2, faulty_by_base=2)
    assert judge(stumbling, seed=0).promoted
    assert not judge(replace(stumbling, faulty_generations=3), seed=0).promoted


def test_the_control_may_be_as_good():
    assert judge(with_turns(control=17.5), seed=0).promoted


@pytest.mark.parametrize(("elsewhere", "promoted"), [(37.5, True), (36.0, True), (35.0, False)])
def test_the_own_question_may_be_worth_a_tenth_less(elsewhere: float, promoted: bool):
    turns = with_turns(base_elsewhere=52.5, candidate_elsewhere=elsewhere)

    assert judge(turns, seed=0).promoted == promoted


def spread(changes: Sequence[float], conversations: Sequence[int]) -> tuple[float, float]:
    """The width of the interval over turns of ten tokens that changed by so much in these conversations."""
    turns = [replace(GOOD.turns[0], conversation_id=number) for number in conversations]
    return bootstrap_interval(turns, changes, seed=4)


def test_the_interval_is_reproducible_and_holds_the_mean():
    changes = [-3.0, 1.0, -4.0, -2.0, 0.5]
    low, high = spread(changes, range(5))
    assert (low, high) == spread(changes, range(5))
    assert low < sum(changes) / 50 < high


def test_many_like_turns_of_a_few_conversations_prove_little():
    changes = [-4.0] * 10 + [-5.0] * 10 + [1.0] * 10
    assert spread(changes, range(30))[1] < 0
    assert spread(changes, [place // 10 for place in range(30)])[1] >= 0


def test_a_single_conversation_is_resampled_by_its_turns():
    low, high = spread([-3.0, 1.0, -4.0, -2.0, 0.5], [1] * 5)
    assert low < -0.15 < high


def test_a_measurement_comes_back_from_its_document():
    manner = Manner(words=4.0, lower_case=0.0, punctuated=1.0, emoji=0.5)
    measured = replace(
        GOOD,
        preferences=(Preference(base=-0.2, candidate=1.0, active=None),),
        wanted=manner,
        written_by_base=manner,
        first_sight=FirstSight(turns=3, tokens=30, base=2.0, active=None),
    )
    assert read_measurement(json.loads(json.dumps(asdict(measured)))) == measured


def by_thumbs(
    *, liked: Sequence[float] = (14.0,) * 6, disliked: Sequence[float] = (60.0,) * 6, **losses: float
) -> Measurement:
    """Liked replies of ten tokens and disliked ones, all at 15 and 40 nats under the base, and under the
    candidate at so many.
    """

    def turns(base: float, candidates: Sequence[float]) -> tuple[TurnLosses, ...]:
        return tuple(
            replace(GOOD.turns[0], conversation_id=number, base=base, candidate=candidate, **losses)
            for number, candidate in enumerate(candidates)
        )

    return replace(GOOD, turns=turns(15.0, liked), disliked=turns(40.0, disliked))


def written(*, words: float, liked: float, by_base: float) -> Measurement:
    """Trial replies of so many words, beside liked replies and trial replies of the base."""

    def of(count: float) -> Manner:
        return Manner(words=count, lower_case=0, punctuated=1, emoji=0)

    return replace(by_thumbs(), written_by_candidate=of(words), wanted=of(liked), written_by_base=of(by_base))


def test_whoever_rates_by_thumbs_is_judged_by_how_far_likes_and_dislikes_come_apart():
    verdict = judge(by_thumbs(liked=(15.4,) * 6), seed=0)

    assert verdict.promoted
    assert verdict.apart == pytest.approx(-0.4 + 20)
    assert (verdict.apart_low, verdict.apart_high) == pytest.approx((19.6, 19.6))
    assert "what you like from what you do not: by 19.6 nats a reply" in verdict.reason


@pytest.mark.parametrize(
    ("measurement", "reason"),
    [
        (by_thumbs(disliked=(39.0,) * 6), "does not surely tell"),
        (by_thumbs(disliked=(90.0, 39.0, 39.0, 38.0, 39.0, 38.0)), "does not surely tell"),
        (by_thumbs(liked=(16.5,) * 6), "moves away from what you like, too (1.50 to 1.65"),
        (
            replace(
                by_thumbs(control=14.0),
                disliked=tuple(replace(turn, control=61.0) for turn in by_thumbs().disliked),
            ),
            "Somebody else's",
        ),
        (written(words=14, liked=30, by_base=80), "Its replies have 14 words, and 30 were to be expected."),
        (written(words=14, liked=90, by_base=30), "Its replies have 14 words, and 30 were to be expected."),
    ],
)
def test_every_objection_to_what_thumbs_taught_is_told(measurement: Measurement, reason: str):
    verdict = judge(measurement, seed=0)
    assert not verdict.promoted
    assert reason in verdict.reason


def test_trial_replies_need_half_the_words_that_were_to_be_expected():
    assert judge(written(words=16, liked=30, by_base=80), seed=0).promoted
    assert judge(written(words=46, liked=111, by_base=65), seed=0).promoted


def test_what_tells_likes_from_dislikes_already_is_what_has_to_be_beaten():
    served = by_thumbs()
    turns = tuple(replace(turn, active=turn.base) for turn in served.turns)
    disliked = tuple(replace(turn, active=70.0) for turn in served.disliked)

    assert not judge(replace(served, turns=turns, disliked=disliked), seed=0).promoted
    worse = tuple(replace(turn, active=45.0) for turn in served.disliked)
    assert judge(replace(served, turns=turns, disliked=worse), seed=0).promoted
