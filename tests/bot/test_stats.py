import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.languages import LANGUAGES
from bot.plots import can_draw, draw
from bot.stats import as_text
from engine.tuning.evaluate import FirstSight
from engine.tuning.figures import as_document, figures_of
from engine.tuning.report import build_report
from storage.feedback import FeedbackStore
from storage.records import RunStatus, TuningRun, VersionTally
from tests.bot.conftest import USER_ID, Bench
from tests.bot.test_app import ask
from tests.bot_api import Person
from tests.conftest import Clock
from tests.engine.tuning.test_evaluate import GOOD

EN = LANGUAGES["en"]
FIGURES = {"examples": 42, "held_out": 9, "before": 2.314, "after": 1.98}

draws = pytest.mark.skipif(not can_draw(), reason="needs the extra `plots`")


async def rated_nights(bench: Bench) -> Person:
    """Somebody with one like, one dislike and two judged nights."""
    ada = bench.server.person(USER_ID, "Ada")
    for thumb in ("👍", "👎"):
        await ada.wait_for_answer(await ada.tap(await ask(ada, "hello"), thumb))
    runs, now = bench.services.core.runs, bench.services.core.now()
    for night in range(2):
        run = await runs.start(USER_ID, local_date=None, now=now + timedelta(days=night))
        assert run is not None
        adapter = await runs.add_candidate(USER_ID, base_model="scripted", run_id=run.run_id, now=now)
        await runs.promote(
            run.run_id, version=adapter.version, reason="", report=json.dumps(FIGURES), now=now
        )
        await runs.mark_told(run.run_id)
    return ada


async def report_of(bench: Bench):
    ratings = FeedbackStore(bench.services.core.database)
    return build_report(
        USER_ID, await ratings.tallies(USER_ID), await bench.services.core.runs.runs_of(USER_ID)
    )


async def test_without_figures_it_says_so(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await ask(ada, "hello")
    await ada.say("/stats")

    assert (await ada.wait_for_reply()).text == EN.stats_empty


@draws
async def test_the_picture_comes_with_its_explanation(bench: Bench):
    ada = await rated_nights(bench)
    await ada.say("/stats")
    picture = await ada.wait_for_reply(where=lambda message: message.attachment)

    assert picture.attachment is not None
    assert picture.attachment.kind == "photo"
    assert picture.attachment.content.startswith(b"\x89PNG")
    assert picture.text == EN.stats_caption


@draws
async def test_a_picture_can_be_drawn_of_little(bench: Bench):
    await ask(bench.server.person(USER_ID, "Ada"), "hello")

    assert draw(await report_of(bench)).startswith(b"\x89PNG")


@draws
def test_a_version_that_everybody_likes_can_be_drawn():
    tallies = [VersionTally(adapter_version=3, replies=9, liked=4, disliked=0, corrected=0)]

    assert draw(build_report(USER_ID, tallies, [])).startswith(b"\x89PNG")


async def test_the_text_has_intervals_and_nights(bench: Bench, clock: Clock):
    await rated_nights(bench)
    text = as_text(await report_of(bench), EN)

    assert "0: 1 of 2 (9 to 91 %)" in text
    assert text.count("2.31 → 1.98, learnt from 42 messages") == 2
    assert EN.stats_curve not in text


def night(active: float | None) -> TuningRun:
    seen = FirstSight(turns=9, tokens=90, base=4.125, active=active)
    figures = as_document(figures_of(replace(GOOD, first_sight=seen)))
    return TuningRun(
        run_id=1,
        user_id=USER_ID,
        local_date=None,
        status=RunStatus.REJECTED,
        started_at=datetime(2026, 3, 3, 4, tzinfo=UTC),
        finished_at=None,
        reason="",
        report=json.dumps({**FIGURES, "figures": figures}),
        adapter_version=None,
        told=True,
    )


def test_new_messages_have_a_curve_of_their_own_in_words():
    text = as_text(build_report(USER_ID, [], [night(None), night(2.5)]), EN)

    assert "2026-03-03: 4.12, 9 messages, no weights of your own yet" in text
    assert "2026-03-03: 4.12 → 2.50, 9 messages" in text


def test_the_base_as_a_control_has_a_line_of_its_own():
    tallies = [
        VersionTally(adapter_version=None, control=control, replies=9, liked=1, disliked=3, corrected=0)
        for control in (False, True)
    ]

    assert "0 beside your own, to compare: 1 of 4" in as_text(build_report(USER_ID, tallies, []), EN)


@draws
def test_the_curve_is_drawn_beside_the_control():
    tallies = [VersionTally(adapter_version=None, control=True, replies=9, liked=1, disliked=3, corrected=0)]
    with_curve = draw(build_report(USER_ID, tallies, [night(None), night(2.5)]))

    assert with_curve.startswith(b"\x89PNG")
    assert with_curve != draw(build_report(USER_ID, tallies, [night(None), night(3.5)]))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_explanation_fits_below_a_picture(language: str):
    assert len(LANGUAGES[language].stats_caption) <= 1024
