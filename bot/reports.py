"""The figures of `mynah evaluate`, as a table for people and as JSON for machines."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from engine.tuning.figures import Figures
from engine.tuning.report import RunFigures, Satisfaction, UserReport
from engine.tuning.search import Choice, Scored

_ARMS = {
    "base": "base",
    "active": "active",
    "candidate": "candidate",
    "other": "another's",
    "pooled": "mean of others",
    "base_with_recall": "base + recall",
    "candidate_with_recall": "candidate + recall",
}

SCORED_HEAD = f"  {'rank':>4} {'rate':>8} {'steps':>5} {'nats/token':>10} {'general':>8}"


def as_table(report: UserReport) -> str:
    """One user: satisfaction by version, the runs and what they cost, the last trial, and the curve."""
    lines = [
        f"User {report.user_id}",
        f"  {'weights':>8} {'replies':>8} {'liked':>6} {'disliked':>9} {'corrected':>10} {'recalled':>9}"
        "  liked of rated",
        *map(_version_line, report.versions),
    ]
    if report.runs:
        lines.append(
            f"  {'run':>8} {'examples':>8} {'before':>6} {'after':>9} {'general':>10}"
            f" {'tokens':>8} {'seconds':>8} {'memory':>8} {'weights':>8}  outcome"
        )
        lines += map(_run_line, report.runs)
    measured = [run for run in report.runs if run.figures is not None]
    if measured:
        lines += _trial_lines(measured[-1])
        lines += _curve_lines(measured)
    return "\n".join(lines)


def as_json(reports: Sequence[UserReport]) -> str:
    """All users as one object; a figure that there is none of is null."""
    return json.dumps({"users": [_plain(asdict(report)) for report in reports]})


def scored_line(one: Scored) -> str:
    """One recipe of a search, and what came of it."""
    recipe = one.recipe
    made = f"  {recipe.rank:>4} {recipe.learning_rate:>8.2g} {recipe.steps:>5}"
    return f"{made} {one.nats_per_token:>10.3f} {_rise(one.general_rise):>8}"


def choice_line(choice: Choice, base_name: str) -> str:
    """What a search has come to, in a sentence."""
    recipe = choice.recipe
    made = f"rank {recipe.rank}, learning rate {recipe.learning_rate:.2g} and {recipe.steps} steps"
    if choice.changed:
        return f"From the next tuning on, {base_name} learns with {made}."
    return f"Nothing is surely better: {base_name} goes on to learn with {made}."


def choice_json(scored: Sequence[Scored], choice: Choice) -> str:
    """The same for machines, as one object."""
    return json.dumps({"tried": [_plain(asdict(one)) for one in scored], "choice": asdict(choice)})


def _version_line(one: Satisfaction) -> str:
    base = "control" if one.control else "base"
    weights = base if one.adapter_version is None else str(one.adapter_version)
    share = "" if math.isnan(one.share) else f"{one.share:.0%} ({one.low:.0%} to {one.high:.0%})"
    recalled = f"{one.with_recall / one.replies:.0%}" if one.replies else "–"
    counts = f"{one.liked:>6} {one.disliked:>9} {one.corrected:>10} {recalled:>9}"
    return f"  {weights:>8} {one.replies:>8} {counts}  {share}"


def _run_line(run: RunFigures) -> str:
    outcome = f"{run.status}: {run.reason}" if run.reason else str(run.status)
    numbers = f"{_number(run.before):>6} {_number(run.after):>9} {_rise(run.general_rise):>10}"
    cost = (
        f"{_number(run.tokens, 0):>8} {_number(run.seconds, 0):>8}"
        f" {_number(run.peak_memory_mb, 0, ' MB'):>8} {_number(run.adapter_mb, 1, ' MB'):>8}"
    )
    return f"  {run.run_id:>8} {run.examples:>8} {numbers} {cost}  {outcome}"


def _trial_lines(run: RunFigures) -> list[str]:
    """What each set of weights was worth on the replies that were held out from one run."""
    figures = run.figures
    assert figures is not None, "asked for runs that were measured"
    return [
        f"  Replies held out from run {run.run_id}, under each set of weights:",
        f"  {'':>18} {'nats/token':>10} {'bits/byte':>9} {'heed':>6} {'preferred':>9}"
        f" {'length':>7} {'case':>6} {'marks':>6} {'emoji':>6} {'general':>8} {'faulty':>8}",
        *(_arm_line(name, figures) for name in _ARMS if name in figures.arms),
    ]


def _arm_line(name: str, figures: Figures) -> str:
    arm, manner, faulty = figures.arms[name], figures.manner.get(name), figures.faulty.get(name)
    distances = [math.nan] * 4 if manner is None else list(asdict(manner).values())
    of_trials = "–" if faulty is None else f"{faulty} of {figures.trial_replies}"
    preferred = figures.preference.get(name)
    return (
        f"  {_ARMS[name]:>18} {arm.nats_per_token:>10.3f} {arm.bits_per_byte:>9.3f}"
        f" {_number(figures.heed.get(name, math.nan)):>6}"
        f" {'–' if preferred is None else f'{preferred:.0%}':>9}"
        f" {_number(distances[0]):>7} {_number(distances[1]):>6} {_number(distances[2]):>6}"
        f" {_number(distances[3]):>6} {_number(figures.general.get(name, math.nan), 3):>8} {of_trials:>8}"
    )


def _curve_lines(runs: Sequence[RunFigures]) -> list[str]:
    """New replies, scored each night before anything was learnt from them."""
    lines = [
        f"  {run.started_at:%Y-%m-%d} {seen.turns:>8} {seen.base:>8.3f}"
        f" {'–' if seen.active is None else f'{seen.active:.3f}':>8}"
        for run in runs
        if run.figures is not None and (seen := run.figures.first_sight) is not None
    ]
    head = f"  {'':>10} {'replies':>8} {'base':>8} {'served':>8}"
    title = "  New replies before they were learnt from, in nats a token:"
    return [title, head, *lines] if lines else []


def _number(value: float, digits: int = 2, unit: str = "") -> str:
    return "–" if math.isnan(value) else f"{value:.{digits}f}{unit}"


def _rise(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:+.1%}"


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {name: _plain(part) for name, part in value.items()}
        case list() | tuple():
            return [_plain(part) for part in value]
        case float() if math.isnan(value):
            return None
        case float() | int() | str() | None:
            return value
        case _:
            return str(value)
