from dataclasses import replace

import pytest

from engine.tuning.evaluate import Measurement, TurnLosses, bootstrap_interval, judge

GOOD = Measurement(
    turns=tuple(TurnLosses(tokens=10, base=30.0 + number, candidate=15.0 + number) for number in range(6)),
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
        (replace(GOOD, canary_candidate=3.2), "It forgets: general text became 6.7% harder"),
        (replace(GOOD, faulty_generations=1), "1 of 8 trial replies"),
    ],
)
def test_every_objection_is_told(measurement: Measurement, reason: str):
    verdict = judge(measurement, seed=0)
    assert not verdict.promoted
    assert reason in verdict.reason


def test_one_lucky_turn_among_losses_is_no_proof():
    turns = [TurnLosses(tokens=10, base=10.0, candidate=10.5)] * 7
    turns.append(TurnLosses(tokens=10, base=60.0, candidate=10.0))
    verdict = judge(replace(GOOD, turns=tuple(turns)), seed=0)
    assert not verdict.promoted
    assert verdict.improved == 1 / 8


def test_a_candidate_may_stumble_where_the_base_does():
    stumbling = replace(GOOD, faulty_generations=2, faulty_by_base=2)
    assert judge(stumbling, seed=0).promoted
    assert not judge(replace(stumbling, faulty_generations=3), seed=0).promoted


def test_the_control_may_be_as_good():
    assert judge(with_turns(control=20.0), seed=0).promoted


def test_the_interval_is_reproducible_and_holds_the_mean():
    changes, tokens = [-3.0, 1.0, -4.0, -2.0, 0.5], [10, 20, 10, 15, 5]
    low, high = bootstrap_interval(changes, tokens, seed=4)
    assert (low, high) == bootstrap_interval(changes, tokens, seed=4)
    assert low < sum(changes) / sum(tokens) < high
