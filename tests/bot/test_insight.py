import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.admin import outcome
from bot.insight import next_night
from bot.languages import LANGUAGES
from engine.tuning.evaluate import FirstSight
from engine.tuning.figures import as_document, figures_of
from storage.feedback import FeedbackStore
from tests.bot.conftest import USER_ID, Bench, bench_on
from tests.bot.test_app import ask
from tests.bot.test_preferences import choose
from tests.bot_api import BotApiServer, Person, ShownMessage
from tests.conftest import Clock
from tests.engine.tuning.test_evaluate import with_turns

EN = LANGUAGES["en"]
TRIAL = {"examples": 42, "held_out": 9, "before": 2.314, "after": 1.98}


@pytest.fixture
async def bench(tmp_path: Path, server: BotApiServer, clock: Clock) -> AsyncGenerator[Bench]:
    async with bench_on(tmp_path, server, now=clock, timezone=ZoneInfo("Europe/Oslo")) as bench:
        yield bench


MEASURED = {
    **TRIAL,
    "figures": as_document(
        figures_of(
            replace(
                with_turns(control=20.0),
                first_sight=FirstSight(turns=9, tokens=90, base=4.125, active=2.0),
            )
        )
    ),
    "training": {"tokens": 4000.0, "seconds": 25.0, "peak_memory_mb": 1400.0, "adapter_bytes": 4.9e6},
}


async def learn(bench: Bench, report: Mapping[str, Any] = TRIAL) -> None:
    """Promote a version as a nightly run does."""
    runs, now = bench.services.core.runs, bench.services.core.now()
    run = await runs.start(USER_ID, local_date=None, now=now)
    assert run is not None
    adapter = await runs.add_candidate(USER_ID, base_model="scripted", run_id=run.run_id, now=now)
    await runs.promote(run.run_id, version=adapter.version, reason="", report=json.dumps(report), now=now)
    await runs.mark_told(run.run_id)
    await bench.services.adapters.refresh()


async def shown(person: Person, text: str, reply_to: ShownMessage | None = None) -> str:
    await person.say(text, reply_to=reply_to)
    return (await person.wait_for_reply()).text


async def test_status_of_somebody_who_is_answered_by_the_base_weights(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await ask(ada, "hello")
    status = await shown(ada, "/status")

    assert "model scripted" in status
    assert EN.status_base in status
    assert "Messages of yours: 1. Last tuning: –. The next is due at 2026-03-03 03:30." in status
    assert status.endswith("waiting for their turn: 0.")


async def test_status_tells_what_the_weights_were_learnt_from(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await ask(ada, "hello")
    await learn(bench)
    status = await shown(ada, "/status")

    assert "version 1, since 2026-03-02 10:00. They were learnt from 42 of your messages; on 9" in status
    assert "from 2.31 to 1.98 nats" in status


async def test_why_tells_of_the_last_reply(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await ask(ada, "I live in Oslo.")
    await bench.idle()
    calls = len(bench.model.requests)
    why = await shown(ada, "/why")

    assert "Written on 2026-03-02 10:00 by scripted: 4 tokens read, 6 written" in why
    assert "the first after 0.2 s, all in 0.5 s" in why
    assert EN.why_base in why
    assert EN.why_view.format(view=EN.view_question) in why
    assert "city: Oslo" in why
    assert len(bench.model.requests) == calls


async def test_why_below_an_older_reply_tells_of_that_one(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    first = await ask(ada, "hello")
    await learn(bench)
    await choose(bench.server, ada, "/settings", "set:length:short:all")
    await ask(
        ada,
        "what?",
    )

    assert EN.why_base in await shown(ada, "/why", reply_to=first)
    latest = await shown(ada, "/why")
    assert "your own, version 1, of 2026-03-02 10:00. They were learnt from 42" in latest
    assert "your question; 2 earlier messages of the conversation; your wish for short replies" in latest


async def test_why_names_the_quoted_text(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    first = await ask(ada, "first")
    await ask(ada, "second")
    await ada.say("why?", reply_to=first)
    await ada.wait_for_reply(where=lambda message: message.buttons)

    assert EN.view_quoted in await shown(ada, "/why")


async def test_why_counts_what_was_recalled(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await ask(ada, "I live in Oslo.")
    await bench.idle()
    await ada.say("/new")
    await ada.wait_for_reply()
    await ask(ada, "Where do I live?")

    assert EN.view_recalled.format(count=1) in await shown(ada, "/why")


async def test_some_replies_are_left_to_the_base_and_told_apart(tmp_path: Path, server: BotApiServer):
    async with bench_on(tmp_path, server, control=100) as bench:
        ada = server.person(USER_ID, "Ada")
        await ask(ada, "hello")
        assert EN.status_control.format(percent=100) not in await shown(ada, "/status")
        await learn(bench)
        await ask(ada, "hello again")
        why = await shown(ada, "/why")
        assert EN.why_control in why
        assert EN.why_base not in why
        assert EN.status_control.format(percent=100) in await shown(ada, "/status")
        await ada.say("/retry")
        await ada.wait_for_reply(where=lambda message: message.buttons)
        assert "your own, version 1" in await shown(ada, "/why")
        tallies = await FeedbackStore(bench.services.core.database).tallies(USER_ID)

    assert [(one.adapter_version, one.control, one.replies) for one in tallies] == [
        (None, False, 1),
        (None, True, 1),
        (1, False, 1),
    ]
    assert [request.adapter is None for request in bench.model.requests] == [True, True, False]


async def test_what_may_not_be_learnt_from_is_never_left_to_the_base(tmp_path: Path, server: BotApiServer):
    async with bench_on(tmp_path, server, control=100) as bench:
        ada = server.person(USER_ID, "Ada")
        await ask(ada, "hello")
        await learn(bench)
        await shown(ada, "/private")
        await ask(ada, "a secret")

    assert bench.model.requests[-1].adapter is not None


async def test_the_same_message_is_always_drawn_alike(tmp_path: Path):
    drawn: list[list[bool]] = []
    for place in range(2):
        async with (
            BotApiServer() as server,
            bench_on(tmp_path / str(place), server, control=50) as bench,
        ):
            ada = server.person(USER_ID, "Ada")
            await ask(ada, "hello")
            await learn(bench)
            for number in range(8):
                await ask(ada, f"question {number}")
            drawn.append([request.adapter is None for request in bench.model.requests[1:]])

    assert drawn[0] == drawn[1]
    assert 0 < sum(drawn[0]) < 8


async def test_the_morning_line_names_somebody_elses_weights_where_they_were_measured(bench: Bench):
    await ask(bench.server.person(USER_ID, "Ada"), "hello")
    await learn(bench, MEASURED)
    [run] = await bench.services.core.runs.runs_of(USER_ID)

    assert (outcome(run, EN) or "").endswith("With somebody else's weights it would be 2.00.")


async def test_what_thumbs_have_taught_is_told_as_what_came_apart(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await ask(ada, "hello")
    await learn(bench, {**MEASURED, "apart": 41.26})
    [run] = await bench.services.core.runs.runs_of(USER_ID)
    told = "those that you like became 41.3 nats likelier against those that you do not."

    assert told in (outcome(run, EN) or "")
    assert "surprise" not in (outcome(run, EN) or "")
    assert told in await shown(ada, "/status")


async def test_status_says_what_the_last_night_took_and_found_new(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await ask(ada, "hello")
    await learn(bench, MEASURED)
    status = await shown(ada, "/status")

    assert "read 4000 tokens in 25 s, with 1400 MB of memory; its weights take 4.9 MB." in status
    assert "On 9 replies that nothing had been learnt from yet, the surprise was 4.12" in status
    assert "and 2.00 with yours" in status


async def test_there_is_nothing_to_explain_before_the_first_reply(bench: Bench):
    assert await shown(bench.server.person(USER_ID, "Ada"), "/why") == EN.nothing_to_explain


async def test_nobody_learns_how_another_persons_reply_came_about(bench: Bench, server: BotApiServer):
    birds = server.group(-1001, "Birds")
    ada, bob = server.person(USER_ID, "Ada"), server.person(3003, "Bob")
    await ada.say("@mynah_bot I live in Oslo.", chat=birds)
    reply = await ada.wait_for_reply(chat=birds, where=lambda message: message.buttons)
    await bob.say("/why@mynah_bot", chat=birds, reply_to=reply)

    assert (await bob.wait_for_reply(chat=birds)).text == EN.nothing_to_explain


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 3, 2, 2, 0, tzinfo=UTC), "2026-03-02 03:30"),
        (datetime(2026, 3, 2, 3, 0, tzinfo=UTC), "2026-03-03 03:30"),
        (datetime(2026, 3, 29, 0, 0, tzinfo=UTC), "2026-03-29 03:30"),
    ],
)
def test_the_next_night_is_the_next_time_that_the_clock_shows_the_hour(now: datetime, due: str):
    oslo = ZoneInfo("Europe/Oslo")

    assert f"{next_night(now, oslo, time(3, 30)).astimezone(oslo):%Y-%m-%d %H:%M}" == due
