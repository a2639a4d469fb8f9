"""One tuning run for one user: examples, child process, gate, and a new version or none.

Whatever goes wrong before the last step changes nothing that serves; the run says what it was.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from engine.errors import TuningBusyError, TuningError
from engine.language.bundled import ResolvedModel
from engine.tuning.child import OnProgress, Trainer
from engine.tuning.evaluate import Verdict, judge
from engine.tuning.examples import Split, build_examples, fingerprint, missing_evidence, split_by_time
from engine.tuning.job import Candidate, Job, Progress, UserJob, read_candidate, write_job
from engine.tuning.publish import publish
from storage.errors import LockedError
from storage.lock import folder_lock
from storage.messages import MessageStore
from storage.records import RunStatus, TuningRun
from storage.runs import RunStore

BUDGET_SECONDS = 30 * 60.0
"""A run that takes longer than this on a slow machine ends with what it has learnt by then."""

_ENDED = "It was ended before it had finished."


def due_date(now: datetime, timezone: ZoneInfo, at: time) -> date:
    """The local date of the latest night that has come due at `now` (aware).

    Only instants are compared, so a local time that a change of clocks skips or repeats comes due once.
    """
    today = now.astimezone(timezone).date()
    instant = datetime.combine(today, at, tzinfo=timezone).astimezone(UTC)
    return today if instant <= now else today - timedelta(days=1)


def ignore(_progress: Progress) -> None:
    """The listener of a run that nobody watches."""


class TuningRunner:
    """Tunes one user at a time; one process at a time may tune on a data folder."""

    def __init__(
        self,
        *,
        messages: MessageStore,
        runs: RunStore,
        trainer: Trainer,
        data_folder: Path,
        base: ResolvedModel,
        now: Callable[[], datetime],
        seed: int = 0,
    ) -> None:
        self._messages = messages
        self._runs = runs
        self._trainer = trainer
        self._data_folder = data_folder
        self._base = base
        self._now = now
        self._seed = seed

    async def run(
        self, user_id: int, *, local_date: date | None = None, on_progress: OnProgress = ignore
    ) -> TuningRun | None:
        """Tune one user; None when the night of `local_date` has been run already.

        Raises TuningBusyError when another process tunes on this folder. Any other failure is recorded in the
        run that is returned; a cancelled run is recorded too.
        """
        try:
            with folder_lock(self._data_folder, "tuning"):
                await self._runs.fail_running(now=self._now(), reason=_ENDED)
                run = await self._runs.start(user_id, local_date=local_date, now=self._now())
                return None if run is None else await self._run(run, on_progress)
        except LockedError as error:
            raise TuningBusyError from error

    async def _run(self, run: TuningRun, on_progress: OnProgress) -> TuningRun:
        job_folder = self._data_folder / "tuning" / f"run-{run.run_id}"
        try:
            return await self._tune(run, job_folder, on_progress)
        except TuningError as error:
            return await self._close(run, RunStatus.FAILED, str(error))
        except BaseException:
            await self._close(run, RunStatus.FAILED, _ENDED)
            raise
        finally:
            shutil.rmtree(job_folder, ignore_errors=True)  # it holds chat text

    async def _tune(self, run: TuningRun, job_folder: Path, on_progress: OnProgress) -> TuningRun:
        examples = build_examples(await self._messages.rated_turns(run.user_id))
        lacking = missing_evidence(examples)
        if lacking is not None:
            return await self._close(run, RunStatus.SKIPPED, lacking)
        learnt_from = fingerprint(examples)
        if run.local_date is not None and await self._judged_before(run.user_id, learnt_from):
            return await self._close(run, RunStatus.SKIPPED, "There is nothing new since the last tuning.")
        split = split_by_time(examples)
        write_job(job_folder, await self._job(run.user_id, split))
        await self._trainer.train(job_folder, on_progress)
        candidate = read_candidate(job_folder, run.user_id)
        if candidate is None:
            raise TuningError("The training ended without a result.")
        verdict = judge(candidate.measurement, seed=self._seed)
        report = _report(split, verdict, candidate, learnt_from)
        if not verdict.promoted:
            return await self._close(run, RunStatus.REJECTED, verdict.reason, report)
        return await self._promote(run, candidate, verdict, report)

    async def _promote(
        self, run: TuningRun, candidate: Candidate, verdict: Verdict, report: dict[str, Any]
    ) -> TuningRun:
        adapter = await self._runs.add_candidate(
            run.user_id, base_model=self._base.name, run_id=run.run_id, now=self._now()
        )
        meta = {"user_id": run.user_id, "version": adapter.version, "base_model": self._base.name, **report}
        publish(candidate.folder, self._data_folder / adapter.folder, meta=meta)
        try:
            return await self._runs.promote(
                run.run_id,
                version=adapter.version,
                reason=verdict.reason,
                report=json.dumps(report),
                now=self._now(),
            )
        except KeyError as error:
            raise TuningError("The user was forgotten meanwhile.") from error

    async def _job(self, user_id: int, split: Split) -> Job:
        active = {adapter.user_id: adapter for adapter in await self._runs.active_adapters()}
        own = active.pop(user_id, None)
        other = next(iter(active.values()), None)
        user = UserJob(
            user_id=user_id,
            split=split,
            active=None if own is None else self._data_folder / own.folder,
            control=None if other is None else self._data_folder / other.folder,
        )
        return Job(
            base_name=self._base.name,
            base_folder=self._base.folder,
            users=(user,),
            seed=self._seed,
            budget_seconds=BUDGET_SECONDS,
        )

    async def _judged_before(self, user_id: int, learnt_from: str) -> bool:
        """Whether the newest run that trained had exactly these examples."""
        for run in reversed(await self._runs.runs_of(user_id)):
            if run.status in (RunStatus.PROMOTED, RunStatus.REJECTED):
                return json.loads(run.report).get("learnt_from") == learnt_from
        return False

    async def _close(
        self, run: TuningRun, status: RunStatus, reason: str, report: dict[str, Any] | None = None
    ) -> TuningRun:
        return await self._runs.finish(
            run.run_id, status=status, reason=reason, report=json.dumps(report or {}), now=self._now()
        )


def _report(split: Split, verdict: Verdict, candidate: Candidate, learnt_from: str) -> dict[str, Any]:
    """The figures of a run as they are kept: losses in nats per token."""
    return {
        "examples": len(split.train),
        "held_out": len(split.held_out),
        "learnt_from": learnt_from,
        **asdict(verdict),
        "training": dict(candidate.training),
    }
