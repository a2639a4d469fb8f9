"""/forget last hour, /forget about X: what goes with a part, what stays, and that no byte of it is left."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.forget_part import packed, read_part, unpacked
from bot.running import idle_waiter
from storage.errors import GoneError
from storage.profiles import ProfileStore
from storage.records import AdapterStatus
from tests.bot.conftest import USER_ID, Bench, bench_on
from tests.bot.test_app import ask
from tests.bot.test_forget import indexed, places_of
from tests.bot_api import BotApiServer, Person, ShownMessage
from tests.conftest import Clock

NOW = datetime(2026, 3, 4, 10, 30, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.fixture
async def bench(server: BotApiServer, tmp_path: Path, clock: Clock) -> AsyncGenerator[Bench]:
    """A bot that goes by the clock of the test."""
    async with bench_on(tmp_path, server, now=clock) as bench:
        yield bench


async def publish(bench: Bench, folder: Path, *, secret: str) -> int:
    """Weights of the person that remember a word."""
    runs = bench.services.core.runs
    adapter = await runs.add_candidate(
        USER_ID, base_model="scripted", run_id=None, now=bench.services.core.now()
    )
    (folder / adapter.folder).mkdir(parents=True)
    (folder / adapter.folder / "adapter_model.safetensors").write_text(secret)
    await runs.activate(USER_ID, adapter.version)
    await bench.services.adapters.refresh()
    return adapter.version


@pytest.fixture
async def ada(bench: Bench, tmp_path: Path, clock: Clock) -> Person:
    """Two days of talk: the first is to stay, of the second some is to go."""
    ada = bench.server.person(USER_ID, "Ada")
    bench.model.enqueue("Fine.", "Oslo is by the sea.", "A timbuktu reply.", "Nice.")
    await ask(ada, "I live in Oslo and I love sailing.")
    await idle_waiter(bench.mynah)()
    await ask(ada, "What of Oslo?")
    await publish(bench, tmp_path, secret="okavango")
    clock.advance(days=1)
    shown = await ask(ada, "I work as a zanzibarist in the harbour.")
    await idle_waiter(bench.mynah)()
    await ada.say("/feedback better: kilimanjaro", reply_to=shown)
    await ada.wait_for_reply()
    await ask(ada, "I live in Limpopo.")
    await idle_waiter(bench.mynah)()
    await publish(bench, tmp_path, secret="serengeti")
    return ada


async def forget(bench: Bench, person: Person, words: str) -> ShownMessage:
    """Ask for it, and say yes; returns the receipt."""
    await person.say(f"/forget {words}")
    asked = await person.wait_for_reply(where=lambda message: "cannot be undone" in message.text)
    await person.wait_for_answer(await person.tap(asked, "Erase these"))
    await bench.server.until(lambda: "are erased" in asked.text)
    await idle_waiter(bench.mynah)()
    return asked


async def test_the_last_hours_go_with_all_that_came_of_them(bench: Bench, tmp_path: Path, ada: Person):
    gone = ("timbuktu", "zanzibar", "kilimanjaro", "limpopo", "serengeti")
    assert len({place.split()[0] for place in places_of(gone, tmp_path)}) == len(gone)

    receipt = await forget(bench, ada, "last 3 hours")

    assert "4 messages, 1 ratings, 2 beliefs and 1 versions" in receipt.text
    assert places_of(gone, tmp_path) == []
    assert await indexed(bench) == (2, 2)
    assert bench.model.prefixes_dropped == 1


async def test_what_was_said_before_stays_and_holds_again(bench: Bench, tmp_path: Path, ada: Person):
    await forget(bench, ada, "last 3 hours")

    turns = await bench.services.core.messages.rated_turns(USER_ID)
    assert [turn.question.text for turn in turns] == ["I live in Oslo and I love sailing.", "What of Oslo?"]
    profile = await bench.services.profiles.get(USER_ID)
    assert {(belief.slot, belief.value) for belief in profile.held} == {
        ("city", "Oslo"),
        ("likes", "sailing"),
    }
    assert profile.style.messages == 2
    served = bench.services.adapters.of(USER_ID)
    assert served is not None
    assert served.version == 1
    assert places_of(("okavango",), tmp_path)
    newest = max(await bench.services.core.runs.adapters_of(USER_ID), key=lambda adapter: adapter.version)
    assert (newest.version, newest.status) == (2, AdapterStatus.REJECTED)


async def test_the_history_of_a_belief_that_stays_forgets_the_quote(bench: Bench, ada: Person):
    await ask(ada, "I live in Oslo, in Zambezi street.")
    await idle_waiter(bench.mynah)()
    await forget(bench, ada, "about zambezi")

    store = ProfileStore(bench.services.core.database)
    assert "Zambezi" not in str(await store.history(USER_ID))
    assert "Zambezi" not in str(await store.all_beliefs(USER_ID))
    assert "Oslo" in str(await store.history(USER_ID))


async def test_what_is_about_a_matter_goes_in_whatever_form(bench: Bench, tmp_path: Path, ada: Person):
    receipt = await forget(bench, ada, "about my zanzibarists")

    assert "2 messages, 1 ratings, 1 beliefs" in receipt.text
    assert places_of(("timbuktu", "zanzibarist in", "kilimanjaro"), tmp_path) == []
    turns = await bench.services.core.messages.rated_turns(USER_ID)
    assert turns[-1].question.text == "I live in Limpopo."


async def test_a_run_under_way_finds_nothing_to_publish_for(bench: Bench, ada: Person):
    runs = bench.services.core.runs
    run = await runs.start(USER_ID, local_date=None, now=bench.services.core.now())
    assert run is not None
    await forget(bench, ada, "last 3 hours")
    with pytest.raises(GoneError):
        await runs.add_candidate(
            USER_ID, base_model="scripted", run_id=run.run_id, now=bench.services.core.now()
        )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("everything please", "/forget alone erases everything"),
        ("about hippopotamuses", "I hold nothing of that."),
        ("about " + "a very long matter " * 5, "in fewer words"),
    ],
)
async def test_what_is_unclear_erases_nothing(bench: Bench, ada: Person, words: str, sentence: str):
    await ada.say(f"/forget {words}")
    await bench.server.until(lambda: sentence in ada.chat.replies[-1].text)
    assert (await bench.services.forgetter.holdings(USER_ID)).messages == 8


@pytest.mark.parametrize(
    ("words", "begin", "end"),
    [
        ("last hour", "2026-03-04 09:30", "2026-03-04 10:30"),
        ("the last two days", "2026-03-02 10:30", "2026-03-04 10:30"),
        ("past 15 minutes", "2026-03-04 10:15", "2026-03-04 10:30"),
        ("last week", "2026-02-25 10:30", "2026-03-04 10:30"),
        ("today", "2026-03-04 00:00", "2026-03-04 10:30"),
        ("yesterday", "2026-03-03 00:00", "2026-03-04 00:00"),
        ("最近一小时", "2026-03-04 09:30", "2026-03-04 10:30"),
        ("过去3天", "2026-03-01 10:30", "2026-03-04 10:30"),
        ("昨天", "2026-03-03 00:00", "2026-03-04 00:00"),
    ],
)
def test_times_are_read_as_people_say_them(words: str, begin: str, end: str):
    part = read_part(words, NOW)
    assert part is not None
    assert [f"{moment:%Y-%m-%d %H:%M}" for moment in (part.begin, part.end)] == [begin, end]

    kind, moment, rest = (packed(part, int(NOW.timestamp())) or "").split(":")[1:]
    carried = unpacked(kind, datetime.fromtimestamp(int(moment), UTC), rest)
    assert carried is not None
    assert (carried.begin, carried.end) == (part.begin, part.end)


@pytest.mark.parametrize("words", ["last 99999999 years", "last 123456 days", "now", "me", "about", "关于"])
def test_no_part_is_read_into_other_words(words: str):
    assert read_part(words, NOW) is None


@pytest.mark.parametrize(
    ("words", "about"), [("about my job", "my job"), ("关于我的工作", "我的工作"), ("About: tea", ": tea")]
)
def test_a_matter_is_what_stands_behind_about(words: str, about: str):
    part = read_part(words, NOW)
    assert part is not None
    assert part.about == about
