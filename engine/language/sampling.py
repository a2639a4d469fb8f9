"""Drawing the next token of every row at once, each by its own parameters and its own random numbers."""

import random
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor

from engine.language.model import SamplingParams

_CANDIDATES = 256


class RowSampler:
    """One reply's parameters, its random numbers, and the tokens it has said."""

    def __init__(self, params: SamplingParams) -> None:
        self.params = params
        self.said: list[int] = []
        self._random = random.Random(params.seed)

    def uniform(self) -> float:
        """The next random number in [0, 1)."""
        return self._random.random()


def draw(logits: Tensor, rows: Sequence[RowSampler]) -> list[int]:
    """The next token of each row from logits [rows, vocabulary], which are changed in place.

    The repetition penalty is Keskar et al.'s (arXiv 1909.05858), over the reply alone: over the prompt it
    would punish the end token and the user's own words. Top-p is Holtzman et al.'s (arXiv 1904.09751).
    """
    _penalise(logits, rows)
    chosen = _to_list(logits.argmax(dim=-1))
    sampled = [place for place, row in enumerate(rows) if row.params.temperature > 0]
    if sampled:
        drawn = _draw_top_p(logits[sampled], [rows[place] for place in sampled])
        for place, token_id in zip(sampled, drawn, strict=True):
            chosen[place] = token_id
    return chosen


def _penalise(logits: Tensor, rows: Sequence[RowSampler]) -> None:
    places = [(i, row) for i, row in enumerate(rows) if row.params.repetition_penalty != 1.0 and row.said]
    if not places:
        return
    row_index = torch.tensor([i for i, row in places for _ in row.said], device=logits.device)
    token_index = torch.tensor([token for _, row in places for token in row.said], device=logits.device)
    penalty = torch.tensor(
        [row.params.repetition_penalty for _, row in places for _ in row.said], device=logits.device
    )
    scores = logits[row_index, token_index]
    logits[row_index, token_index] = torch.where(scores > 0, scores / penalty, scores * penalty)


def _draw_top_p(logits: Tensor, rows: Sequence[RowSampler]) -> list[int]:
    temperature = torch.tensor([[row.params.temperature] for row in rows], device=logits.device)
    top_p = torch.tensor([[row.params.top_p] for row in rows], device=logits.device)
    uniform = torch.tensor([[row.uniform()] for row in rows], dtype=torch.float64, device=logits.device)
    scaled = logits / temperature
    total = scaled.logsumexp(dim=-1, keepdim=True)
    scores, tokens = scaled.topk(min(_CANDIDATES, scaled.shape[-1]), dim=-1)
    # Sorting a whole vocabulary costs more than a layer, and few candidates nearly always hold top_p.
    if bool(((scores - total).exp().sum(dim=-1, keepdim=True) < top_p).any()):
        scores, tokens = scaled.sort(dim=-1, descending=True)
    probabilities = (scores - total).exp().double()
    before = probabilities.cumsum(dim=-1) - probabilities
    kept = torch.where(before < top_p, probabilities, 0.0).cumsum(dim=-1)
    place = torch.searchsorted(kept, uniform * kept[:, -1:], right=True)
    place = place.clamp(max=probabilities.shape[-1] - 1)
    return _to_list(tokens.gather(1, place).squeeze(1))


def _to_list(tokens: Tensor) -> list[int]:
    return cast(list[int], tokens.tolist())  # pyright: ignore[reportUnknownMemberType]
