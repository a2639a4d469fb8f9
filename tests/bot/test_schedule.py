"""The nightly run over real nights: changes of clocks, clocks that jump, and a bot that was off."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.schedule import Schedule
from engine.errors import QueueFullError
from engine.profile.engine import ProfileEngine
from engine.profile.proposer import Proposer
from storage.database import Database
from storage.messages import MessageStore
from storage.preferences import PreferenceStore
from storage.records import RunStatus
from storage.runs import MOST_ATTEMPTS, RunStore
from storage.users import UserStore
from tests.conftest import Clock
from tests.engine.tuning.test_nightly import USER_ID, FakeTrainer, correct, runner_over
from tests.fake_embedder import FakeEmbedder
from tests.scripted_model import ScriptedModel

BERLIN = ZoneInfo("Europe/Berlin")


class Nights:
    """A schedule over a clock that is moved by hand, and how often it told that a night was over."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        folder: Path,
        at: time,
        trainer: FakeTrainer,
        proposer: Proposer | None = None,
    ) -> None:
        self.clock = clock
        self.ended = 0
        self.backed_up: list[date] = []
        self.runs = RunStore(database)
        self._schedule = Schedule(
            users=UserStore(database),
            runs=self.runs,
            runner=runner_over(database, clock, folder, trainer),
            timezone=BERLIN,
            nightly=at,
            now=clock,
            after_run=self._count,
            back_up=self._back_up,
            proposer=proposer,
        )

    async def pass_until(self, moment: datetime) -> None:
        """Tick every ten minutes, as the bot does every five."""
        while self.clock() < moment:
            self.clock.advance(minutes=10)
            await self._schedule.tick()

    async def dates(self) -> list[date | None]:
        return [run.local_date for run in await self.runs.runs_of(USER_ID)]

    async def _count(self) -> None:
        self.ended += 1

    async def _back_up(self, night: date) -> None:
        self.backed_up.append(night)


async def nights(
    database: Database, clock: Clock, folder: Path, *, since: datetime, at: time, **fails: str
) -> Nights:
    clock.time = since
    await UserStore(database).add(USER_ID, name="Ada", is_owner=True, now=since - timedelta(days=7))
    await correct(database, USER_ID, turns=12, now=since)
    return Nights(database, clock, folder, at, FakeTrainer(**fails))


@pytest.mark.parametrize("at", [time(2, 0), time(2, 30), time(3, 0), time(0, 0)])
@pytest.mark.parametrize(
    "around", [date(2026, 3, 29), date(2026, 10, 25)]
)  # 02:00 to 03:00 is gone, or twice
async def test_the_night_of_a_clock_change_is_run_exactly_once(
    database: Database, clock: Clock, tmp_path: Path, around: date, at: time
):
    begin = datetime.combine(around - timedelta(days=1), time(12), tzinfo=BERLIN).astimezone(UTC)
    end = datetime.combine(around + timedelta(days=1), time(12), tzinfo=BERLIN).astimezone(UTC)
    one = await nights(database, clock, tmp_path, since=begin, at=at)

    await one.pass_until(end)

    expected = {around - timedelta(days=1), around, around + timedelta(days=1)}
    assert Counter(await one.dates()) == Counter(expected)
    assert one.ended == 3


async def test_a_clock_that_jumps_back_runs_no_night_again(database: Database, clock: Clock, tmp_path: Path):
    begin = datetime(2026, 6, 1, 12, tzinfo=UTC)
    one = await nights(database, clock, tmp_path, since=begin, at=time(3, 30))
    await one.pass_until(begin + timedelta(days=2))
    before = await one.dates()

    clock.time = begin
    await one.pass_until(begin + timedelta(days=2))

    assert await one.dates() == before


async def test_of_many_nights_that_were_missed_one_is_made_up(
    database: Database, clock: Clock, tmp_path: Path
):
    begin = datetime(2026, 6, 1, 12, tzinfo=UTC)
    one = await nights(database, clock, tmp_path, since=begin, at=time(3, 30))

    clock.advance(days=30)
    await one.pass_until(clock() + timedelta(minutes=30))

    assert await one.dates() == [date(2026, 7, 1)]


async def test_a_night_whose_child_hangs_is_tried_again_and_given_up(
    database: Database, clock: Clock, tmp_path: Path
):
    begin = datetime(2026, 6, 1, 12, tzinfo=UTC)
    hung = "The training process was ended: it had reported nothing for 20 minutes."
    one = await nights(database, clock, tmp_path, since=begin, at=time(3, 30), failure=hung)

    await one.pass_until(begin + timedelta(hours=20))

    [night] = [run for run in await one.runs.runs_of(USER_ID) if run.local_date == date(2026, 6, 2)]
    assert (night.status, night.reason) == (RunStatus.FAILED, hung)
    assert one.ended == 2 * MOST_ATTEMPTS  # yesterday's night and this one


async def test_each_night_the_model_reads_what_was_said_and_its_failure_stops_nothing(
    database: Database, clock: Clock, tmp_path: Path
):
    begin = datetime(2026, 6, 1, 12, tzinfo=UTC)
    clock.time = begin
    await UserStore(database).add(USER_ID, name="Ada", is_owner=True, now=begin - timedelta(days=7))
    await correct(database, USER_ID, turns=12, now=begin)
    profiles = ProfileEngine.over(database, embedder=FakeEmbedder(), now=clock, timezone=BERLIN)
    model, messages = ScriptedModel(context_tokens=4000), MessageStore(database)
    said = [one for one in await messages.all_of(USER_ID) if one.question_id is None]
    for one in said:
        await profiles.observe(one)
    proposer = Proposer(
        model=model, messages=messages, profiles=profiles, preferences=PreferenceStore(database)
    )
    one = Nights(database, clock, tmp_path, time(3, 30), FakeTrainer(), proposer)

    model.enqueue(QueueFullError(1))
    await one.pass_until(begin + timedelta(hours=1))
    assert len(model.requests) == 1
    await one.pass_until(begin + timedelta(days=3))
    assert len(model.requests) == 2
    assert (await profiles.get(USER_ID)).proposed_up_to == said[-1].message_id
    assert date(2026, 6, 1) in one.backed_up
