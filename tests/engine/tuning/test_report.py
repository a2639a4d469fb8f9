import json
import math
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.reports import as_json, as_table
from engine.tuning.evaluate import FirstSight, Preference
from engine.tuning.figures import as_document, figures_of
from engine.tuning.report import build_report, wilson_interval
from storage.records import RunStatus, TuningRun, VersionTally
from tests.engine.tuning.test_evaluate import with_turns

MORNING = datetime(2026, 3, 3, 4, tzinfo=UTC)


def run(run_id: int, status: RunStatus, report: str = "{}", reason: str = "") -> TuningRun:
    return TuningRun(
        run_id=run_id,
        user_id=7,
        local_date=None,
        status=status,
        started_at=MORNING,
        finished_at=MORNING,
        reason=reason,
        report=report,
        adapter_version=1 if status is RunStatus.PROMOTED else None,
        told=True,
    )


def tally(version: int | None, liked: int, disliked: int) -> VersionTally:
    return VersionTally(adapter_version=version, replies=30, liked=liked, disliked=disliked, corrected=2)


TRAINED = json.dumps(
    {
        "examples": 16,
        "before": 4.96,
        "after": 1.3,
        "general_rise": 0.018,
        "figures": as_document(
            figures_of(
                replace(
                    with_turns(pooled=20.0),
                    preferences=(Preference(base=-1.0, candidate=1.0),),
                    first_sight=FirstSight(turns=9, tokens=90, base=4.125, active=None),
                )
            )
        ),
        "training": {
            "tokens": 4000.0,
            "seconds": 25.0,
            "peak_memory_mb": 1400.0,
            "adapter_bytes": 4.9e6,
        },
    }
)
REPORT = build_report(
    7,
    [tally(None, 1, 9), tally(1, 0, 0)],
    [
        run(1, RunStatus.SKIPPED, reason="Too little."),
        run(2, RunStatus.PROMOTED, TRAINED),
        run(3, RunStatus.RUNNING),
    ],
)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(0, 0, 0.0, 1.0), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (81, 263, 0.2553, 0.3662)],
)
def test_the_interval_is_wilsons(successes: int, trials: int, low: float, high: float):
    assert wilson_interval(successes, trials) == pytest.approx((low, high), abs=1e-4)


def test_satisfaction_counts_thumbs_alone():
    base, first = REPORT.versions
    assert base.share == pytest.approx(0.1)
    assert base.low < 0.1 < base.high
    assert math.isnan(first.share)


def test_a_run_under_way_has_no_figures_yet_and_one_without_training_has_none():
    assert [figures.run_id for figures in REPORT.runs] == [1, 2]
    assert math.isnan(REPORT.runs[0].after)
    assert REPORT.runs[1].after == 1.3


def test_the_table_says_it_in_words_and_numbers():
    table = as_table(REPORT)
    assert "10% (2% to 40%)" in table
    assert "skipped: Too little." in table
    assert "+1.8%" in table
    assert "nan" not in table


def test_the_table_says_what_each_run_has_cost():
    [line] = [line for line in as_table(REPORT).splitlines() if "promoted" in line]
    assert "4000       25  1400 MB   4.9 MB" in line


def test_the_table_has_a_line_for_each_set_of_weights_and_the_curve():
    table = as_table(REPORT)
    assert re.search(r"  base +3.250 +1.172 +– +0% .* 3.000 +0 of 8\n", table)
    assert re.search(r"  candidate +1.750 +0.631 +– +100% ", table)
    assert re.search(r"  mean of others +2.000 ", table)
    assert re.search(r"before they were learnt from.*\n.*\n  2026-03-03 +9 +4.125 +–$", table)


def test_machines_get_valid_json_without_nan():
    [user] = json.loads(as_json([REPORT]))["users"]
    assert user["versions"][1]["share"] is None
    assert user["runs"][1]["status"] == "promoted"
    assert user["runs"][1]["figures"]["arms"]["pooled"]["nats_per_token"] == pytest.approx(2.0)
    assert user["runs"][1]["figures"]["first_sight"]["active"] is None
    assert user["runs"][0]["figures"] is None
