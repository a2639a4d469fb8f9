"""The figures of `mynah evaluate`, as a table for people and as JSON for machines."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from engine.tuning.report import RunFigures, Satisfaction, UserReport


def as_table(report: UserReport) -> str:
    """One user: satisfaction by version, then the runs."""
    lines = [
        f"User {report.user_id}",
        f"  {'weights':>8} {'replies':>8} {'liked':>6} {'disliked':>9} {'corrected':>10}  liked of rated",
        *map(_version_line, report.versions),
    ]
    if report.runs:
        lines.append(f"  {'run':>8} {'examples':>8} {'before':>6} {'after':>9} {'general':>10}  outcome")
        lines += map(_run_line, report.runs)
    return "\n".join(lines)


def as_json(reports: Sequence[UserReport]) -> str:
    """All users as one object; a figure that there is none of is null."""
    return json.dumps({"users": [_plain(asdict(report)) for report in reports]})


def _version_line(one: Satisfaction) -> str:
    weights = "base" if one.adapter_version is None else str(one.adapter_version)
    share = "" if math.isnan(one.share) else f"{one.share:.0%} ({one.low:.0%} to {one.high:.0%})"
    return f"  {weights:>8} {one.replies:>8} {one.liked:>6} {one.disliked:>9} {one.corrected:>10}  {share}"


def _run_line(run: RunFigures) -> str:
    outcome = f"{run.status}: {run.reason}" if run.reason else str(run.status)
    numbers = f"{_number(run.before):>6} {_number(run.after):>9} {_rise(run.general_rise):>10}"
    return f"  {run.run_id:>8} {run.examples:>8} {numbers}  {outcome}"


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}"


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
