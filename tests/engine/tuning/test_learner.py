"""Training on the tiny model: what each learner gets is what it would get alone."""

import math
from collections import Counter

import pytest
import torch

from engine.language.lora import LoraWeights, wrap_linears
from engine.tuning.encoding import Row
from engine.tuning.job import Recipe
from engine.tuning.learner import JointTrainer, Learner, learning_rate, micro_batches, plan_batches
from tests.engine.language.conftest import random_tokens, tiny_model

RECIPE = Recipe(rank=4, steps=6, learning_rate=1e-2)


def row(number: int, *, length: int = 12, weight: float = 1.0) -> Row:
    return Row(tokens=tuple(random_tokens(length, seed=number)), reply_start=length // 2, weight=weight)


def train(batches_by_seed: dict[int, list[list[Row]]], recipe: Recipe = RECIPE) -> list[LoraWeights]:
    """Train one adapter for each seed, side by side; returns them in order."""
    model = tiny_model()
    stack = wrap_linears(model, slots=len(batches_by_seed) + 1, rank=recipe.rank)
    trainer = JointTrainer(model, stack, recipe=recipe, pad_id=0)
    learners = [
        Learner(user_id=seed, slot=slot, batches=batches)
        for slot, (seed, batches) in enumerate(batches_by_seed.items(), start=1)
    ]
    for learner in learners:
        trainer.begin(learner, seed=learner.user_id)
    while unfinished := [learner for learner in learners if not learner.finished]:
        trainer.step(unfinished)
    return [stack.read(learner.slot) for learner in learners]


def distance(one: LoraWeights, other: LoraWeights) -> float:
    return max((one.b[name] - other.b[name]).abs().max().item() for name in one.b)


def test_training_together_gives_what_training_alone_gives():
    own = plan_batches([row(number) for number in range(6)], RECIPE, seed=1)
    longer = plan_batches([row(number, length=30) for number in range(10, 21)], RECIPE, seed=2)
    assert len(longer) != len(own)
    first, second = train({1: own, 2: longer})
    assert distance(first, train({1: own})[0]) < 1e-5
    assert distance(second, train({2: longer})[0]) < 1e-5


def test_the_base_model_and_empty_slots_do_not_move():
    model, untouched = tiny_model(), tiny_model()
    stack = wrap_linears(model, slots=3, rank=4)
    trainer = JointTrainer(model, stack, recipe=RECIPE, pad_id=0)
    learner = Learner(user_id=1, slot=1, batches=[[row(1), row(2)]])
    trainer.begin(learner, seed=0)
    trainer.step([learner])
    assert torch.equal(model.get_input_embeddings().weight, untouched.get_input_embeddings().weight)
    for name, layer in stack.layers.items():
        assert torch.equal(layer.base.weight, untouched.get_submodule(name).weight)
        assert not layer.lora_a[0].any()
        assert not layer.lora_b[2].any()
        assert layer.lora_b[1].any()


def test_small_micro_batches_change_nothing():
    batches = [[row(number, length=8 + number) for number in range(4)]]
    whole = train({1: batches}, Recipe(rank=4, micro_batch_tokens=1000))
    parts = train({1: batches}, Recipe(rank=4, micro_batch_tokens=1))
    assert distance(whole[0], parts[0]) < 1e-5


def test_a_long_reply_counts_as_much_as_a_short_one():
    short, long = row(1, length=8), row(2, length=80)
    model = tiny_model()
    stack = wrap_linears(model, slots=2, rank=4)
    trainer = JointTrainer(model, stack, recipe=RECIPE, pad_id=0)

    def loss(batch: list[Row]) -> float:
        learner = Learner(user_id=1, slot=1, batches=[batch])
        trainer.begin(learner, seed=0)
        trainer.step([learner])
        return learner.loss

    assert loss([short, long]) == pytest.approx((loss([short]) + loss([long])) / 2, rel=1e-4)


def test_rows_come_as_often_as_they_weigh():
    rows = [row(number, weight=2.0) for number in range(8)]
    rows += [row(number, weight=0.5) for number in range(100, 116)]
    batches = plan_batches(rows, Recipe(steps=60, batch_rows=2), seed=3)
    assert len(batches) == 42  # 12 rows a round, at most 7 rounds
    drawn = Counter(row.weight for batch in batches for row in batch)
    assert drawn[2.0] == pytest.approx(56, abs=8)
    assert drawn[0.5] == pytest.approx(28, abs=8)


@pytest.mark.parametrize(("rows", "steps"), [(4, 14), (13, 44), (400, 400)])
def test_the_steps_are_those_of_the_recipe_within_its_rounds(rows: int, steps: int):
    assert len(plan_batches([row(number) for number in range(rows)], Recipe(), seed=0)) == steps


def test_the_rate_warms_up_and_comes_down_to_zero():
    rates = [learning_rate(Recipe(), step=step, steps=40) for step in range(41)]
    assert rates[0] < rates[3] == pytest.approx(max(rates), rel=0.02)
    assert rates[3:] == sorted(rates[3:], reverse=True)
    assert math.isclose(rates[40], 0, abs_tol=1e-12)


def test_no_micro_batch_is_larger_than_allowed_unless_it_is_one_row():
    rows = [(0, row(number, length=length)) for number, length in enumerate([90, 5, 5, 40, 7, 200, 39])]
    parts = micro_batches(rows, most_tokens=80)
    assert sorted(len(one.tokens) for part in parts for _, one in part) == [5, 5, 7, 39, 40, 90, 200]
    assert all(len(part) == 1 or len(part) * len(part[-1][1].tokens) <= 80 for part in parts)
