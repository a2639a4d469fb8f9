"""The figures of one candidate as they are kept with its run: what each set of weights is worth (pure)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from engine.tuning.evaluate import FirstSight, Measurement, Preference, TurnLosses, heed, per_token
from engine.tuning.manner import MannerDistance, distance

_ARMS = {
    "base": "base",
    "active": "active",
    "candidate": "candidate",
    "other": "control",
    "pooled": "pooled",
    "base_with_recall": "base_with_recall",
    "candidate_with_recall": "candidate_with_recall",
}
"""Names of the arms in figures, and the field of a turn's losses that each is made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """The loss of one set of weights on the held-out replies; bits per byte compare across tokenizers."""

    nats_per_token: float
    bits_per_byte: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured of one candidate beside its verdict.

    `preference` is the share of `pairs` in which the preferred reply is the likelier one, `manner` how far
    what was written lies from what was wanted; both by arm. `general` is nats per token on general text,
    `faulty` counts empty and circular replies among `trial_replies`. `heed` is by how many nats a token a
    reply is likelier after its own question than after another.
    """

    arms: Mapping[str, Arm]
    pairs: int
    preference: Mapping[str, float]
    manner: Mapping[str, MannerDistance]
    general: Mapping[str, float]
    trial_replies: int
    faulty: Mapping[str, int]
    heed: Mapping[str, float]
    first_sight: FirstSight | None


def figures_of(measurement: Measurement) -> Figures:
    """The figures of a measurement; an arm that there is nothing of is left out."""
    return Figures(
        arms={
            name: arm
            for name, losses in _ARMS.items()
            if (arm := _arm(measurement.turns, losses)) is not None
        },
        pairs=len(measurement.preferences),
        preference=_preference(measurement.preferences),
        manner=_manner(measurement),
        general={"base": measurement.canary_base, "candidate": measurement.canary_candidate},
        trial_replies=measurement.generations,
        faulty={"base": measurement.faulty_by_base, "candidate": measurement.faulty_generations},
        heed={
            arm: per_token(measurement.turns, changes)
            for arm in ("base", "candidate")
            if measurement.turns and (changes := heed(measurement.turns, arm)) is not None
        },
        first_sight=measurement.first_sight,
    )


def as_document(figures: Figures) -> dict[str, Any]:
    """Figures as what JSON can hold."""
    return asdict(figures)


def from_document(document: Mapping[str, Any]) -> Figures:
    """Figures from what `as_document` made."""
    first_sight = document["first_sight"]
    return Figures(
        arms={name: Arm(**arm) for name, arm in document["arms"].items()},
        pairs=document["pairs"],
        preference=document["preference"],
        manner={name: MannerDistance(**one) for name, one in document["manner"].items()},
        general=document["general"],
        trial_replies=document["trial_replies"],
        faulty=document["faulty"],
        heed=document["heed"],
        first_sight=None if first_sight is None else FirstSight(**first_sight),
    )


def _arm(turns: Sequence[TurnLosses], name: str) -> Arm | None:
    losses: list[float | None] = [getattr(turn, name) for turn in turns]
    known = [loss for loss in losses if loss is not None]
    if not known or len(known) < len(turns):
        return None
    return Arm(
        nats_per_token=per_token(turns, known),
        bits_per_byte=sum(known) / math.log(2) / sum(turn.reply_bytes for turn in turns),
    )


def _preference(pairs: Sequence[Preference]) -> dict[str, float]:
    shares: dict[str, float] = {}
    for name in ("base", "active", "candidate"):
        margins: list[float | None] = [getattr(pair, name) for pair in pairs]
        if margins and None not in margins:
            shares[name] = sum(margin is not None and margin > 0 for margin in margins) / len(margins)
    return shares


def _manner(measurement: Measurement) -> dict[str, MannerDistance]:
    written = {"base": measurement.written_by_base, "candidate": measurement.written_by_candidate}
    return {
        name: distance(manner, measurement.wanted)
        for name, manner in written.items()
        if manner is not None and measurement.wanted is not None
    }
