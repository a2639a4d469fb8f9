"""Disliked replies on the tiny model: they become less likely, and nobody else is touched."""

import math
from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from engine.language.lora import wrap_linears
from engine.language.model import ChatMessage
from engine.language.tokens import ChatTokenizer
from engine.tuning.checkpoint import purpose_of
from engine.tuning.encoding import IGNORED, Row
from engine.tuning.examples import Evidence, Example
from engine.tuning.job import Recipe
from engine.tuning.learner import JointTrainer, Learner, plan_batches, unwanted_loss
from engine.tuning.measure import Meter
from engine.tuning.unwanted import UNWANTED_TOKENS, encode_all
from storage.records import Role
from tests.engine.language.conftest import tiny_model, tiny_tokenizer
from tests.engine.tuning.test_learner import distance, row, train

TOKENIZER = ChatTokenizer(tiny_tokenizer(), place="tiny")
RECIPE = Recipe(rank=4, steps=12, learning_rate=1e-2)
LONG = "It is I, as I have always said, and as I shall say whenever you ask me this again."


def example(evidence: Evidence, reply: str, *, number: int = 1) -> Example:
    return Example(
        message_ids=(2 * number, 2 * number + 1),
        context=(ChatMessage(Role.USER, f"Who {number}?"),),
        reply=reply,
        evidence=evidence,
    )


def encode(*examples: Example) -> list[Row]:
    model = tiny_model()
    meter = Meter(model, wrap_linears(model, slots=1, rank=4), TOKENIZER, pad_id=0, most_tokens=512)
    return encode_all(TOKENIZER, meter, examples, most_tokens=300)


def unwanted(number: int, *, length: int = 12, base_loss: float = 30.0) -> Row:
    return replace(row(number, length=length), base_loss=base_loss)


def base_loss(one: Row) -> float:
    """The loss of a row in nats, as transformers computes it."""
    tokens = torch.tensor([one.tokens])
    labels = tokens.clone()
    labels[:, : one.reply_start] = IGNORED
    with torch.no_grad():
        return tiny_model()(input_ids=tokens, labels=labels).loss.item() * one.reply_tokens


def test_the_beginning_of_a_disliked_reply_knows_what_the_base_makes_of_it():
    liked, disliked = encode(example(Evidence.LIKED, LONG), example(Evidence.DISLIKED, LONG))
    assert liked.base_loss is None
    assert disliked.tokens == liked.tokens[: liked.reply_start + UNWANTED_TOKENS]
    assert len(disliked.tokens) < len(liked.tokens)
    assert disliked.base_loss == pytest.approx(base_loss(disliked), rel=1e-4)


def test_an_answer_disliked_before_another_was_liked_is_kept_away_from():
    told = replace(example(Evidence.LIKED, "Me."), rejected=LONG)
    assert encode(told) == encode(example(Evidence.LIKED, "Me."), example(Evidence.DISLIKED, LONG))
    corrected = replace(example(Evidence.CORRECTED, "Me."), rejected=LONG)
    assert encode(corrected) == encode(example(Evidence.CORRECTED, "Me."))


def test_less_is_asked_for_the_less_likely_an_unwanted_reply_has_become():
    even, rarer, likelier = unwanted_loss(torch.tensor([0.0, 10.0, -10.0]), beta=0.1).tolist()
    assert even == pytest.approx(math.log(2))
    assert rarer == pytest.approx(-functional.logsigmoid(torch.tensor(1.0)).item())
    assert rarer < even < likelier


def losses_after(rows: list[Row], recipe: Recipe) -> list[float]:
    """The loss of each row under the adapter that they make, in nats."""
    model = tiny_model()
    stack = wrap_linears(model, slots=2, rank=recipe.rank)
    trainer = JointTrainer(model, stack, recipe=recipe, pad_id=0)
    learner = Learner(user_id=1, slot=1, batches=plan_batches(rows, recipe, seed=1))
    trainer.begin(learner, seed=1)
    while not learner.finished:
        trainer.step([learner])
    return Meter(model, stack, TOKENIZER, pad_id=0, most_tokens=512).losses(rows, 1)


def test_disliked_replies_become_less_likely_and_liked_ones_likelier():
    rows = encode(
        *(example(Evidence.LIKED, "Me.", number=number) for number in range(4)),
        *(example(Evidence.DISLIKED, LONG, number=number) for number in range(4, 8)),
    )
    after = losses_after(rows, RECIPE)
    assert all(loss < base_loss(one) - 1 for one, loss in zip(rows[:4], after[:4], strict=True))
    assert all(loss > base_loss(one) + 1 for one, loss in zip(rows[4:], after[4:], strict=True))


def test_the_loss_told_is_that_of_the_wanted_replies():
    model = tiny_model()
    stack = wrap_linears(model, slots=2, rank=4)
    trainer = JointTrainer(model, stack, recipe=RECIPE, pad_id=0)
    learner = Learner(user_id=1, slot=1, batches=[[row(1), unwanted(2)], [unwanted(3)]])
    trainer.begin(learner, seed=0)
    trainer.step([learner])
    told = learner.loss
    assert told == pytest.approx(base_loss(row(1)) / row(1).reply_tokens, rel=1e-4)
    trainer.step([learner])
    assert learner.loss == told


def test_training_beside_others_gives_what_training_alone_gives():
    mixed = plan_batches([row(1), unwanted(2), row(3), unwanted(4)], RECIPE, seed=1)
    others = plan_batches([row(number, length=30) for number in range(10, 21)], RECIPE, seed=2)
    first, second = train({1: mixed, 2: others}, RECIPE)
    assert distance(first, train({1: mixed}, RECIPE)[0]) < 1e-5
    assert distance(second, train({2: others}, RECIPE)[0]) < 1e-5


def test_small_micro_batches_change_nothing():
    batches = [[unwanted(1), row(2, length=9), unwanted(3, length=20)]]
    whole = train({1: batches}, replace(RECIPE, micro_batch_tokens=1000))
    parts = train({1: batches}, replace(RECIPE, micro_batch_tokens=1))
    assert distance(whole[0], parts[0]) < 1e-5


def test_a_checkpoint_tells_a_wanted_reply_from_the_same_one_unwanted():
    purposes = {
        purpose_of([[one]], base_name="tiny", recipe=RECIPE, seed=1) for one in (row(1), unwanted(1), row(2))
    }
    assert len(purposes) == 3
