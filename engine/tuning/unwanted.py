"""Replies that were disliked: each is made less likely than it is to the base, until it is so by far.

By negative preference optimization (Zhang and others, "Negative Preference Optimization: From Catastrophic
Collapse to Effective Unlearning", arXiv 2404.05868): plain ascent on a loss has no end, and this pull fades
as the reply becomes unlikely.
"""

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor
from torch.nn import functional

from engine.tuning.encoding import Row

BETA = 0.05
"""How soon the pull fades: at a loss 60 nats above the base's it is a tenth of what it was."""


def unwanted_loss(loss: Tensor, base_loss: float) -> Tensor:
    """What is to fall while the loss of an unwanted reply, a sum in nats, rises above that of the base."""
    return 2 / BETA * functional.softplus(BETA * (base_loss - loss))


def balanced(rows: Sequence[Row]) -> list[Row]:
    """The rows with weights by which wanted and unwanted ones are drawn alike often.

    One that is seldom is never drawn more often than the heaviest of the others.
    """
    wanted = [row.weight for row in rows if row.base_loss is None]
    unwanted = len(rows) - len(wanted)
    if not wanted or not unwanted:
        return list(rows)
    weight = min(sum(wanted) / unwanted, max(wanted))
    return [row if row.base_loss is None else replace(row, weight=weight) for row in rows]
