"""Tuning runs: examples, one child process for all users, gate, and a new version or none for each.

Whatever goes wrong before the last step of a user changes nothing that serves; their run says what it was.
"""

import json
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from engine.errors import TuningError
from engine.profile.memory import Recall
from engine.tuning.child import OnProgress
from engine.tuning.evaluate import Verdict, judge
from engine.tuning.examine import MOST_STRANGERS
from engine.tuning.examples import (
    Example,
    Split,
    build_examples,
    evidence_points,
    fingerprint,
    judged_by_the_user,
    missing_evidence,
    split_by_time,
)
from engine.tuning.figures import as_document, figures_of
from engine.tuning.job import (
    NIGHT_BUDGET,
    AdapterFiles,
    Candidate,
    Job,
    Progress,
    UserJob,
    checkpoint_path,
    read_candidate,
    write_job,
)
from engine.tuning.publish import prune, publish
from engine.tuning.recalling import with_what_was_said
from engine.tuning.recipes import read_recipe
from engine.tuning.workshop import Workshop
from storage.errors import GoneError
from storage.records import Adapter, RunStatus, TuningRun

MOST_FRESH = 100
"""So many of the new replies are scored before they are learnt from, the newest."""

VERSIONS_KEPT = 3
"""The version that serves, and those that /rollback can lead to one after the other, besides the base."""

_ENDED = "It was ended before it had finished."
_NO_TIME = "The time was up before its turn."
_NOTHING_NEW = "There is nothing new since the last tuning."


def due_date(now: datetime, timezone: ZoneInfo, at: time) -> date:
    """The local date of the latest night that has come due at `now` (aware).

    Only instants are compared, so a local time that a change of clocks skips or repeats comes due once.
    """
    today = now.astimezone(timezone).date()
    instant = datetime.combine(today, at, tzinfo=timezone).astimezone(UTC)
    return today if instant <= now else today - timedelta(days=1)


def ignore(_progress: Progress) -> None:
    """The listener of a run that nobody watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A run that has something to learn; `fresh` and `new_points` are what came since the last judged one."""

    run: TuningRun
    split: Split
    fresh: tuple[Example, ...]
    recalled: tuple[Example, ...]
    learnt_from: str
    newest_message: int
    new_points: float


class TuningRunner:
    """Tunes users together; one process at a time may tune on a data folder."""

    def __init__(
        self, workshop: Workshop, *, budget: timedelta = NIGHT_BUDGET, recall: Recall | None = None
    ) -> None:
        """`recall` is what finds past turns for a model that is shown them."""
        self._workshop = workshop
        self._messages, self._runs, self._now = workshop.messages, workshop.runs, workshop.now
        self._budget = budget
        self._recall = recall

    async def run(
        self, user_ids: Sequence[int], *, local_date: date | None = None, on_progress: OnProgress = ignore
    ) -> list[TuningRun]:
        """Tune these users; returns a run of each, but none for a night of `local_date` that has been run.

        Raises TuningBusyError when another process tunes on this folder. Any other failure is recorded in the
        runs; those of a cancelled call are recorded too.
        """
        with self._workshop.alone():
            await self._runs.fail_running(now=self._now(), reason=_ENDED)
            await self._clear_up()
            started = [
                await self._runs.start(user_id, local_date=local_date, now=self._now())
                for user_id in user_ids
            ]
            return await self._run([run for run in started if run is not None], on_progress)

    def check_free(self) -> None:
        """Raises TuningBusyError when a run could not begin now."""
        with self._workshop.alone():
            pass

    async def _clear_up(self) -> None:
        """Delete the chat text of a killed run, and checkpoints of users who were judged or forgotten."""
        jobs = self._workshop.jobs
        for job_folder in jobs.glob("run-*/"):
            shutil.rmtree(job_folder, ignore_errors=True)
        kept = {checkpoint_path(jobs, user_id) for user_id in await self._runs.checkpoints()}
        for path in checkpoint_path(jobs, 0).parent.glob("*"):
            if path not in kept:
                path.unlink(missing_ok=True)

    async def _run(self, runs: Sequence[TuningRun], on_progress: OnProgress) -> list[TuningRun]:
        if not runs:
            return []
        job_folder = self._workshop.jobs / f"run-{runs[0].run_id}"
        try:
            return await self._tune(runs, job_folder, on_progress)
        except BaseException:
            await self._runs.fail_running(now=self._now(), reason=_ENDED)
            raise
        finally:
            shutil.rmtree(job_folder, ignore_errors=True)  # it holds chat text

    async def _tune(
        self, runs: Sequence[TuningRun], job_folder: Path, on_progress: OnProgress
    ) -> list[TuningRun]:
        """Train whoever has something new, most of it first, and settle each run."""
        prepared: list[_Prepared] = []
        settled: list[TuningRun] = []
        for run in runs:
            match await self._prepare(run):
                case _Prepared() as ready:
                    prepared.append(ready)
                case reason:
                    with suppress(GoneError):
                        settled.append(await self._close(run, RunStatus.SKIPPED, reason))
                    await self._drop_checkpoint(run.user_id)
        if prepared:
            prepared.sort(key=lambda one: one.new_points, reverse=True)
            secret = self._workshop.new_secret()
            write_job(job_folder, await self._job(prepared), secret=secret)
            failure = await self._train(job_folder, on_progress, secret)
            for one in prepared:
                run = await self._settle(one, job_folder, failure, secret)
                if run is None or run.status is not RunStatus.FAILED:
                    await self._drop_checkpoint(one.run.user_id)
                if run is not None:
                    settled.append(run)
        return settled

    async def _prepare(self, run: TuningRun) -> _Prepared | str:
        """What a run will learn, or why it is not worth a training."""
        examples = build_examples(await self._messages.rated_turns(run.user_id))
        lacking = missing_evidence(examples)
        if lacking is not None:
            return lacking
        last = await self._last_report(run.user_id)
        learnt_from = fingerprint(examples)
        if run.local_date is not None and last.get("learnt_from") == learnt_from:
            return _NOTHING_NEW
        known = last.get("newest_message", 0)
        new = [one for one in examples if one.message_ids[-1] > known]
        split, recall = split_by_time(examples), self._recall
        return _Prepared(
            run=run,
            split=split,
            recalled=await with_what_was_said(recall, run.user_id, split.held_out) if recall else (),
            fresh=tuple(judged_by_the_user(new)[-MOST_FRESH:]),
            learnt_from=learnt_from,
            newest_message=examples[-1].message_ids[-1],
            new_points=evidence_points(new),
        )

    async def _train(self, job_folder: Path, on_progress: OnProgress, secret: bytes | None) -> str | None:
        """Run the child; returns why it broke off. Whoever it had finished by then is judged all the same."""
        try:
            await self._workshop.trainer.train(job_folder, on_progress, secret=secret)
        except TuningError as error:
            return str(error)
        return None

    async def _settle(
        self, one: _Prepared, job_folder: Path, failure: str | None, secret: bytes | None
    ) -> TuningRun | None:
        """Judge what came of one user's training, and publish it or say why not.

        Of a user who was forgotten meanwhile neither a run nor anything that it made is kept: None.
        """
        try:
            return await self._judge(one, job_folder, failure, secret)
        except GoneError:
            return None

    async def _judge(
        self, one: _Prepared, job_folder: Path, failure: str | None, secret: bytes | None
    ) -> TuningRun:
        """Raises GoneError when the user was forgotten meanwhile."""
        try:
            candidate = read_candidate(job_folder, one.run.user_id)
            if candidate is None:
                status = RunStatus.SKIPPED if failure is None else RunStatus.FAILED
                return await self._close(one.run, status, failure or _NO_TIME)
            verdict = judge(candidate.measurement, seed=self._workshop.seed)
            report = _report(one, verdict, candidate)
            if not verdict.promoted:
                return await self._close(one.run, RunStatus.REJECTED, verdict.reason, report)
            return await self._promote(one.run, candidate, verdict, report, secret)
        except TuningError as error:
            return await self._close(one.run, RunStatus.FAILED, str(error))

    async def _promote(
        self,
        run: TuningRun,
        candidate: Candidate,
        verdict: Verdict,
        report: dict[str, Any],
        sealed_with: bytes | None,
    ) -> TuningRun:
        base_name = self._workshop.base.name
        adapter = await self._runs.add_candidate(
            run.user_id, base_model=base_name, run_id=run.run_id, now=self._now()
        )
        meta = {"user_id": run.user_id, "version": adapter.version, "base_model": base_name, **report}
        version_folder = self._workshop.data_folder / adapter.folder
        publish(candidate.folder, version_folder, meta=meta, sealed_with=sealed_with, secret=adapter.secret)
        try:
            promoted = await self._runs.promote(
                run.run_id,
                version=adapter.version,
                reason=verdict.reason,
                report=json.dumps(report),
                now=self._now(),
            )
        except GoneError:
            shutil.rmtree(version_folder, ignore_errors=True)
            raise
        kept = await self._runs.keep_newest(run.user_id, versions=VERSIONS_KEPT)
        with suppress(OSError):  # what could not be deleted is tried again after the next tuning
            prune(version_folder.parent, keep=kept)
        return promoted

    async def _job(self, prepared: Sequence[_Prepared]) -> Job:
        active = {adapter.user_id: adapter for adapter in await self._runs.active_adapters()}
        return Job(
            base_name=self._workshop.base.name,
            base_folder=self._workshop.base.folder,
            users=tuple([await self._user_job(one, active) for one in prepared]),
            seed=self._workshop.seed,
            budget_seconds=self._budget.total_seconds(),
            recipe=read_recipe(await self._runs.recipe_for(self._workshop.base.name)),
        )

    async def _user_job(self, one: _Prepared, active: dict[int, Adapter]) -> UserJob:
        own = active.get(one.run.user_id)
        others = [adapter for user_id, adapter in active.items() if user_id != one.run.user_id]
        return UserJob(
            user_id=one.run.user_id,
            split=one.split,
            checkpoint_secret=await self._runs.keep_checkpoint(one.run.user_id),
            fresh=one.fresh,
            recalled=one.recalled,
            active=None if own is None else self._files(own),
            others=tuple(map(self._files, others[:MOST_STRANGERS])),
        )

    def _files(self, adapter: Adapter) -> AdapterFiles:
        return AdapterFiles(folder=self._workshop.data_folder / adapter.folder, secret=adapter.secret)

    async def _drop_checkpoint(self, user_id: int) -> None:
        checkpoint_path(self._workshop.jobs, user_id).unlink(missing_ok=True)
        await self._runs.drop_checkpoint(user_id)

    async def _last_report(self, user_id: int) -> dict[str, Any]:
        """The report of the newest run that was judged, empty when there is none."""
        for run in reversed(await self._runs.runs_of(user_id)):
            if run.status in (RunStatus.PROMOTED, RunStatus.REJECTED):
                return json.loads(run.report)
        return {}

    async def _close(
        self, run: TuningRun, status: RunStatus, reason: str, report: dict[str, Any] | None = None
    ) -> TuningRun:
        return await self._runs.finish(
            run.run_id, status=status, reason=reason, report=json.dumps(report or {}), now=self._now()
        )


def _report(one: _Prepared, verdict: Verdict, candidate: Candidate) -> dict[str, Any]:
    """The figures of a run as they are kept: losses in nats per token."""
    return {
        "examples": len(one.split.train),
        "held_out": len(one.split.held_out) + len(one.split.disliked),
        "learnt_from": one.learnt_from,
        "newest_message": one.newest_message,
        **asdict(verdict),
        "figures": as_document(figures_of(candidate.measurement)),
        "training": dict(candidate.training),
    }
