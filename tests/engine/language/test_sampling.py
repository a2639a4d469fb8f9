"""Each row is drawn by its own parameters and its own random numbers."""

from collections import Counter

import pytest
import torch

from engine.language.model import SamplingParams
from engine.language.sampling import RowSampler, draw

PROBABILITIES = torch.tensor([0.5, 0.3, 0.15, 0.05])


def sampler(**options: object) -> RowSampler:
    return RowSampler(SamplingParams(**({"repetition_penalty": 1.0, "top_p": 1.0, "seed": 1} | options)))  # type: ignore[arg-type]


def frequencies(row: RowSampler, count: int = 4000) -> dict[int, float]:
    drawn = Counter(draw(PROBABILITIES.log()[None].clone(), [row])[0] for _ in range(count))
    return {token: number / count for token, number in drawn.items()}


def test_temperature_zero_takes_the_likeliest() -> None:
    assert frequencies(sampler(temperature=0.0), 10) == {0: 1.0}


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_tokens_come_as_often_as_the_temperature_says(temperature: float) -> None:
    expected = torch.softmax(PROBABILITIES.log() / temperature, dim=0)
    found = frequencies(sampler(temperature=temperature))
    assert all(abs(found.get(token, 0) - expected[token].item()) < 0.03 for token in range(4))


@pytest.mark.parametrize(
    ("top_p", "kept"), [(0.05, {0}), (0.5, {0}), (0.51, {0, 1}), (0.81, {0, 1, 2}), (1.0, {0, 1, 2, 3})]
)
def test_top_p_keeps_the_fewest_that_reach_it(top_p: float, kept: set[int]) -> None:
    assert set(frequencies(sampler(temperature=1.0, top_p=top_p))) == kept


def test_a_flat_distribution_over_many_tokens_is_drawn_from_whole() -> None:
    row = sampler(temperature=1.0)
    drawn = [draw(torch.zeros(1, 4000), [row])[0] for _ in range(300)]
    assert max(drawn) > 3500
    assert len(set(drawn)) > 250


def test_the_penalty_holds_back_what_was_said_whatever_its_sign() -> None:
    row = sampler(temperature=0.0, repetition_penalty=2.0)
    row.said += [0, 0, 2]
    logits = torch.tensor([[4.0, 2.5, -1.0, -1.5]])
    assert draw(logits, [row]) == [1]
    assert logits[0].tolist() == [2.0, 2.5, -2.0, -1.5]


def test_rows_do_not_change_each_other() -> None:
    torch.manual_seed(1)
    logits = torch.randn(3, 500)
    options = [
        {"temperature": 1.0, "seed": 5},
        {"temperature": 0.0},
        {"temperature": 1.5, "top_p": 0.7, "seed": 6},
    ]
    together = draw(logits.clone(), [sampler(**each) for each in options])
    alone = [draw(logits[i : i + 1].clone(), [sampler(**each)])[0] for i, each in enumerate(options)]
    assert together == alone
