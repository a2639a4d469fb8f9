import json
from datetime import timedelta

import pytest

from bot.languages import LANGUAGES
from bot.plots import can_draw, draw
from bot.stats import as_text
from engine.tuning.report import build_report
from storage.feedback import FeedbackStore
from storage.records import VersionTally
from tests.bot.conftest import USER_ID, Bench
from tests.bot.test_app import ask
from tests.bot_api import Person
from tests.conftest import Clock

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
    picture = await ada.wait_for_reply(where=lambda message: message.attachment, timeout_seconds=60)

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


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_explanation_fits_below_a_picture(language: str):
    assert len(LANGUAGES[language].stats_caption) <= 1024
