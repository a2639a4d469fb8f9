"""Joint training: one pass over a frozen base moves the adapters of many users, each by its own rows."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from engine.language.lora import LoraStack
from engine.tuning.encoding import IGNORED, Batch, Row, pad
from engine.tuning.job import Recipe
from engine.tuning.optimizer import SlotAdamW

_FEWEST_TOKENS = 64
"""A micro-batch smaller than this is not worth another try when memory is short."""


@dataclass(slots=True, kw_only=True)
class Learner:
    """One user in training: the batches still to come, and how far they are."""

    user_id: int
    slot: int
    batches: list[list[Row]]
    step: int = 0
    loss: float = math.nan

    @property
    def finished(self) -> bool:
        """Whether all batches have been learnt."""
        return self.step >= len(self.batches)


def plan_batches(rows: Sequence[Row], recipe: Recipe, *, seed: int) -> list[list[Row]]:
    """Shuffled batches over as many epochs as come as the steps of the recipe.

    Many small steps carry a dozen corrections further than a few large ones; many examples need fewer rounds.
    """
    per_epoch = math.ceil(len(rows) / recipe.batch_rows)
    epochs = min(max(round(recipe.steps / per_epoch), recipe.fewest_epochs), recipe.most_epochs)
    draw = random.Random(seed)
    batches: list[list[Row]] = []
    for _ in range(epochs):
        order = draw.sample(rows, k=len(rows))
        starts = range(0, len(order), recipe.batch_rows)
        batches += [order[start : start + recipe.batch_rows] for start in starts]
    return batches


def learning_rate(recipe: Recipe, *, step: int, steps: int) -> float:
    """A linear warm-up, then half a cosine down to zero (Loshchilov and Hutter, arXiv 1608.03983)."""
    warm = min(1.0, (step + 1) / max(1.0, recipe.warmup * steps))
    return recipe.learning_rate * warm * 0.5 * (1 + math.cos(math.pi * step / steps))


def token_losses(model: Any, batch: Batch) -> tuple[Tensor, Tensor]:
    """The loss of each labelled token in nats, [tokens], and the batch row of each, [tokens].

    Logits are computed at labelled positions only: over a whole batch they would be by far the largest.
    """
    hidden: Tensor = model.base_model(
        input_ids=batch.tokens, attention_mask=batch.attended, use_cache=False
    ).last_hidden_state[:, :-1]
    labels = batch.labels[:, 1:]
    labelled = labels != IGNORED
    logits: Tensor = model.get_output_embeddings()(hidden[labelled]).float()
    losses = functional.cross_entropy(logits, labels[labelled], reduction="none")
    return losses, labelled.nonzero()[:, 0]


class JointTrainer:
    """Steps all learners at once, in micro-batches that fit into memory."""

    def __init__(self, model: Any, stack: LoraStack, *, recipe: Recipe, pad_id: int) -> None:
        self._model = model
        self._stack = stack
        self._recipe = recipe
        self._pad_id = pad_id
        self._most_tokens = recipe.micro_batch_tokens
        stack.train(alpha=recipe.alpha)
        self._optimizer = SlotAdamW(stack, weight_decay=recipe.weight_decay, clip_norm=recipe.clip_norm)

    def begin(self, learner: Learner, *, seed: int) -> None:
        """Give a learner's slot fresh weights."""
        self._stack.initialise(learner.slot, seed=seed)
        self._optimizer.reset(learner.slot)

    def step(self, learners: Sequence[Learner]) -> None:
        """One batch of every learner, one optimizer step per adapter.

        When memory runs out, the step is done again with half as many tokens at a time; raises
        torch.OutOfMemoryError when that does not help either.
        """
        while True:
            try:
                losses = self._accumulate(learners)
                break
            except torch.OutOfMemoryError:
                self._optimizer.clear()
                torch.cuda.empty_cache()
                self._most_tokens //= 2
                if self._most_tokens < _FEWEST_TOKENS:
                    raise
        rates = [learning_rate(self._recipe, step=one.step, steps=len(one.batches)) for one in learners]
        self._optimizer.step([one.slot for one in learners], rates)
        for learner, loss in zip(learners, losses, strict=True):
            learner.loss = loss
            learner.step += 1

    def _accumulate(self, learners: Sequence[Learner]) -> list[float]:
        """Add up the gradients of one batch of each learner; returns the weighted mean loss of each."""
        rows: list[tuple[int, Row]] = []
        for place, learner in enumerate(learners):
            batch = learner.batches[learner.step]
            total = sum(row.weight * row.reply_tokens for row in batch)
            rows += [(place, replace(row, weight=row.weight / total)) for row in batch]
        sums = [0.0] * len(learners)
        for part in micro_batches(rows, most_tokens=self._most_tokens):
            self._stack.rows.select([learners[place].slot for place, _ in part])
            batch = pad([row for _, row in part], pad_id=self._pad_id, device=self._model.device)
            losses, row_of_token = token_losses(self._model, batch)
            weighted = losses * batch.weights[row_of_token]
            weighted.sum().backward()  # pyright: ignore[reportUnknownMemberType]
            by_row = torch.zeros_like(batch.weights).index_add_(0, row_of_token, weighted.detach())
            for row, (place, _) in enumerate(part):
                sums[place] += by_row[row].item()
        return sums


def micro_batches(rows: Sequence[tuple[int, Row]], *, most_tokens: int) -> list[list[tuple[int, Row]]]:
    """Rows sorted by length and cut where the padded size would exceed `most_tokens`; one row always fits."""
    parts: list[list[tuple[int, Row]]] = []
    for place, row in sorted(rows, key=lambda pair: len(pair[1].tokens)):
        if parts and len(row.tokens) * (len(parts[-1]) + 1) <= most_tokens:
            parts[-1].append((place, row))
        else:
            parts.append([(place, row)])
    return parts
