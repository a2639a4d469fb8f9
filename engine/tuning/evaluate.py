"""The gate: whether a candidate answers its user better than what serves now, and harms nothing (pure).

The interval is a paired bootstrap: all weights are scored on the same replies, so only the difference is
resampled.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.tuning.contrast import Gains, contrast, contrast_interval
from engine.tuning.manner import Manner
from engine.tuning.resampling import interval

CANARY_LIMIT = 0.01
"""The share by which the loss on general text may rise."""

HEED_LIMIT = 0.1
"""The share by which the own question may come to be worth less to a reply than it is to the base model.

Of two adapters trained on shuffled replies it was 0.25 and 0.29; under the same replies in order it rose.
"""

LIKED_LIMIT = 0.1
"""By how many nats a token liked replies may become less likely where dislikes are learnt from: they are the
weights' own, and whatever is learnt moves away from those a little.
"""

SHORTEST = 0.5
"""The share of the words of liked replies, or of the base's trial replies if those have fewer, that trial
replies must have: a bare word is like none of them, and far from all that was disliked.
"""


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
    `disliked` are held-out replies to keep away from, where those are learnt from.
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
    disliked: tuple[TurnLosses, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether to promote, why in one plain sentence, and the losses in nats per token behind it.

    `before` is the better of base model and active adapter; `low` and `high` bound the 95 % interval of the
    change. `improved` is the share of held-out replies that got likelier, `general_rise` the share by which
    the loss on general text rose. Where dislikes are learnt from, `apart` is by how many nats a liked reply
    became likelier against a disliked one, and the other two bound its 95 % interval.
    """

    promoted: bool
    reason: str
    before: float
    after: float
    low: float
    high: float
    improved: float
    general_rise: float
    apart: float | None = None
    apart_low: float | None = None
    apart_high: float | None = None


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
        "disliked": tuple(TurnLosses(**turn) for turn in document["disliked"]),
        "preferences": tuple(Preference(**pair) for pair in document["preferences"]),
        "first_sight": None if first_sight is None else FirstSight(**first_sight),
        **{name: document[name] and Manner(**document[name]) for name in manners},
    }
    return Measurement(**(document | parts))


def judge(measurement: Measurement, *, seed: int) -> Verdict:
    """The verdict on one candidate; it has to beat the better of the base model and the active adapter.

    Where dislikes are learnt from, that is to tell liked replies from disliked ones: the liked ones are what
    the weights said anyhow.
    """
    turns = measurement.turns
    if not turns:
        return _UNREADABLE
    rival = _rival(turns)
    before, after = (per_token(turns, [getattr(turn, arm) for turn in turns]) for arm in (rival, "candidate"))
    changes = [turn.candidate - getattr(turn, rival) for turn in turns]
    low, high = bootstrap_interval(turns, changes, seed=seed)
    verdict = Verdict(
        promoted=True,
        reason=f"It reads your wishes better: {before:.2f} to {after:.2f} nats a token.",
        before=before,
        after=after,
        low=low,
        high=high,
        improved=sum(change < 0 for change in changes) / len(changes),
        general_rise=_general_rise(measurement),
    )
    if measurement.disliked:
        verdict = _with_contrast(verdict, measurement, seed=seed)
    objection = _objection(measurement, verdict)
    return verdict if objection is None else replace(verdict, promoted=False, reason=objection)


def bootstrap_interval(
    turns: Sequence[TurnLosses], changes: Sequence[float], *, seed: int
) -> tuple[float, float]:
    """The 95 % interval of the change per token, by resampling conversations and turns within them."""
    pairs = [
        (turn.conversation_id, (change, turn.tokens)) for turn, change in zip(turns, changes, strict=True)
    ]

    def mean(sample: Sequence[tuple[float, int]]) -> float:
        return sum(change for change, _ in sample) / sum(tokens for _, tokens in sample)

    return interval([pairs], lambda samples: mean(samples[0]), seed=seed)


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


def _with_contrast(verdict: Verdict, measurement: Measurement, *, seed: int) -> Verdict:
    """A verdict with how far liked and disliked replies came apart, against what tells them best now."""
    kinds = measurement.turns, measurement.disliked
    has_active = all(turn.active is not None for kind in kinds for turn in kind)
    rival = (
        "active"
        if has_active and contrast(*(_gains(kind, "base", "active") for kind in kinds)) > 0
        else "base"
    )
    gained = [_gains(kind, rival) for kind in kinds]
    apart = contrast(*gained)
    low, high = contrast_interval(*gained, seed=seed)
    return replace(
        verdict,
        reason=f"It tells what you like from what you do not: by {apart:.1f} nats a reply.",
        apart=apart,
        apart_low=low,
        apart_high=high,
    )


def _gains(turns: Sequence[TurnLosses], rival: str, arm: str = "candidate") -> Gains:
    return [(turn.conversation_id, getattr(turn, rival) - getattr(turn, arm)) for turn in turns]


def _objection(measurement: Measurement, verdict: Verdict) -> str | None:
    """The first reason against a candidate, None when there is none."""
    before, after = verdict.before, verdict.after
    if not measurement.finite or not math.isfinite(after):
        return "Its weights are not finite numbers."
    if verdict.apart_low is None and verdict.high >= 0:
        return f"It is not surely better than what serves now ({before:.2f} to {after:.2f} nats a token)."
    if objection := _objection_to_contrast(measurement, verdict):
        return objection
    if _control_wins(measurement.turns, measurement.disliked):
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


def _objection_to_contrast(measurement: Measurement, verdict: Verdict) -> str | None:
    """What speaks against weights that learn from dislikes; None as well where they do not."""
    if verdict.apart is None or verdict.apart_low is None:
        return None
    if verdict.apart_low <= 0:
        return (
            "It does not surely tell what you like from what you do not, any better than what serves now "
            f"({verdict.apart:.1f} nats a reply)."
        )
    if verdict.after - verdict.before > LIKED_LIMIT:
        change = f"{verdict.before:.2f} to {verdict.after:.2f} nats a token"
        return f"It moves away from what you like, too ({change})."
    wanted, by_base, written = (
        measurement.wanted,
        measurement.written_by_base,
        measurement.written_by_candidate,
    )
    if wanted is None or by_base is None or written is None:
        return None
    expected = min(wanted.words, by_base.words)  # a trial reply ends sooner than a long one that is liked
    if written.words < SHORTEST * expected:
        return f"Its replies have {written.words:.0f} words, and {expected:.0f} were to be expected."
    return None


def _general_rise(measurement: Measurement) -> float:
    return measurement.canary_candidate / measurement.canary_base - 1


def _rival(turns: Sequence[TurnLosses]) -> str:
    """Whichever is better now, the base model or the active adapter."""
    active = [turn.active for turn in turns if turn.active is not None]
    return "active" if active and sum(active) < sum(turn.base for turn in turns) else "base"


def _heeds_less(turns: Sequence[TurnLosses]) -> bool:
    """Whether the candidate makes less of a question than the base: the control of who is alone.

    Weights that have learnt a manner from replies to other questions make such replies likelier, too.
    """
    base, candidate = heed(turns, "base"), heed(turns, "candidate")
    if base is None or candidate is None:
        return False
    return sum(base) - sum(candidate) > HEED_LIMIT * abs(sum(base))


def _control_wins(turns: Sequence[TurnLosses], disliked: Sequence[TurnLosses]) -> bool:
    """Whether another person's adapter does better; two people may well want the same manner."""
    if disliked:
        if any(turn.control is None for turn in (*turns, *disliked)):
            return False
        return contrast(*(_gains(part, "candidate", "control") for part in (turns, disliked))) > 0
    return sum(turn.control - turn.candidate for turn in turns if turn.control is not None) < 0
