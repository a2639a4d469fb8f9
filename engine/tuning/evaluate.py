"""The gate: whether a candidate answers its user better than what serves now, and harms nothing (pure).

The interval is a paired bootstrap: all weights are scored on the same replies, so only the difference is
resampled. Turns of one conversation resemble each other, so conversations are drawn first, and then turns
within each of them (the two-stage bootstrap of Davison and Hinkley, "Bootstrap Methods and their
Application", 1997, section 3.8); with a single conversation that is the bootstrap over turns.
"""

import math
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.tuning.manner import Manner

CANARY_LIMIT = 0.01
"""The share by which the loss on general text may rise."""

HEED_LIMIT = 0.1
"""The share by which the own question may come to be worth less to a reply than it is to the base model.

Of two adapters trained on shuffled replies it was 0.25 and 0.29; under the same replies in order it rose.
"""

_RESAMPLES = 2000
_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnLosses:
    """One held-out reply: its tokens, its bytes, and its loss in nats (a sum over tokens) under each weights.

    `active` is the adapter that serves now, `control` is somebody else's, `pooled` the mean of several other
    people's. Base and candidate also score the reply after a question that was shown what was recalled, and
    `elsewhere`, after another of the held-out questions. None: there is none.
    """

    conversation_id: int
    tokens: int
    reply_bytes: int
    base: float
    candidate: float
    active: float | None = None
    control: float | None = None
    pooled: float | None = None
    base_with_recall: float | None = None
    candidate_with_recall: float | None = None
    base_elsewhere: float | None = None
    candidate_elsewhere: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """A held-out reply and the one that it was preferred to: by how much it is likelier, in nats a token."""

    base: float
    candidate: float
    active: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSight:
    """New replies before anything was learnt from them: losses in nats a token; `active` None: no adapter.

    Of night after night it is the prequential curve (Dawid, "Statistical theory: the prequential approach",
    1984).
    """

    turns: int
    tokens: int
    base: float
    active: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What the child measured of one candidate. Canary losses are nats per token on general text.

    Of `generations` trial replies some are empty or go round in circles, as a small base's own may be.
    `wanted` is the manner of the held-out replies, the other two that of what was written to their questions.
    """

    turns: tuple[TurnLosses, ...]
    canary_base: float
    canary_candidate: float
    finite: bool
    generations: int
    faulty_generations: int
    faulty_by_base: int
    preferences: tuple[Preference, ...] = ()
    wanted: Manner | None = None
    written_by_base: Manner | None = None
    written_by_candidate: Manner | None = None
    first_sight: FirstSight | None = None


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


_UNREADABLE = Verdict(
    promoted=False,
    reason="The replies that were held back are too long to be read.",
    before=math.nan,
    after=math.nan,
    low=math.nan,
    high=math.nan,
    improved=math.nan,
    general_rise=math.nan,
)


def read_measurement(document: dict[str, Any]) -> Measurement:
    """A measurement from what `asdict` made of one. Raises TypeError or KeyError."""
    manners = ("wanted", "written_by_base", "written_by_candidate")
    first_sight = document["first_sight"]
    parts: dict[str, Any] = {
        "turns": tuple(TurnLosses(**turn) for turn in document["turns"]),
        "preferences": tuple(Preference(**pair) for pair in document["preferences"]),
        "first_sight": None if first_sight is None else FirstSight(**first_sight),
        **{name: document[name] and Manner(**document[name]) for name in manners},
    }
    return Measurement(**(document | parts))


def judge(measurement: Measurement, *, seed: int) -> Verdict:
    """The verdict on one candidate; it has to beat the better of the base model and the active adapter."""
    turns = measurement.turns
    if not turns:
        return _UNREADABLE
    after = per_token(turns, [turn.candidate for turn in turns])
    rival = _rival(turns)
    before = per_token(turns, rival)
    changes = [turn.candidate - other for turn, other in zip(turns, rival, strict=True)]
    low, high = bootstrap_interval(turns, changes, seed=seed)
    objection = _objection(measurement, high=high, before=before, after=after)
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


def bootstrap_interval(
    turns: Sequence[TurnLosses], changes: Sequence[float], *, seed: int
) -> tuple[float, float]:
    """The 95 % interval of the change per token, by resampling conversations and turns within them."""
    by_conversation: defaultdict[int, list[tuple[float, int]]] = defaultdict(list)
    for turn, change in zip(turns, changes, strict=True):
        by_conversation[turn.conversation_id].append((change, turn.tokens))
    conversations = list(by_conversation.values())
    draw = random.Random(seed)
    means: list[float] = []
    for _ in range(_RESAMPLES):
        drawn = draw.choices(conversations, k=len(conversations))
        sample = [pair for pairs in drawn for pair in draw.choices(pairs, k=len(pairs))]
        means.append(sum(change for change, _ in sample) / sum(tokens for _, tokens in sample))
    means.sort()
    cut = round(_RESAMPLES * (1 - _CONFIDENCE) / 2)
    return means[cut], means[-1 - cut]


def per_token(turns: Sequence[TurnLosses], losses: Sequence[float]) -> float:
    """The mean loss in nats per token of these turns."""
    return sum(losses) / sum(turn.tokens for turn in turns)


def heed(turns: Sequence[TurnLosses], arm: str) -> list[float] | None:
    """By how many nats each reply is likelier after its own question than after another; None: not known."""
    own: list[float] = [getattr(turn, arm) for turn in turns]
    elsewhere: list[float | None] = [getattr(turn, f"{arm}_elsewhere") for turn in turns]
    known = [loss for loss in elsewhere if loss is not None]
    if len(known) < len(turns):
        return None
    return [other - loss for loss, other in zip(own, known, strict=True)]


def _objection(measurement: Measurement, *, high: float, before: float, after: float) -> str | None:
    """The first reason against a candidate, None when there is none."""
    if not measurement.finite or not math.isfinite(after):
        return "Its weights are not finite numbers."
    if high >= 0:
        return f"It is not surely better than what serves now ({before:.2f} to {after:.2f} nats a token)."
    if _control_wins(measurement.turns):
        return "Somebody else's weights do better, so it has learnt nothing of yours."
    if _heeds_less(measurement.turns):
        return "It heeds the question less than the base model does, whatever the manner of its replies."
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


def _heeds_less(turns: Sequence[TurnLosses]) -> bool:
    """Whether the candidate makes less of a question than the base: the control of who is alone.

    Weights that have learnt a manner from replies to other questions make such replies likelier, too.
    """
    base, candidate = heed(turns, "base"), heed(turns, "candidate")
    if base is None or candidate is None:
        return False
    return sum(base) - sum(candidate) > HEED_LIMIT * abs(sum(base))


def _control_wins(turns: Sequence[TurnLosses]) -> bool:
    """Whether another person's adapter does better; two people may well want the same manner."""
    return sum(turn.control - turn.candidate for turn in turns if turn.control is not None) < 0
