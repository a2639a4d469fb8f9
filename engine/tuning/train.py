"""The child process that trains and measures: `python -m engine.tuning.train JOB_FOLDER`.

A process of its own, started afresh and with low priority: it may run out of memory or be killed, and nothing
that serves notices. SIGTERM ends it at once, and the next run goes on after the last whole step. Progress
goes to stdout as lines of JSON; the secret of a sealed job comes from stdin.
"""

import os
import resource
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from engine.errors import EngineError
from engine.language.loading import choose_device, choose_weight_dtype, load_model, load_tokenizer
from engine.language.lora import NO_ADAPTER, wrap_linears
from engine.language.peft_format import WEIGHTS_NAME, adapter_rank, write_adapter
from engine.tuning.checkpoint import Checkpoint, CheckpointFile, purpose_of
from engine.tuning.encoding import Row, encode_example
from engine.tuning.evaluate import FirstSight
from engine.tuning.examine import Examiner
from engine.tuning.examples import Example
from engine.tuning.job import (
    Candidate,
    Job,
    Progress,
    UserJob,
    candidate_folder,
    checkpoint_path,
    examples_file,
    is_sealed_job,
    progress_line,
    read_job,
    write_candidate,
)
from engine.tuning.learner import JointTrainer, Learner, plan_batches
from engine.tuning.measure import Meter
from engine.tuning.replay import write_replay
from engine.tuning.room import check_room
from engine.tuning.stopping import end_when_asked
from engine.tuning.unwanted import balanced

_NICENESS = 10

Report = Callable[[Progress], None]


@dataclass(slots=True)
class _Seat:
    """A user in training, and the step that their checkpoint holds."""

    user: UserJob
    learner: Learner
    checkpoint: CheckpointFile
    saved_step: int


class Worker:
    """Takes the users of a job through training, measurement and writing, a few at a time over one base."""

    def __init__(self, job: Job, folder: Path, *, secret: bytes | None, report: Report) -> None:
        self._job = job
        self._folder = folder
        self._secret = secret
        self._report = report
        self._started = self._saved = time.monotonic()
        self._seats: list[_Seat] = []
        self._at_once = min(job.recipe.users_at_once, len(job.users))
        device = choose_device("auto")
        check_room(job.base_folder, device)
        model = load_model(job.base_folder, device=device, dtype=choose_weight_dtype(device))
        self._tokenizer = load_tokenizer(job.base_folder, model)
        self._stack = wrap_linears(
            model, slots=self._at_once + 2, rank=_highest_rank(job), dtype=torch.float32
        )
        pad_id = min(self._tokenizer.end_ids)
        replay = write_replay(model, self._stack, self._tokenizer, pad_id=pad_id)
        self._trainer = JointTrainer(model, self._stack, recipe=job.recipe, pad_id=pad_id, replay=replay)
        self._meter = Meter(
            model, self._stack, self._tokenizer, pad_id=pad_id, most_tokens=job.recipe.micro_batch_tokens
        )
        self._examiner = Examiner(
            job=job,
            meter=self._meter,
            stack=self._stack,
            tokenizer=self._tokenizer,
            guest_slot=self._at_once + 1,
        )
        self._first_sights: dict[int, FirstSight | None] = {}

    def run(self) -> None:
        """Train and measure everybody, or as many as the time allows."""
        waiting = deque(self._job.users)
        free = list(range(self._at_once, NO_ADAPTER, -1))
        while waiting or self._seats:
            while waiting and free and not self._late():
                self._begin(waiting.popleft(), free.pop())
            forgotten = [seat for seat in self._seats if self._is_forgotten(seat.user)]
            free.extend(map(self._leave, forgotten))
            if not self._seats and (not waiting or self._late()):
                return
            self._step([seat.learner for seat in self._seats if not seat.learner.finished])
            if time.monotonic() - self._saved >= self._job.checkpoint_seconds:
                self.put_down()
            for seat in [seat for seat in self._seats if seat.learner.finished or self._late()]:
                self._finish(seat.learner, seat.user)
                free.append(self._leave(seat))

    def put_down(self) -> None:
        """Write the checkpoint of whoever has learnt something since their last one.

        One that cannot be written costs a later run its time, and this one nothing.
        """
        with self._trainer.between_steps:
            for seat in self._seats:
                if seat.learner.step > seat.saved_step and not self._is_forgotten(seat.user):
                    state = self._trainer.state(seat.learner)
                    with suppress(OSError):
                        seat.checkpoint.write(Checkpoint(loss=seat.learner.loss, state=state))
                        seat.saved_step = seat.learner.step
            self._saved = time.monotonic()

    def _late(self) -> bool:
        budget = self._job.budget_seconds
        return budget is not None and time.monotonic() - self._started > budget

    def _begin(self, user: UserJob, slot: int) -> None:
        """Give a user a slot, with what was learnt before a run like this one was broken off."""
        self._first_sights[user.user_id] = self._examiner.first_sight(user)
        job = self._job
        batches = plan_batches(balanced(self._encode(user.split.train)), job.recipe, seed=job.seed)
        file = CheckpointFile(
            path=checkpoint_path(self._folder.parent, user.user_id),
            purpose=purpose_of(batches, base_name=job.base_name, recipe=job.recipe, seed=job.seed),
            secret=user.checkpoint_secret,
        )
        learner = Learner(user_id=user.user_id, slot=slot, batches=batches)
        left = file.read(values=self._trainer.values_per_slot)
        with self._trainer.between_steps:
            self._trainer.begin(learner, seed=job.seed)
            if left is not None:
                self._trainer.go_on(learner, left.state, loss=left.loss)
            self._seats.append(_Seat(user, learner, file, saved_step=learner.step))

    def _leave(self, seat: _Seat) -> int:
        """Let a user go; returns the slot that is free again."""
        with self._trainer.between_steps:
            self._seats.remove(seat)
        return seat.learner.slot

    def _is_forgotten(self, user: UserJob) -> bool:
        return not examples_file(self._folder, user.user_id).exists()

    def _step(self, learners: list[Learner]) -> None:
        """One step of those who have not learnt all before the last run was broken off."""
        if not learners:
            return
        self._trainer.step(learners)
        for learner in learners:
            self._report(
                Progress(
                    user_id=learner.user_id, step=learner.step, steps=len(learner.batches), loss=learner.loss
                )
            )

    def _finish(self, learner: Learner, user: UserJob) -> None:
        """Write the adapter first and its figures last: a candidate with figures is complete."""
        folder = candidate_folder(self._folder, user.user_id)
        folder.mkdir()
        weights = self._stack.read(learner.slot, rank=self._job.recipe.rank)
        write_adapter(folder, weights, base_model=self._job.base_name, secret=self._secret)
        first_sight = self._first_sights[user.user_id]
        measurement = self._examiner.examine(user, learner.slot, weights, first_sight=first_sight)
        if self._is_forgotten(user):
            return
        training = {
            "steps": float(learner.step),
            "tokens": float(
                sum(len(row.tokens) for batch in learner.batches[: learner.step] for row in batch)
            ),
            "loss": learner.loss,
            "seconds": time.monotonic() - self._started,
            "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "adapter_bytes": float((folder / WEIGHTS_NAME).stat().st_size),
        }
        write_candidate(
            Candidate(user_id=user.user_id, folder=folder, measurement=measurement, training=training)
        )

    def _encode(self, examples: tuple[Example, ...]) -> list[Row]:
        wanted = self._rows(one for one in examples if one.wanted)
        unwanted = self._rows(one for one in examples if not one.wanted)
        base_losses = self._meter.losses(unwanted, NO_ADAPTER)
        return [
            *wanted,
            *(replace(row, base_loss=loss) for row, loss in zip(unwanted, base_losses, strict=True)),
        ]

    def _rows(self, examples: Iterable[Example]) -> list[Row]:
        most_tokens = self._job.recipe.example_tokens
        rows = (encode_example(self._tokenizer, example, most_tokens=most_tokens) for example in examples)
        return [row for row in rows if row is not None]


def _highest_rank(job: Job) -> int:
    """The rank of what is trained, or of what it is held against if that is higher."""
    guests = [files for user in job.users for files in (user.active, *user.others) if files is not None]
    return max(job.recipe.rank, *(adapter_rank(files.folder) for files in guests), 0)


def _put_down(workers: Sequence[Worker]) -> None:
    for worker in workers:
        worker.put_down()


def main(arguments: list[str]) -> int:
    """Run the job in the folder named by the only argument; 0 when done or asked to stop."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m engine.tuning.train JOB_FOLDER\n")
        return 2
    workers: list[Worker] = []
    end_when_asked(lambda: _put_down(workers))
    os.nice(_NICENESS)
    folder = Path(arguments[0])
    secret = sys.stdin.buffer.read() if is_sealed_job(folder) else None
    job = read_job(folder, secret=secret)
    if job.threads is not None:
        torch.set_num_threads(job.threads)

    def report(progress: Progress) -> None:
        sys.stdout.write(progress_line(progress) + "\n")
        sys.stdout.flush()

    try:
        worker = Worker(job, folder, secret=secret, report=report)
        workers.append(worker)
        worker.run()
    except EngineError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
