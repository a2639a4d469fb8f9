import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.erasure import Forgetter
from engine.errors import TuningBusyError, TuningError
from engine.export import Exporter
from engine.language.bundled import ResolvedModel
from engine.language.peft_format import CONFIG_NAME, WEIGHTS_NAME
from engine.tuning.child import OnProgress
from engine.tuning.evaluate import Measurement, TurnLosses
from engine.tuning.figures import from_document
from engine.tuning.job import (
    JOBS_NAME,
    Candidate,
    Recipe,
    UserJob,
    candidate_folder,
    checkpoint_path,
    read_job,
    write_candidate,
)
from engine.tuning.nightly import VERSIONS_KEPT, TuningRunner, due_date
from engine.tuning.recipes import write_recipe
from engine.tuning.workshop import Workshop
from storage.database import Database
from storage.erasure import ErasureStore
from storage.feedback import FeedbackStore
from storage.lock import folder_lock
from storage.messages import MessageStore
from storage.records import NewMessage, Role, RunStatus, TuningRun
from storage.runs import RunStore
from storage.sealing import seal, unseal
from storage.users import UserStore

USER_ID = 7
WEIGHTS = b"okavangoweights"
BERLIN = ZoneInfo("Europe/Berlin")


class FakeTrainer:
    """Writes adapter folders whose held-out loss falls, or rises, by half; ends after some of the users."""

    def __init__(
        self, *, better: bool = True, failure: str | None = None, finishes: int | None = None
    ) -> None:
        self._after = 5.0 if better else 15.0
        self._failure = failure
        self._finishes = 0 if failure is not None and finishes is None else finishes
        self.order: list[int] = []
        self.users: Sequence[UserJob] = ()
        self.recipe: Recipe | None = None
        self.secret: bytes | None = None
        self.checkpoint_secrets: list[bytes | None] = []
        self.seen = b""

    async def train(self, job_folder: Path, on_progress: OnProgress, *, secret: bytes | None = None) -> None:
        job = read_job(job_folder, secret=secret)
        users, self.recipe = job.users, job.recipe
        self.users = users
        self.order = [user.user_id for user in users]
        self.checkpoint_secrets = [user.checkpoint_secret for user in users]
        for user in users:
            left = checkpoint_path(job_folder.parent, user.user_id)
            left.parent.mkdir(exist_ok=True)
            left.write_text("half learnt")
        self.secret = secret
        self._write(job_folder, users[: self._finishes])
        if self._failure is not None:
            raise TuningError(self._failure)

    def _write(self, job_folder: Path, users: Sequence[UserJob]) -> None:
        self.seen = b"".join(path.read_bytes() for path in job_folder.iterdir() if path.is_file())
        for user in users:
            folder = candidate_folder(job_folder, user.user_id)
            folder.mkdir()
            (folder / CONFIG_NAME).write_text("{}")
            (folder / WEIGHTS_NAME).write_bytes(seal(WEIGHTS, self.secret))
            turns = tuple(
                TurnLosses(
                    conversation_id=number, tokens=10, reply_bytes=40, base=10.0, candidate=self._after
                )
                for number in range(8)
            )
            measurement = Measurement(
                turns=turns,
                canary_base=3.0,
                canary_candidate=3.0,
                finite=True,
                generations=4,
                faulty_generations=0,
                faulty_by_base=0,
            )
            write_candidate(
                Candidate(user_id=user.user_id, folder=folder, measurement=measurement, training={})
            )


@pytest.fixture
async def store(database: Database, clock: Callable[[], datetime]) -> Database:
    """Twelve corrected turns of one user."""
    await UserStore(database).add(USER_ID, name="Ada", is_owner=True, now=clock())
    await correct(database, USER_ID, turns=12, now=clock())
    return database


async def correct(database: Database, user_id: int, *, turns: int, now: datetime, first: int = 0) -> None:
    """Log corrected turns of a user, in a conversation of their own."""
    messages, ratings = MessageStore(database), FeedbackStore(database)
    conversation_id = await messages.start_conversation(user_id=user_id, chat_id=user_id, now=now)
    for number in range(first, first + turns):
        halves = [
            NewMessage(
                user_id=user_id,
                chat_id=user_id,
                conversation_id=conversation_id,
                role=role,
                text=f"{role} {number}",
                created_at=now,
            )
            for role in (Role.USER, Role.ASSISTANT)
        ]
        _, reply = await messages.add_turn(halves[0], halves[1])
        await ratings.rate(reply.message_id, user_id=user_id, correction=f"right {number}", now=now)


def runner_over(
    database: Database,
    clock: Callable[[], datetime],
    folder: Path,
    trainer: FakeTrainer,
    *,
    sealed: bool = False,
) -> TuningRunner:
    workshop = Workshop.over(
        database, trainer=trainer, data_folder=folder, base=ResolvedModel("base", folder), now=clock
    )
    return TuningRunner(replace(workshop, sealed=sealed))


async def test_a_better_candidate_is_published_and_active(store, clock, tmp_path):
    [run] = await runner_over(store, clock, tmp_path, FakeTrainer()).run([USER_ID])

    assert run.status is RunStatus.PROMOTED
    active = await RunStore(store).active_adapter(USER_ID)
    assert active is not None
    assert (tmp_path / active.folder / WEIGHTS_NAME).exists()
    assert not [path for path in (tmp_path / "tuning").rglob("*") if path.is_file()]


async def test_three_versions_are_kept_and_rollback_leads_through_them_to_the_base(store, clock, tmp_path):
    runner, runs = runner_over(store, clock, tmp_path, FakeTrainer()), RunStore(store)
    for _ in range(VERSIONS_KEPT + 2):
        await runner.run([USER_ID])

    folders = sorted(path.name for path in (tmp_path / "adapters" / str(USER_ID)).iterdir())
    assert folders == ["3", "4", "5"]
    assert [await runs.rollback(USER_ID) for _ in folders] == [4, 3, None]
    assert await runs.rollforward(USER_ID) == 3


async def test_beside_an_encrypted_database_nothing_of_a_run_is_readable(tmp_path, clock):
    store = await Database.open(tmp_path / "mynah.db", key="key")
    try:
        await UserStore(store).add(USER_ID, name="Ada", is_owner=True, now=clock())
        await correct(store, USER_ID, turns=12, now=clock())
        trainer = FakeTrainer()
        runner = runner_over(store, clock, tmp_path, trainer, sealed=store.encrypted)
        await runner.run([USER_ID])
        [run] = await runner.run([USER_ID])  # the second job names the first version and its secret
        active = await RunStore(store).active_adapter(USER_ID)
        await Exporter(database=store, data_folder=tmp_path).export(USER_ID, tmp_path / "out", now=clock())
    finally:
        await store.close()

    assert run.status is RunStatus.PROMOTED
    assert active is not None
    assert active.secret is not None
    assert len(trainer.seen) > 1000
    for readable in (b"right 1", b"adapters", active.secret.hex().encode()):
        assert readable not in trainer.seen
    published = (tmp_path / active.folder / WEIGHTS_NAME).read_bytes()
    assert WEIGHTS not in published
    assert unseal(published, active.secret) == WEIGHTS
    assert (tmp_path / "out" / "adapters" / "2" / WEIGHTS_NAME).read_bytes() == WEIGHTS


async def test_without_a_key_files_are_in_the_plain_format_of_peft(store, clock, tmp_path):
    await runner_over(store, clock, tmp_path, trainer := FakeTrainer()).run([USER_ID])
    active = await RunStore(store).active_adapter(USER_ID)

    assert active is not None
    assert active.secret is trainer.secret is None
    assert b"right 1" in trainer.seen
    assert (tmp_path / active.folder / WEIGHTS_NAME).read_bytes() == WEIGHTS


async def test_a_worse_candidate_is_rejected_with_its_figures(store, clock, tmp_path):
    [run] = await runner_over(store, clock, tmp_path, FakeTrainer(better=False)).run([USER_ID])

    assert run.status is RunStatus.REJECTED
    assert '"after": 1.5' in run.report
    assert await RunStore(store).active_adapter(USER_ID) is None
    assert not (tmp_path / "adapters").exists()


async def test_a_failing_child_changes_nothing_and_is_recorded(store, clock, tmp_path):
    await runner_over(store, clock, tmp_path, FakeTrainer()).run([USER_ID])
    before = await RunStore(store).active_adapter(USER_ID)

    trainer = FakeTrainer(failure="It was killed.")
    [run] = await runner_over(store, clock, tmp_path, trainer).run([USER_ID])

    assert (run.status, run.reason) == (RunStatus.FAILED, "It was killed.")
    assert await RunStore(store).active_adapter(USER_ID) == before
    assert not list((tmp_path / "tuning").glob("run-*"))


async def test_a_night_is_run_once_and_skipped_when_nothing_is_new(store, clock, tmp_path):
    runner = runner_over(store, clock, tmp_path, FakeTrainer())

    [first] = await runner.run([USER_ID], local_date=date(2026, 3, 2))
    again = await runner.run([USER_ID], local_date=date(2026, 3, 2))
    [next_night] = await runner.run([USER_ID], local_date=date(2026, 3, 3))

    assert first.status is RunStatus.PROMOTED
    assert again == []
    assert next_night.status is RunStatus.SKIPPED


@pytest.fixture
async def crowd(store: Database, clock: Callable[[], datetime]) -> Database:
    """Three users: the second has most to learn from, the last too little."""
    for user_id, turns in ((8, 15), (9, 2)):
        await UserStore(store).add(user_id, name="Ben", is_owner=False, now=clock())
        await correct(store, user_id, turns=turns, now=clock())
    return store


def statuses(runs: list[TuningRun]) -> dict[int, RunStatus]:
    return {run.user_id: run.status for run in runs}


async def test_many_are_tuned_in_one_go_whoever_has_most_news_first(crowd, clock, tmp_path):
    trainer = FakeTrainer()
    runs = await runner_over(crowd, clock, tmp_path, trainer).run([7, 8, 9], local_date=date(2026, 3, 2))

    assert trainer.order == [8, 7]
    assert statuses(runs) == {7: RunStatus.PROMOTED, 8: RunStatus.PROMOTED, 9: RunStatus.SKIPPED}


async def test_evidence_that_was_judged_before_is_no_news(crowd, clock, tmp_path):
    await runner_over(crowd, clock, tmp_path, FakeTrainer()).run([8])
    await correct(crowd, 8, turns=1, now=clock())
    trainer = FakeTrainer()
    await runner_over(crowd, clock, tmp_path, trainer).run([7, 8])

    assert trainer.order == [7, 8]


async def test_new_replies_are_those_that_no_judged_run_has_seen(store, clock, tmp_path):
    await runner_over(store, clock, tmp_path, first := FakeTrainer()).run([USER_ID])
    await correct(store, USER_ID, turns=2, now=clock())
    await runner_over(store, clock, tmp_path, second := FakeTrainer()).run([USER_ID])

    assert len(first.users[0].fresh) == 12
    assert [one.reply for one in second.users[0].fresh] == ["right 0", "right 1"]
    assert second.users[0].active is not None


async def test_everybody_is_held_against_other_people_who_are_served(crowd, clock, tmp_path):
    await runner_over(crowd, clock, tmp_path, FakeTrainer()).run([7, 8])
    await runner_over(crowd, clock, tmp_path, trainer := FakeTrainer()).run([7, 8])

    others = {user.user_id: [files.folder for files in user.others] for user in trainer.users}
    assert others == {7: [tmp_path / "adapters/8/1"], 8: [tmp_path / "adapters/7/1"]}


async def test_a_night_follows_the_recipe_that_was_chosen_for_its_base(store, clock, tmp_path):
    chosen = replace(Recipe(), rank=4, alpha=8.0)
    await RunStore(store).choose_recipe("base", write_recipe(chosen), now=clock())
    await runner_over(store, clock, tmp_path, trainer := FakeTrainer()).run([USER_ID])

    assert trainer.recipe == chosen


async def test_the_figures_of_a_run_are_kept_with_it(store, clock, tmp_path):
    [run] = await runner_over(store, clock, tmp_path, FakeTrainer()).run([USER_ID])
    figures = from_document(json.loads(run.report)["figures"])

    assert {name: arm.nats_per_token for name, arm in figures.arms.items()} == {"base": 1.0, "candidate": 0.5}


async def test_whoever_was_finished_before_the_child_died_is_judged_all_the_same(crowd, clock, tmp_path):
    trainer = FakeTrainer(failure="It was killed.", finishes=1)
    runs = await runner_over(crowd, clock, tmp_path, trainer).run([7, 8])

    assert statuses(runs) == {8: RunStatus.PROMOTED, 7: RunStatus.FAILED}


async def test_whoever_had_no_turn_before_the_time_was_up_is_told_so(crowd, clock, tmp_path):
    runs = await runner_over(crowd, clock, tmp_path, FakeTrainer(finishes=1)).run([7, 8])

    assert statuses(runs) == {8: RunStatus.PROMOTED, 7: RunStatus.SKIPPED}
    assert next(run.reason for run in runs if run.user_id == 7) == "The time was up before its turn."


async def test_a_cancelled_call_leaves_no_run_open(crowd, clock, tmp_path):
    training = asyncio.Event()

    class Endless(FakeTrainer):
        async def train(
            self, job_folder: Path, on_progress: OnProgress, *, secret: bytes | None = None
        ) -> None:
            training.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(runner_over(crowd, clock, tmp_path, Endless()).run([7, 8]))
    await training.wait()
    task.cancel()
    await asyncio.wait([task])

    for user_id in (7, 8):
        [run] = await RunStore(crowd).runs_of(user_id)
        assert run.status is RunStatus.FAILED
    assert not list((tmp_path / "tuning").iterdir())


async def test_what_a_killed_run_left_is_cleared_before_the_next(store, clock, tmp_path):
    left = tmp_path / "tuning" / "run-99" / "examples-7.json"
    left.parent.mkdir(parents=True)
    left.write_text("something private")
    await runner_over(store, clock, tmp_path, FakeTrainer()).run([USER_ID])

    assert not left.exists()


async def test_a_checkpoint_outlives_a_broken_run_and_goes_with_the_next(store, clock, tmp_path):
    path = checkpoint_path(tmp_path / JOBS_NAME, USER_ID)
    await runner_over(store, clock, tmp_path, FakeTrainer(failure="It was killed.")).run([USER_ID])
    assert path.exists()

    await runner_over(store, clock, tmp_path, FakeTrainer()).run([USER_ID])
    assert not path.exists()
    assert await RunStore(store).checkpoints() == frozenset()


async def test_a_checkpoint_of_somebody_forgotten_goes_even_if_it_was_written_too_late(
    store, clock, tmp_path
):
    path = checkpoint_path(tmp_path / JOBS_NAME, USER_ID)
    await runner_over(store, clock, tmp_path, FakeTrainer(failure="It was killed.")).run([USER_ID])
    await Forgetter(store=ErasureStore(store), data_folder=tmp_path, now=clock).forget(USER_ID)
    assert not path.exists()

    path.write_text("half learnt")
    await runner_over(store, clock, tmp_path, FakeTrainer()).run([USER_ID])
    assert not path.exists()


async def test_beside_an_encrypted_database_a_checkpoint_keeps_its_secret_until_it_goes(tmp_path, clock):
    store = await Database.open(tmp_path / "mynah.db", key="key")
    try:
        await UserStore(store).add(USER_ID, name="Ada", is_owner=True, now=clock())
        await correct(store, USER_ID, turns=12, now=clock())
        broken, next_one, later = FakeTrainer(failure="It was killed."), FakeTrainer(), FakeTrainer()
        for trainer in (broken, next_one, later):
            await runner_over(store, clock, tmp_path, trainer, sealed=True).run([USER_ID])
    finally:
        await store.close()

    [secret] = broken.checkpoint_secrets
    assert secret is not None
    assert next_one.checkpoint_secrets == [secret]
    assert later.checkpoint_secrets != [secret]


async def test_two_processes_do_not_tune_at_once(store, clock, tmp_path):
    runner = runner_over(store, clock, tmp_path, FakeTrainer())
    with folder_lock(tmp_path, "tuning"), pytest.raises(TuningBusyError):
        await runner.run([USER_ID])


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
