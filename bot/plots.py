"""The figures of /stats as one picture. It holds numbers and dates only: its caption explains it in words.

Drawn with matplotlib, which comes with the extra `plots`.
"""

import importlib
import io
import math
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from engine.tuning.report import RunFigures, Satisfaction, UserReport

_LIKED, _BEFORE, _AFTER, _LEARNT = "#2e7d32", "#9e9e9e", "#1565c0", "#6a1b9a"


def can_draw() -> bool:
    """Whether matplotlib is here."""
    return find_spec("matplotlib") is not None


def draw(report: UserReport) -> bytes:
    """A PNG with four panels: share of likes by version, loss before and after, messages learnt from, and the
    loss on new messages before they were learnt from.

    Takes some tenths of a second of one core, so call it in a thread.
    """
    figure = importlib.import_module("matplotlib.figure").Figure(
        figsize=(6, 10), dpi=120, layout="constrained"
    )
    shares, losses, learnt, curve = figure.subplots(4)
    _draw_shares(shares, [one for one in report.versions if not math.isnan(one.share)])
    judged = [run for run in report.runs if not math.isnan(run.after)]
    _draw_losses(losses, judged)
    _draw_learnt(learnt, judged)
    _draw_curve(curve, [run for run in judged if run.figures is not None and run.figures.first_sight])
    for number, axes in enumerate((shares, losses, learnt, curve), start=1):
        axes.set_title(str(number), loc="left")
        axes.spines[["top", "right"]].set_visible(False)
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()


def _draw_shares(axes: Any, versions: Sequence[Satisfaction]) -> None:
    places = range(len(versions))
    shares = [100 * one.share for one in versions]
    # At 0 and 1 rounding can put the end of the interval a hair inside the share.
    below = [100 * max(0.0, one.share - one.low) for one in versions]
    above = [100 * max(0.0, one.high - one.share) for one in versions]
    axes.errorbar(places, shares, yerr=[below, above], fmt="o", color=_LIKED, capsize=4)
    axes.set_ylim(0, 100)
    axes.yaxis.set_major_formatter("{x:.0f} %")
    axes.set_xticks(places, ["0*" if one.control else str(one.adapter_version or 0) for one in versions])


def _draw_losses(axes: Any, runs: Sequence[RunFigures]) -> None:
    places = range(len(runs))
    axes.vlines(places, [run.after for run in runs], [run.before for run in runs], color=_BEFORE)
    axes.plot(places, [run.before for run in runs], "o", color=_BEFORE, markerfacecolor="white")
    axes.plot(places, [run.after for run in runs], "o", color=_AFTER)
    axes.set_xticks(places, [_date(run) for run in runs], rotation=45)


def _draw_learnt(axes: Any, runs: Sequence[RunFigures]) -> None:
    places = range(len(runs))
    axes.bar(places, [run.examples for run in runs], color=_LEARNT, width=0.6)
    axes.set_xticks(places, [_date(run) for run in runs], rotation=45)


def _draw_curve(axes: Any, runs: Sequence[RunFigures]) -> None:
    seen = [run.figures.first_sight for run in runs if run.figures is not None]
    places = range(len(runs))
    axes.plot(places, [one.base for one in seen if one], "o-", color=_BEFORE, markerfacecolor="white")
    own = [(place, one.active) for place, one in enumerate(seen) if one and one.active is not None]
    axes.plot([place for place, _ in own], [loss for _, loss in own], "o-", color=_AFTER)
    axes.set_xticks(places, [_date(run) for run in runs], rotation=45)


def _date(run: RunFigures) -> str:
    return f"{run.started_at:%m-%d}"
