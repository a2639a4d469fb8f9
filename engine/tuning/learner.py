"""Joint training: one pass over a frozen base moves the adapters of many users, each by its own rows."""

import math
import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from engine.language.lora import LoraStack
from engine.tuning.encoding import Batch, Row, labelled_logits, pad
from engine.tuning.job import Recipe
from engine.tuning.optimizer import SlotAdamW, SlotState
from engine.tuning.replay import ReplayText, divergence
from engine.tuning.unwanted import unwanted_loss

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
    """Shuffled batches, in which each row comes as often as its weight says.

    The heaviest row comes once a round, one of half its weight every second round. The rounds are as many as
    make the steps of the recipe, within its bounds: many small steps carry a dozen corrections further than a
    few large ones, and many examples need fewer rounds. Without rows there are none.
    """
    if not rows:
        return []
    heaviest = max(row.weight for row in rows)
    per_round = sum(row.weight for row in rows) / heaviest
    rounds = recipe.steps * recipe.batch_rows / per_round
    wanted = per_round * min(max(rounds, recipe.fewest_rounds), recipe.most_rounds)
    draw = random.Random(seed)
    credits = [draw.random() for _ in rows]
    drawn: list[Row] = []
    while len(drawn) < wanted:
        for place in draw.sample(range(len(rows)), k=len(rows)):
            credits[place] += rows[place].weight / heaviest
            if credits[place] >= 1:
                credits[place] -= 1
                drawn.append(rows[place])
    starts = range(0, math.ceil(wanted), recipe.batch_rows)
    return [drawn[start : start + recipe.batch_rows] for start in starts]


def learning_rate(recipe: Recipe, *, step: int, steps: int) -> float:
    """A linear warm-up, then half a cosine down to zero (Loshchilov and Hutter, arXiv 1608.03983)."""
    warm = min(1.0, (step + 1) / max(1.0, recipe.warmup * steps))
    return recipe.learning_rate * warm * 0.5 * (1 + math.cos(math.pi * step / steps))


def row_losses(model: Any, batch: Batch) -> Tensor:
    """The loss of each row's labelled tokens as a sum in nats, [rows]."""
    logits, labels, row_of_token = labelled_logits(model, batch)
    losses = functional.cross_entropy(logits, labels, reduction="none")
    return losses.new_zeros(len(batch.tokens)).index_add(0, row_of_token, losses)


class JointTrainer:
    """Steps all learners at once, in micro-batches that fit into memory."""

    def __init__(
        self,
        model: Any,
        stack: LoraStack,
        *,
        recipe: Recipe,
        pad_id: int,
        replay: Sequence[ReplayText] = (),
    ) -> None:
        """`replay` are texts of the base that every learner is held to; without any, nothing holds it."""
        self._replay = replay
        self._model = model
        self._stack = stack
        self._recipe = recipe
        self._pad_id = pad_id
        self._most_tokens = recipe.micro_batch_tokens
        self.between_steps = threading.Lock()
        """Whoever holds it finds all learners between two steps."""
        stack.train(alpha=recipe.alpha, rank=recipe.rank)
        self._optimizer = SlotAdamW(stack, weight_decay=recipe.weight_decay, clip_norm=recipe.clip_norm)

    def begin(self, learner: Learner, *, seed: int) -> None:
        """Give a learner's slot fresh weights."""
        self._stack.initialise(learner.slot, rank=self._recipe.rank, seed=seed)
        self._optimizer.reset(learner.slot)

    @property
    def values_per_slot(self) -> int:
        """How many weights a learner has."""
        return self._optimizer.values_per_slot

    def state(self, learner: Learner) -> SlotState:
        """What a learner has become, as the tensors that the next step moves."""
        return self._optimizer.state(learner.slot)

    def go_on(self, learner: Learner, state: SlotState, *, loss: float) -> None:
        """Let a learner go on from where its training was broken off."""
        self._optimizer.restore(learner.slot, state)
        learner.step, learner.loss = state.steps, loss

    def step(self, learners: Sequence[Learner]) -> None:
        """One batch of every learner, one optimizer step per adapter.

        When memory runs out, the step is done again with half as many tokens at a time; raises RuntimeError
        when that does not help either.
        """
        while True:
            try:
                losses = self._accumulate(learners)
                break
            except RuntimeError as error:
                self._optimizer.clear()
                torch.cuda.empty_cache()
                self._most_tokens //= 2
                if self._most_tokens < _FEWEST_TOKENS or not _lacks_memory(error):
                    raise
        rates = [learning_rate(self._recipe, step=one.step, steps=len(one.batches)) for one in learners]
        with self.between_steps:
            self._optimizer.step([one.slot for one in learners], rates)
            for learner, loss in zip(learners, losses, strict=True):
                learner.loss = loss
                learner.step += 1

    def _accumulate(self, learners: Sequence[Learner]) -> list[float]:
        """Add up the gradients of one batch of each learner; returns the mean loss of each.

        Every row counts alike, however long its reply is: by the token, one reply of the model's own would
        outweigh five short corrections.
        """
        batches = [learner.batches[learner.step] for learner in learners]
        rows = [(place, row) for place, batch in enumerate(batches) for row in batch]
        means = [0.0] * len(learners)
        for part in micro_batches(rows, most_tokens=self._most_tokens):
            self._stack.rows.select([learners[place].slot for place, _ in part])
            batch = pad([row for _, row in part], pad_id=self._pad_id, device=self._model.device)
            losses = row_losses(self._model, batch)
            shares = losses.new_tensor([1 / (len(batches[place]) * row.reply_tokens) for place, row in part])
            objectives = torch.stack(
                [_objective(loss, row) for loss, (_, row) in zip(losses, part, strict=True)]
            )
            (objectives * shares).sum().backward()  # pyright: ignore[reportUnknownMemberType]
            weighted = losses.detach() * shares
            for row, (place, _) in enumerate(part):
                means[place] += weighted[row].item()
        if self._replay:
            self._hold_to_base(learners)
        return means

    def _hold_to_base(self, learners: Sequence[Learner]) -> None:
        """Add the gradients of the penalty on one text of the base for each learner, by its own step."""
        texts = [self._replay[learner.step % len(self._replay)] for learner in learners]
        rows = [(place, text.row) for place, text in enumerate(texts)]
        for part in micro_batches(rows, most_tokens=self._most_tokens):
            self._stack.rows.select([learners[place].slot for place, _ in part])
            batch = pad([row for _, row in part], pad_id=self._pad_id, device=self._model.device)
            logits, _, row_of_token = labelled_logits(self._model, batch)
            penalties = divergence(logits, [texts[place] for place, _ in part])
            shares = [self._recipe.replay_weight / row.reply_tokens for _, row in part]
            weighted = penalties * penalties.new_tensor(shares)[row_of_token]
            weighted.sum().backward()  # pyright: ignore[reportUnknownMemberType]


def _objective(loss: Tensor, row: Row) -> Tensor:
    """What a step makes smaller for one row, from its loss as a sum in nats."""
    return loss if row.base_loss is None else unwanted_loss(loss, row.base_loss)


def _lacks_memory(error: RuntimeError) -> bool:
    """Whether a graphics card or the machine had no memory left; for the latter torch has no type."""
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def micro_batches(rows: Sequence[tuple[int, Row]], *, most_tokens: int) -> list[list[tuple[int, Row]]]:
    """Rows sorted by length and cut where the padded size would exceed `most_tokens`; one row always fits."""
    parts: list[list[tuple[int, Row]]] = []
    for place, row in sorted(rows, key=lambda pair: len(pair[1].tokens)):
        if parts and len(row.tokens) * (len(parts[-1]) + 1) <= most_tokens:
            parts[-1].append((place, row))
        else:
            parts.append([(place, row)])
    return parts
