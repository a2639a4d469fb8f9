"""Examples as token rows: the prompt by the model's own template, and labels for the reply alone.

The labels are built here and not by a trainer's template switch, so that the end-of-turn token is among them:
a model that never learns to stop repeats itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from engine.language.model import ChatMessage
from engine.language.tokens import ChatTokenizer
from engine.tuning.examples import Example
from storage.records import Role

IGNORED = -100
"""The label of a token that no loss is computed for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One sequence to train on: the tokens from `reply_start` on, an end token last, are learnt.

    `weight` says how often, relative to other rows. A row with a `base_loss`, the loss of these tokens under
    the base as a sum in nats, is one to keep away from.
    """

    tokens: tuple[int, ...]
    reply_start: int
    weight: float
    base_loss: float | None = None

    @property
    def reply_tokens(self) -> int:
        """How many tokens are learnt."""
        return len(self.tokens) - self.reply_start


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows padded on the right: `tokens`, `attended` and `labels` are [rows, length]."""

    tokens: Tensor
    attended: Tensor
    labels: Tensor


def encode_example(tokenizer: ChatTokenizer, example: Example, *, most_tokens: int) -> Row | None:
    """The row of an example, asked in a fresh conversation as a newcomer's question would be.

    None when even the bare question and reply are longer than `most_tokens`.
    """
    question = example.context[-1]
    return _encode(tokenizer, (question,), example, most_tokens)


def encode_in_context(tokenizer: ChatTokenizer, example: Example, *, most_tokens: int) -> Row | None:
    """The row of an example with as many of its earlier turns as fit into `most_tokens`."""
    for start in range(0, len(example.context), 2):
        row = _encode(tokenizer, example.context[start:], example, most_tokens)
        if row is not None:
            return row
    return None


def plain_row(tokens: Sequence[int]) -> Row:
    """Text outside any chat, every token but the first one labelled."""
    return Row(tokens=tuple(tokens), reply_start=1, weight=1.0)


def pad(rows: Sequence[Row], *, pad_id: int, device: torch.device) -> Batch:
    """Rows as one batch; padding is neither attended to nor labelled."""
    length = max(len(row.tokens) for row in rows)
    tokens = torch.full((len(rows), length), pad_id)
    attended = torch.zeros((len(rows), length), dtype=torch.long)
    labels = torch.full((len(rows), length), IGNORED)
    for place, row in enumerate(rows):
        ids = torch.tensor(row.tokens)
        tokens[place, : len(ids)] = ids
        attended[place, : len(ids)] = 1
        labels[place, row.reply_start : len(ids)] = ids[row.reply_start :]
    return Batch(tokens.to(device), attended.to(device), labels.to(device))


def pad_left(prompts: Sequence[Sequence[int]], *, pad_id: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Prompts to be written on, as tokens and what is attended to, [rows, length] each."""
    length = max(map(len, prompts))
    tokens = torch.tensor([[pad_id] * (length - len(ids)) + [*ids] for ids in prompts])
    attended = torch.tensor([[0] * (length - len(ids)) + [1] * len(ids) for ids in prompts])
    return tokens.to(device), attended.to(device)


def until_end(row: Tensor, end_ids: frozenset[int]) -> list[int]:
    """The written tokens of one row, [tokens], up to the first end token, that one included."""
    written: list[int] = []
    for value in row:
        written.append(int(value.item()))
        if written[-1] in end_ids:
            break
    return written


def labelled_logits(model: Any, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """Logits of each labelled token, [tokens, vocabulary]; its label and its batch row, [tokens] each.

    Logits are computed at labelled positions only: over a whole batch they would be by far the largest.
    """
    hidden: Tensor = model.base_model(
        input_ids=batch.tokens, attention_mask=batch.attended, use_cache=False
    ).last_hidden_state[:, :-1]
    labels = batch.labels[:, 1:]
    labelled = labels != IGNORED
    logits: Tensor = model.get_output_embeddings()(hidden[labelled]).float()
    return logits, labels[labelled], labelled.nonzero()[:, 0]


def _encode(
    tokenizer: ChatTokenizer, context: Sequence[ChatMessage], example: Example, most_tokens: int
) -> Row | None:
    prompt = tokenizer.encode(context)
    reply = ChatMessage(Role.ASSISTANT, example.reply)
    whole = tokenizer.encode([*context, reply], add_reply_header=False)
    if len(prompt) >= most_tokens or whole[: len(prompt)] != prompt:
        return None
    ends = [place for place in range(len(prompt), len(whole)) if whole[place] in tokenizer.end_ids]
    if not ends or ends[0] >= most_tokens:
        return None
    return Row(tokens=tuple(whole[: ends[0] + 1]), reply_start=len(prompt), weight=example.weight)
