"""How far liked and disliked replies have come apart under some weights (pure).

The gain of a whole reply, by how many nats it became likelier, is the implicit reward of Rafailov and others
(arXiv 2305.18290) without its factor: to end sooner shows in it, and in no single token.
"""

from collections.abc import Sequence

from engine.tuning.resampling import interval

Gains = Sequence[tuple[int, float]]
"""The conversation of each reply, and what it gained."""


def contrast(liked: Gains, disliked: Gains) -> float:
    """By how many nats a liked reply gained more than a disliked one, on average."""
    return _difference([[gain for _, gain in kind] for kind in (liked, disliked)])


def contrast_interval(liked: Gains, disliked: Gains, *, seed: int) -> tuple[float, float]:
    """Its 95 % interval."""
    return interval([liked, disliked], _difference, seed=seed)


def _difference(kinds: Sequence[Sequence[float]]) -> float:
    liked, disliked = (sum(gains) / len(gains) for gains in kinds)
    return liked - disliked
