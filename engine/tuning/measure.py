"""What the child process measures of one set of weights: losses and trial replies.

Replies are drawn greedily, so that the same weights give the same verdict.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from engine.language.lora import LoraStack
from engine.language.model import ChatMessage, SamplingParams
from engine.language.tokens import ChatTokenizer
from engine.tuning.encoding import Row, pad, pad_left, until_end
from engine.tuning.learner import micro_batches, row_losses
from storage.records import Role

_TRIAL_TOKENS = 96
_LONGEST_LOOP = 16
_LOOP_ROUNDS = 4


class Meter:
    """Scores slots of a stack over one model; nothing it does changes a weight."""

    def __init__(
        self, model: Any, stack: LoraStack, tokenizer: ChatTokenizer, *, pad_id: int, most_tokens: int
    ) -> None:
        self._model = model
        self._stack = stack
        self._tokenizer = tokenizer
        self._pad_id = pad_id
        self._most_tokens = most_tokens

    @torch.no_grad()
    def losses(self, rows: Sequence[Row], slot: int) -> list[float]:
        """The loss of each row's labelled tokens under a slot, as a sum in nats."""
        sums = [0.0] * len(rows)
        for part in micro_batches(list(enumerate(rows)), most_tokens=self._most_tokens):
            self._stack.rows.select([slot] * len(part))
            batch = pad([row for _, row in part], pad_id=self._pad_id, device=self._model.device)
            losses = row_losses(self._model, batch)
            for row, (place, _) in enumerate(part):
                sums[place] = losses[row].item()
        return sums

    @torch.no_grad()
    def replies(self, questions: Sequence[str], slot: int) -> list[list[int]]:
        """Greedy replies under a slot, at most 96 tokens, with the penalty on repetition that chats have.

        An end token is the last one where it came.
        """
        prompts = [self._tokenizer.encode([ChatMessage(Role.USER, question)]) for question in questions]
        tokens, attended = pad_left(prompts, pad_id=self._pad_id, device=self._model.device)
        self._stack.rows.select([slot] * len(prompts))
        output: Tensor = self._model.generate(
            input_ids=tokens,
            attention_mask=attended,
            max_new_tokens=_TRIAL_TOKENS,
            do_sample=False,
            repetition_penalty=SamplingParams().repetition_penalty,
            eos_token_id=sorted(self._tokenizer.end_ids),
            pad_token_id=self._pad_id,
        )
        return [until_end(row, self._tokenizer.end_ids) for row in output[:, tokens.shape[1] :]]

    def is_faulty(self, reply: Sequence[int]) -> bool:
        """Whether a reply says nothing or goes round in a loop."""
        return not self._tokenizer.decode(reply).strip() or is_looping(reply)


def is_looping(tokens: Sequence[int]) -> bool:
    """Whether the tokens end in some pattern of at most 16, four times in a row."""
    for period in range(1, _LONGEST_LOOP + 1):
        tail = tokens[-period * _LOOP_ROUNDS :]
        if len(tail) == period * _LOOP_ROUNDS and all(
            tail[place] == tail[place % period] for place in range(len(tail))
        ):
            return True
    return False
