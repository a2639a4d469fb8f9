import torch

from engine.language.lora import LoraWeights
from engine.tuning.merge import mean_adapter
from tests.engine.language.conftest import random_weights


def added(weights: LoraWeights, name: str) -> torch.Tensor:
    """What an adapter adds to one linear's weights."""
    return weights.scaling * weights.b[name] @ weights.a[name]


def test_the_mean_adds_the_mean_of_what_each_adds_where_the_rank_allows():
    first, second = random_weights(1, rank=4, scaling=2.0), random_weights(2, rank=4, scaling=0.5)
    mean = mean_adapter([first, second], rank=8)

    for name in first.a:
        expected = (added(first, name) + added(second, name)) / 2
        torch.testing.assert_close(added(mean, name), expected, rtol=1e-4, atol=1e-5)


def test_a_mean_of_higher_rank_is_cut_to_the_nearest_of_the_rank_allowed():
    adapters = [random_weights(seed, rank=4) for seed in range(3)]
    mean = mean_adapter(adapters, rank=4)

    assert mean.rank == 4
    for name, a in mean.a.items():
        assert a.shape[0] == 4
        whole = sum((added(one, name) for one in adapters), start=torch.zeros(())) / 3
        lost = torch.linalg.norm(whole - added(mean, name))
        dropped = torch.linalg.svdvals(whole)[4:]
        torch.testing.assert_close(lost, torch.linalg.norm(dropped), rtol=1e-3, atol=1e-4)
