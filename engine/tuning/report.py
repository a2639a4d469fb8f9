"""What became of all the tuning of one user: satisfaction by version, and what each run found and cost."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.tuning.figures import Figures, from_document
from storage.records import RunStatus, TuningRun, VersionTally

_Z_95 = 1.959964
"""The quantile of the normal distribution for a two-sided interval of 95 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Satisfaction:
    """How the replies of one adapter version were received; None is the base model.

    The base as a `control` answered now and then beside the user's own weights. `with_recall` of the replies
    were shown what the user had said before. `share` is likes among thumbs, NaN without any; `low` and `high`
    bound its 95 % interval.
    """

    adapter_version: int | None
    control: bool
    replies: int
    with_recall: int
    liked: int
    disliked: int
    corrected: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFigures:
    """One run. Losses in nats a token on held-out replies; figures are NaN where nothing was trained.

    `improved` is the share of held-out replies that got likelier, `general_rise` the share by which
    the loss on general text rose. `figures` are those of every set of weights that was measured, if the run
    kept them. `seconds` are those of the child process up to this user's end, the others before included.
    """

    run_id: int
    started_at: datetime
    status: RunStatus
    reason: str
    adapter_version: int | None
    examples: int
    before: float
    after: float
    improved: float
    general_rise: float
    tokens: float
    seconds: float
    peak_memory_mb: float
    adapter_mb: float
    figures: Figures | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserReport:
    """Everything about one user, oldest first."""

    user_id: int
    versions: tuple[Satisfaction, ...]
    runs: tuple[RunFigures, ...]


def build_report(user_id: int, tallies: Sequence[VersionTally], runs: Sequence[TuningRun]) -> UserReport:
    """Put the figures of one user together (pure)."""
    return UserReport(
        user_id=user_id,
        versions=tuple(_satisfaction(tally) for tally in tallies),
        runs=tuple(run_figures(run) for run in runs if run.status is not RunStatus.RUNNING),
    )


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson 1927); from 0 to 1 when nothing was tried.

    Unlike the usual one it holds at few trials and near 0 and 1, where thumbs are.
    """
    if trials == 0:
        return 0.0, 1.0
    share, weight = successes / trials, _Z_95**2 / trials
    centre = (share + weight / 2) / (1 + weight)
    half = math.sqrt(share * (1 - share) * weight + weight**2 / 4) / (1 + weight)
    return max(0.0, centre - half), min(1.0, centre + half)


def _satisfaction(tally: VersionTally) -> Satisfaction:
    thumbs = tally.liked + tally.disliked
    low, high = wilson_interval(tally.liked, thumbs)
    return Satisfaction(
        adapter_version=tally.adapter_version,
        control=tally.control,
        replies=tally.replies,
        with_recall=tally.with_recall,
        liked=tally.liked,
        disliked=tally.disliked,
        corrected=tally.corrected,
        share=tally.liked / thumbs if thumbs else math.nan,
        low=low,
        high=high,
    )


def run_figures(run: TuningRun) -> RunFigures:
    """What one run found and cost."""
    report: dict[str, Any] = json.loads(run.report)
    training: dict[str, float] = report.get("training", {})
    return RunFigures(
        run_id=run.run_id,
        started_at=run.started_at,
        status=run.status,
        reason=run.reason,
        adapter_version=run.adapter_version,
        examples=report.get("examples", 0),
        before=report.get("before", math.nan),
        after=report.get("after", math.nan),
        improved=report.get("improved", math.nan),
        general_rise=report.get("general_rise", math.nan),
        tokens=training.get("tokens", math.nan),
        seconds=training.get("seconds", math.nan),
        peak_memory_mb=training.get("peak_memory_mb", math.nan),
        adapter_mb=training.get("adapter_bytes", math.nan) / 1e6,
        figures=from_document(report["figures"]) if "figures" in report else None,
    )
