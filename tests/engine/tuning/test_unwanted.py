"""Rows to keep away from, on the tiny model."""

from dataclasses import replace

import pytest
import torch

from engine.language.lora import NO_ADAPTER, wrap_linears
from engine.tuning.encoding import Row, pad
from engine.tuning.job import Recipe
from engine.tuning.learner import JointTrainer, Learner, row_losses
from engine.tuning.unwanted import BETA, balanced, unwanted_loss
from tests.engine.language.conftest import tiny_model
from tests.engine.tuning.test_learner import row

RECIPE = Recipe(rank=4, steps=6, learning_rate=1e-2)


def unwanted(number: int) -> Row:
    return replace(row(number), base_loss=40.0)


def test_the_pull_is_that_of_a_loss_at_first_and_fades():
    pulls: list[float] = []
    for rise in (0.0, 60.0, 400.0):
        loss = torch.tensor(40.0 + rise, requires_grad=True)
        unwanted_loss(loss, 40.0).backward()
        assert loss.grad is not None
        pulls.append(loss.grad.item())

    assert pulls[0] == pytest.approx(-1.0)
    assert pulls[1] == pytest.approx(-2 / (1 + 2.718281828 ** (60 * BETA)), rel=1e-4)
    assert abs(pulls[2]) < 1e-7


def test_both_kinds_are_drawn_alike_often_and_none_more_than_the_heaviest():
    many = balanced([row(1, weight=1.5), row(2, weight=1.5), *(unwanted(number) for number in range(6))])
    assert [one.weight for one in many] == [1.5, 1.5] + [0.5] * 6

    few = balanced([*(row(number, weight=1.5) for number in range(6)), unwanted(9)])
    assert few[-1].weight == 1.5


def test_one_kind_alone_stays_as_it_is():
    rows = [row(1, weight=2.0), row(2, weight=0.5)]
    assert balanced(rows) == rows


def test_an_unwanted_reply_becomes_less_likely_and_a_wanted_one_likelier():
    model = tiny_model()
    stack = wrap_linears(model, slots=2, rank=RECIPE.rank)

    def losses(rows: list[Row], slot: int) -> list[float]:
        stack.rows.select([slot] * len(rows))
        return row_losses(model, pad(rows, pad_id=0, device=model.device)).tolist()

    trainer = JointTrainer(model, stack, recipe=RECIPE, pad_id=0)
    wanted, other = row(1), row(2)
    before = losses([wanted, other], NO_ADAPTER)
    learner = Learner(
        user_id=1, slot=1, batches=[[wanted, replace(other, base_loss=before[1])]] * RECIPE.steps
    )
    trainer.begin(learner, seed=0)
    while not learner.finished:
        trainer.step([learner])

    after = losses([wanted, other], 1)
    assert after[0] < before[0] - 1
    assert after[1] > before[1] + 1
