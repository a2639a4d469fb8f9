"""Several adapters as one."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from engine.language.lora import LoraWeights

_linalg: Any = torch.linalg


def mean_adapter(adapters: Sequence[LoraWeights], *, rank: int) -> LoraWeights:
    """The mean of what several adapters of one base add to its weights, as near as `rank` allows.

    The mean of products has the sum of their ranks; it is cut by a singular value decomposition, the nearest
    matrix of lower rank (Eckart and Young 1936).
    """
    a: dict[str, Tensor] = {}
    b: dict[str, Tensor] = {}
    for name in adapters[0].a:
        down = torch.cat([one.a[name].float() for one in adapters])
        up = torch.cat([one.b[name].float() * (one.scaling / len(adapters)) for one in adapters], dim=1)
        # Only the small cores are decomposed: a product of rank r never needs more than r by r.
        up_basis, up_core = _linalg.qr(up)
        down_basis, down_core = _linalg.qr(down.T)
        left, sizes, right = _linalg.svd(up_core @ down_core.T)
        b[name] = up_basis @ (left[:, :rank] * sizes[:rank])
        a[name] = right[:rank] @ down_basis.T
    return LoraWeights(rank=min(rank, sum(one.rank for one in adapters)), scaling=1.0, a=a, b=b)
