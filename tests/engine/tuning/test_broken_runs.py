"""Runs of the real child that are killed, stopped, or lose one of their users, on the tiny model."""

import asyncio
import resource
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine.language.model import ChatMessage
from engine.tuning.examples import Evidence, Example, Split
from engine.tuning.job import (
    META_NAME,
    Candidate,
    Job,
    Progress,
    Recipe,
    UserJob,
    candidate_folder,
    checkpoint_path,
    examples_file,
    read_candidate,
    read_progress,
    write_job,
)
from storage.records import Role
from tests.engine.language.conftest import BASE_NAME, save_tiny

SHORT, LONG = 7, 8
RECIPE = Recipe(rank=4, steps=20, fewest_rounds=10, most_rounds=10)


class Runs:
    """Runs of one job, each in a folder of its own, as a night that is tried again has them."""

    def __init__(self, folder: Path, base: Path, *, checkpoint_seconds: float) -> None:
        self._folder, self._base = folder, base
        self._checkpoint_seconds = checkpoint_seconds
        self._count = 0
        self.told: list[Progress] = []

    @property
    def job_folder(self) -> Path:
        """That of the newest run."""
        return self._folder / f"run-{self._count}"

    def checkpoint(self, user_id: int) -> Path:
        return checkpoint_path(self._folder, user_id)

    def candidate(self, user_id: int) -> Candidate:
        """What the newest run has made of a user."""
        candidate = read_candidate(self.job_folder, user_id)
        assert candidate is not None
        return candidate

    @asynccontextmanager
    async def begun(self) -> AsyncGenerator[asyncio.subprocess.Process]:
        """A child over the job, which is dead afterwards."""
        self._count += 1
        self.told = []
        job = Job(
            base_name=BASE_NAME,
            base_folder=self._base,
            users=(user(SHORT, examples=4), user(LONG, examples=8)),
            seed=0,
            threads=1,
            checkpoint_seconds=self._checkpoint_seconds,
            recipe=RECIPE,
        )
        write_job(self.job_folder, job)
        command = (sys.executable, "-m", "engine.tuning.train", str(self.job_folder))
        child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        try:
            yield child
        finally:
            if child.returncode is None:
                child.kill()
            await child.wait()

    async def hear(self, child: asyncio.subprocess.Process, until: Callable[[Progress], bool]) -> None:
        """Read what the child tells until something holds, or to its end."""
        assert child.stdout is not None
        while line := await child.stdout.readline():
            progress = read_progress(line)
            assert progress is not None
            self.told.append(progress)
            if until(progress):
                return

    async def complete(self) -> None:
        """A run that nobody disturbs."""
        async with self.begun() as child:
            await self.hear(child, until=never)
            assert await child.wait() == 0


def never(_progress: Progress) -> bool:
    return False


def user(user_id: int, *, examples: int) -> UserJob:
    lessons = tuple(
        Example(
            message_ids=(2 * number, 2 * number + 1),
            context=(ChatMessage(Role.USER, f"question {number} of {user_id}"),),
            reply=f"reply {number}",
            evidence=Evidence.CORRECTED,
        )
        for number in range(examples)
    )
    return UserJob(user_id=user_id, split=Split(train=lessons, held_out=lessons[:2]))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("models") / BASE_NAME)


async def kill_while_loading(runs: Runs) -> None:
    async with runs.begun():
        pass


async def kill_in_the_first_steps(runs: Runs) -> None:
    async with runs.begun() as child:
        await runs.hear(child, until=lambda told: told.step == 2)
        child.kill()
    assert runs.told[0].step == 1


async def kill_while_a_checkpoint_is_written(runs: Runs) -> None:
    """The file system gives no room for the end of the file, then the child dies."""
    async with runs.begun() as child:
        await runs.hear(child, until=lambda told: told.user_id == LONG)
        resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (1000, 1000))
        half = runs.checkpoint(LONG).with_suffix(".tmp")
        await runs.hear(child, until=lambda _: half.exists())
        child.kill()
    assert half.stat().st_size == 1000


async def kill_while_one_is_measured(runs: Runs) -> None:
    async with runs.begun() as child:
        begun = candidate_folder(runs.job_folder, SHORT)
        await runs.hear(child, until=lambda told: told.user_id == SHORT and told.step == told.steps)
        while not begun.exists():  # noqa: ASYNC110 (the child gives no event)
            await asyncio.sleep(0.005)
        child.kill()
    assert not (begun / META_NAME).exists()


async def kill_while_the_last_one_learns(runs: Runs) -> None:
    async with runs.begun() as child:
        finished = candidate_folder(runs.job_folder, SHORT) / META_NAME
        await runs.hear(child, until=lambda _: finished.exists())
        child.kill()
    assert runs.told[-1].user_id == LONG
    assert runs.told[-1].step < runs.told[-1].steps


STAGES = (
    kill_while_loading,
    kill_in_the_first_steps,
    kill_while_a_checkpoint_is_written,
    kill_while_one_is_measured,
    kill_while_the_last_one_learns,
)


@pytest.mark.slow  # eight starts of the child: about 50 s on two free cores
async def test_a_run_killed_at_five_stages_ends_like_one_that_never_was(tmp_path: Path, base: Path):
    whole = Runs(tmp_path / "whole", base, checkpoint_seconds=3600)
    await whole.complete()
    losses = {(told.user_id, told.step): told.loss for told in whole.told}

    killed = Runs(tmp_path / "killed", base, checkpoint_seconds=0)
    for stage in STAGES:
        await stage(killed)
        assert {(told.user_id, told.step): told.loss for told in killed.told} == pytest.approx(
            {key: losses[key] for key in losses if key in {(told.user_id, told.step) for told in killed.told}}
        )
    await killed.complete()

    assert {told.user_id for told in killed.told} == {LONG}
    assert killed.told[0].step > 20
    for user_id in (SHORT, LONG):
        one, other = killed.candidate(user_id), whole.candidate(user_id)
        assert one.training["steps"] == other.training["steps"]
        assert one.training["loss"] == pytest.approx(other.training["loss"], abs=1e-4)
        assert [turn.candidate for turn in one.measurement.turns] == pytest.approx(
            [turn.candidate for turn in other.measurement.turns], abs=1e-3
        )


@pytest.mark.slow  # two starts of the child
async def test_a_stopped_run_loses_no_whole_step_and_a_forgotten_user_learns_no_more(
    tmp_path: Path, base: Path
):
    runs = Runs(tmp_path, base, checkpoint_seconds=3600)
    async with runs.begun() as child:
        await runs.hear(child, until=lambda told: told.user_id == LONG and told.step == 3)
        child.send_signal(signal.SIGTERM)
        await runs.hear(child, until=never)
        assert await child.wait() == 0
    stopped_after = runs.told[-1].step

    async with runs.begun() as child:
        await runs.hear(child, until=lambda told: told.user_id == LONG)
        assert stopped_after < runs.told[-1].step <= stopped_after + 2
        examples_file(runs.job_folder, SHORT).unlink()
        await runs.hear(child, until=never)
        assert await child.wait() == 0
    assert read_candidate(runs.job_folder, SHORT) is None
    assert runs.candidate(LONG).training["steps"] == 40
