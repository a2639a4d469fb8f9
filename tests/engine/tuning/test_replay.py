"""Holding learners to the base on its own texts."""

import pytest
import torch

from engine.language.lora import LoraWeights, wrap_linears
from engine.language.tokens import ChatTokenizer
from engine.tuning.encoding import IGNORED, Row, labelled_logits, pad
from engine.tuning.job import Recipe
from engine.tuning.learner import JointTrainer, Learner, row_losses
from engine.tuning.replay import OPENINGS, TEXT_TOKENS, divergence, write_replay
from tests.engine.language.conftest import random_tokens, tiny_model, tiny_tokenizer
from tests.engine.tuning.test_learner import distance

RECIPE = Recipe(rank=4, steps=30, learning_rate=1e-2)


def row(number: int) -> Row:
    return Row(tokens=tuple(random_tokens(12, seed=number)), reply_start=6, weight=1.0)


class School:
    """The tiny model with two learners' slots, and the texts that it wrote."""

    def __init__(self, replay_weight: float) -> None:
        self.model = tiny_model()
        self.stack = wrap_linears(self.model, slots=3, rank=RECIPE.rank)
        tokenizer = ChatTokenizer(tiny_tokenizer(), place="tiny")
        self.texts = write_replay(self.model, self.stack, tokenizer, pad_id=0)
        recipe = Recipe(
            rank=RECIPE.rank,
            steps=RECIPE.steps,
            learning_rate=RECIPE.learning_rate,
            replay_weight=replay_weight,
        )
        self.trainer = JointTrainer(
            self.model, self.stack, recipe=recipe, pad_id=0, replay=self.texts if replay_weight else ()
        )

    def teach(self, steps_by_slot: dict[int, int]) -> list[LoraWeights]:
        learners = [
            Learner(user_id=slot, slot=slot, batches=[[row(slot), row(slot + 10)]] * steps)
            for slot, steps in steps_by_slot.items()
        ]
        for learner in learners:
            self.trainer.begin(learner, seed=learner.slot)
        while unfinished := [learner for learner in learners if not learner.finished]:
            self.trainer.step(unfinished)
        return [self.stack.read(learner.slot) for learner in learners]

    @torch.no_grad()
    def loss(self, slot: int) -> float:
        """The loss of a slot on what it is taught, nats a token."""
        self.stack.rows.select([slot] * 2)
        batch = pad([row(slot), row(slot + 10)], pad_id=0, device=self.model.device)
        return float(row_losses(self.model, batch).sum() / (batch.labels != IGNORED).sum())

    @torch.no_grad()
    def drift(self, slot: int) -> float:
        """How far a slot's predictions are from the base's, on a text that it was not held to."""
        plain = Row(tokens=tuple(random_tokens(40, seed=99)), reply_start=1, weight=1.0)
        logits = {}
        for each in (0, slot):
            self.stack.rows.select([each])
            logits[each], _, _ = labelled_logits(self.model, pad([plain], pad_id=0, device=self.model.device))
        base = logits[0].log_softmax(-1)
        return float((base.exp() * (base - logits[slot].log_softmax(-1))).sum(-1).mean())


def test_the_base_writes_the_same_texts_each_time():
    first, second = School(0.0).texts, School(0.0).texts
    assert [text.row for text in first] == [text.row for text in second]
    assert len(first) == len(OPENINGS)
    assert all(2 <= len(text.row.tokens) <= TEXT_TOKENS for text in first)
    for text in first:
        assert text.log_probs.shape == (len(text.row.tokens) - 1, 259)


def test_the_base_does_not_diverge_from_itself():
    school = School(0.0)
    school.stack.rows.select([0])
    text = school.texts[0]
    logits, _, _ = labelled_logits(school.model, pad([text.row], pad_id=0, device=school.model.device))
    assert divergence(logits, [text]).abs().max().item() < 1e-3  # float16 keeps three digits


def test_who_is_held_drifts_less_and_learns_all_the_same():
    free, held = School(0.0), School(8.0)
    free.teach({1: 30})
    held.teach({1: 30})
    assert held.drift(1) < free.drift(1) / 2
    assert held.loss(1) < School(8.0).loss(1) / 2


@pytest.mark.parametrize("steps", [{1: 6, 2: 6}, {1: 6, 2: 3}])
def test_together_gives_what_alone_gives(steps: dict[int, int]):
    together = School(8.0).teach(steps)
    for (slot, count), weights in zip(steps.items(), together, strict=True):
        [alone] = School(8.0).teach({slot: count})
        assert distance(weights, alone) < 1e-4
