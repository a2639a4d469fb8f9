from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.errors import TuningBusyError, TuningError
from engine.language.bundled import ResolvedModel
from engine.language.peft_format import CONFIG_NAME, WEIGHTS_NAME
from engine.tuning.child import OnProgress
from engine.tuning.evaluate import Measurement, TurnLosses
from engine.tuning.job import Candidate, candidate_folder, read_job, write_candidate
from engine.tuning.nightly import TuningRunner, due_date
from storage.database import Database
from storage.feedback import FeedbackStore
from storage.lock import folder_lock
from storage.messages import MessageStore
from storage.records import NewMessage, Role, RunStatus
from storage.runs import RunStore
from storage.users import UserStore

USER_ID = 7
BERLIN = ZoneInfo("Europe/Berlin")


class FakeTrainer:
    """Writes an adapter folder whose held-out loss falls, or rises, by half."""

    def __init__(self, *, better: bool = True, failure: str | None = None) -> None:
        self._after = 5.0 if better else 15.0
        self._failure = failure

    async def train(self, job_folder: Path, on_progress: OnProgress) -> None:
        if self._failure is not None:
            raise TuningError(self._failure)
        for user in read_job(job_folder).users:
            folder = candidate_folder(job_folder, user.user_id)
            folder.mkdir()
            for name in (CONFIG_NAME, WEIGHTS_NAME):
                (folder / name).write_text("{}")
            turns = tuple(TurnLosses(tokens=10, base=10.0, candidate=self._after) for _ in range(8))
            measurement = Measurement(
                turns=turns,
                canary_base=3.0,
                canary_candidate=3.0,
                finite=True,
                generations=4,
                faulty_generations=0,
            )
            write_candidate(
                Candidate(user_id=user.user_id, folder=folder, measurement=measurement, training={})
            )


@pytest.fixture
async def store(database: Database, clock: Callable[[], datetime]) -> Database:
    """Twelve corrected turns of one user."""
    await UserStore(database).add(USER_ID, name="Ada", is_owner=True, now=clock())
    messages, ratings = MessageStore(database), FeedbackStore(database)
    conversation_id = await messages.start_conversation(user_id=USER_ID, chat_id=USER_ID, now=clock())
    for number in range(12):
        halves = [
            NewMessage(
                user_id=USER_ID,
                chat_id=USER_ID,
                conversation_id=conversation_id,
                role=role,
                text=f"{role} {number}",
                created_at=clock(),
            )
            for role in (Role.USER, Role.ASSISTANT)
        ]
        _, reply = await messages.add_turn(halves[0], halves[1])
        await ratings.rate(reply.message_id, user_id=USER_ID, correction=f"right {number}", now=clock())
    return database


def runner_over(
    database: Database, clock: Callable[[], datetime], folder: Path, trainer: FakeTrainer
) -> TuningRunner:
    return TuningRunner(
        messages=MessageStore(database),
        runs=RunStore(database),
        trainer=trainer,
        data_folder=folder,
        base=ResolvedModel("base", folder),
        now=clock,
    )


async def test_a_better_candidate_is_published_and_active(store, clock, tmp_path):
    run = await runner_over(store, clock, tmp_path, FakeTrainer()).run(USER_ID)

    assert run is not None
    assert run.status is RunStatus.PROMOTED
    active = await RunStore(store).active_adapter(USER_ID)
    assert active is not None
    assert (tmp_path / active.folder / WEIGHTS_NAME).exists()
    assert not list((tmp_path / "tuning").iterdir())


async def test_a_worse_candidate_is_rejected_with_its_figures(store, clock, tmp_path):
    run = await runner_over(store, clock, tmp_path, FakeTrainer(better=False)).run(USER_ID)

    assert run is not None
    assert run.status is RunStatus.REJECTED
    assert '"after": 1.5' in run.report
    assert await RunStore(store).active_adapter(USER_ID) is None
    assert not (tmp_path / "adapters").exists()


async def test_a_failing_child_changes_nothing_and_is_recorded(store, clock, tmp_path):
    await runner_over(store, clock, tmp_path, FakeTrainer()).run(USER_ID)
    before = await RunStore(store).active_adapter(USER_ID)

    run = await runner_over(store, clock, tmp_path, FakeTrainer(failure="It was killed.")).run(USER_ID)

    assert run is not None
    assert (run.status, run.reason) == (RunStatus.FAILED, "It was killed.")
    assert await RunStore(store).active_adapter(USER_ID) == before
    assert not list((tmp_path / "tuning").iterdir())


async def test_a_night_is_run_once_and_skipped_when_nothing_is_new(store, clock, tmp_path):
    runner = runner_over(store, clock, tmp_path, FakeTrainer())

    first = await runner.run(USER_ID, local_date=date(2026, 3, 2))
    again = await runner.run(USER_ID, local_date=date(2026, 3, 2))
    next_night = await runner.run(USER_ID, local_date=date(2026, 3, 3))

    assert first is not None
    assert first.status is RunStatus.PROMOTED
    assert again is None
    assert next_night is not None
    assert next_night.status is RunStatus.SKIPPED


async def test_two_processes_do_not_tune_at_once(store, clock, tmp_path):
    runner = runner_over(store, clock, tmp_path, FakeTrainer())
    with folder_lock(tmp_path, "tuning"), pytest.raises(TuningBusyError):
        await runner.run(USER_ID)


@pytest.mark.parametrize("at", [time(2, 30), time(3, 30), time(0, 0)])
@pytest.mark.parametrize("year", [2025, 2026])
def test_every_local_date_of_a_year_comes_due_exactly_once_and_in_order(at: time, year: int):
    moment, dates = datetime(year, 1, 1, 12, tzinfo=UTC), []
    while moment < datetime(year + 1, 1, 1, 12, tzinfo=UTC):
        due = due_date(moment, BERLIN, at)
        if not dates or dates[-1] != due:
            dates.append(due)
        moment += timedelta(minutes=5)

    assert dates == [dates[0] + timedelta(days=day) for day in range(366)]
