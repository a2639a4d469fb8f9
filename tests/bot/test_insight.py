import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.insight import next_night
from bot.languages import LANGUAGES
from tests.bot.conftest import USER_ID, Bench, bench_on
from tests.bot.test_app import ask
from tests.bot.test_preferences import choose
from tests.bot_api import BotApiServer, Person, ShownMessage
from tests.conftest import Clock

EN = LANGUAGES["en"]
TRIAL = {"examples": 42, "held_out": 9, "before": 2.314, "after": 1.98}


@pytest.fixture
async def bench(tmp_path: Path, server: BotApiServer, clock: Clock) -> AsyncGenerator[Bench]:
    async with bench_on(tmp_path, server, now=clock, timezone=ZoneInfo("Europe/Oslo")) as bench:
        yield bench


async def learn(bench: Bench) -> None:
    """Promote a version as a nightly run does."""
    runs, now = bench.services.core.runs, bench.services.core.now()
    run = await runs.start(USER_ID, local_date=None, now=now)
    assert run is not None
    adapter = await runs.add_candidate(USER_ID, base_model="scripted", run_id=run.run_id, now=now)
    await runs.promote(run.run_id, version=adapter.version, reason="", report=json.dumps(TRIAL), now=now)
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
    assert "your question; 2 earlier messages of the conversation; your setting for short replies" in latest


async def test_why_names_the_quoted_text(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    first = await ask(ada, "first")
    await ask(ada, "second")
    await ada.say("why?", reply_to=first)
    await ada.wait_for_reply(where=lambda message: message.buttons)

    assert EN.view_quoted in await shown(ada, "/why")


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
