"""The gate: whether a candidate answers its user better than what serves now, and harms nothing (pure).

The interval is the paired bootstrap of Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), over
held-out turns: both sets of weights are scored on the same replies, so only the difference is resampled.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

CANARY_LIMIT = 0.01
"""The share by which the loss on general text may rise."""

_RESAMPLES = 2000
_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnLosses:
    """One held-out reply: its tokens, and its loss in nats (a sum over tokens) under each set of weights.

    `active` is the adapter that serves now; `control` is somebody else's adapter. None: there is none.
    """

    tokens: int
    base: float
    candidate: float
    active: float | None = None
    control: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What the child measured of one candidate. Canary losses are nats per token on general text.

    Of `generations` trial replies some are empty or go round in circles, as a small base's own may be.
    """

    turns: tuple[TurnLosses, ...]
    canary_base: float
    canary_candidate: float
    finite: bool
    generations: int
    faulty_generations: int
    faulty_by_base: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether to promote, why in one plain sentence, and the losses in nats per token behind it.

    `before` is the better of base model and active adapter; `low` and `high` bound the 95 % interval of the
    change. `improved` is the share of held-out replies that got likelier, `general_rise` the share by which
    the loss on general text rose.
    """

    promoted: bool
    reason: str
    before: float
    after: float
    low: float
    high: float
    improved: float
    general_rise: float


def judge(measurement: Measurement, *, seed: int) -> Verdict:
    """The verdict on one candidate; it has to beat the better of the base model and the active adapter."""
    turns = measurement.turns
    after = _per_token(turns, [turn.candidate for turn in turns])
    rival = _rival(turns)
    before = _per_token(turns, rival)
    changes = [turn.candidate - other for turn, other in zip(turns, rival, strict=True)]
    low, high = bootstrap_interval(changes, [turn.tokens for turn in turns], seed=seed)
    objection = _objection(measurement, high=high, before=before, after=after, seed=seed)
    return Verdict(
        promoted=objection is None,
        reason=objection or f"It reads your wishes better: {before:.2f} to {after:.2f} nats a token.",
        before=before,
        after=after,
        low=low,
        high=high,
        improved=sum(change < 0 for change in changes) / len(changes),
        general_rise=_general_rise(measurement),
    )


def bootstrap_interval(changes: Sequence[float], tokens: Sequence[int], *, seed: int) -> tuple[float, float]:
    """The 95 % interval of the change per token, by resampling whole turns with replacement."""
    draw = random.Random(seed)
    indices = range(len(changes))
    means: list[float] = []
    for _ in range(_RESAMPLES):
        sample = draw.choices(indices, k=len(changes))
        means.append(sum(changes[i] for i in sample) / sum(tokens[i] for i in sample))
    means.sort()
    cut = round(_RESAMPLES * (1 - _CONFIDENCE) / 2)
    return means[cut], means[-1 - cut]


def _objection(
    measurement: Measurement, *, high: float, before: float, after: float, seed: int
) -> str | None:
    """The first reason against a candidate, None when there is none."""
    if not measurement.finite or not math.isfinite(after):
        return "Its weights are not finite numbers."
    if high >= 0:
        return f"It is not surely better than what serves now ({before:.2f} to {after:.2f} nats a token)."
    if _control_wins(measurement.turns, seed):
        return "Somebody else's weights do better, so it has learnt nothing of yours."
    rise = _general_rise(measurement)
    if rise > CANARY_LIMIT:
        return (
            f"It forgets: general text became {rise:.1%} harder to read, and {CANARY_LIMIT:.0%} is allowed."
        )
    if measurement.faulty_generations > measurement.faulty_by_base:
        return (
            f"{measurement.faulty_generations} of {measurement.generations} trial replies were empty "
            f"or went round in circles, and {measurement.faulty_by_base} of the base model's."
        )
    return None


def _general_rise(measurement: Measurement) -> float:
    return measurement.canary_candidate / measurement.canary_base - 1


def _rival(turns: Sequence[TurnLosses]) -> list[float]:
    """The losses of whichever is better now, the base model or the active adapter."""
    base = [turn.base for turn in turns]
    active = [turn.active for turn in turns if turn.active is not None]
    return active if active and sum(active) < sum(base) else base


def _control_wins(turns: Sequence[TurnLosses], seed: int) -> bool:
    """Whether another person's adapter is surely better; two people may well want the same manner."""
    paired = [(turn.control - turn.candidate, turn.tokens) for turn in turns if turn.control is not None]
    if not paired:
        return False
    _, high = bootstrap_interval([change for change, _ in paired], [n for _, n in paired], seed=seed)
    return high < 0


def _per_token(turns: Sequence[TurnLosses], losses: Sequence[float]) -> float:
    return sum(losses) / sum(turn.tokens for turn in turns)
