"""The child process that trains and measures: `python -m engine.tuning.train JOB_FOLDER`.

A process of its own, started afresh and with low priority: it may run out of memory or be killed, and nothing
that serves notices. SIGTERM ends it after the step under way. Progress goes to stdout as lines of JSON;
the secret of a sealed job comes from stdin.
"""

import os
import resource
import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from engine.errors import EngineError
from engine.language.loading import choose_device, load_model, load_tokenizer
from engine.language.lora import NO_ADAPTER, wrap_linears
from engine.language.peft_format import WEIGHTS_NAME, adapter_rank, write_adapter
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
    is_sealed_job,
    progress_line,
    read_job,
    write_candidate,
)
from engine.tuning.learner import JointTrainer, Learner, plan_batches
from engine.tuning.measure import Meter
from engine.tuning.replay import write_replay

_NICENESS = 10

Report = Callable[[Progress], None]


class StopRequest:
    """Set by SIGTERM, or by the end of the parent, without whom nobody judges the result.

    It is asked between steps.
    """

    def __init__(self) -> None:
        self._signalled = False
        self._parent = os.getppid()
        signal.signal(signal.SIGTERM, self._on_signal)

    @property
    def asked(self) -> bool:
        """Whether to end now."""
        return self._signalled or os.getppid() != self._parent

    def _on_signal(self, _number: int, _frame: Any) -> None:
        self._signalled = True


class Worker:
    """Takes the users of a job through training, measurement and writing, a few at a time over one base."""

    def __init__(
        self, job: Job, folder: Path, *, secret: bytes | None, report: Report, stop: StopRequest
    ) -> None:
        self._job = job
        self._folder = folder
        self._secret = secret
        self._report = report
        self._stop = stop
        self._started = time.monotonic()
        self._at_once = min(job.recipe.users_at_once, len(job.users))
        device = choose_device("auto")
        dtype = torch.bfloat16 if device.type == "cuda" else torch.float32  # many a CPU only emulates bf16
        model = load_model(job.base_folder, device=device, dtype=dtype)
        self._tokenizer = load_tokenizer(job.base_folder, model)
        self._stack = wrap_linears(
            model, slots=self._at_once + 2, rank=_highest_rank(job), dtype=torch.float32
        )
        pad_id = min(self._tokenizer.end_ids)
        replay = write_replay(model, self._stack, self._tokenizer, pad_id=pad_id)
        self._trainer = JointTrainer(model, self._stack, recipe=job.recipe, pad_id=pad_id, replay=replay)
        meter = Meter(
            model, self._stack, self._tokenizer, pad_id=pad_id, most_tokens=job.recipe.micro_batch_tokens
        )
        self._examiner = Examiner(
            job=job, meter=meter, stack=self._stack, tokenizer=self._tokenizer, guest_slot=self._at_once + 1
        )
        self._first_sights: dict[int, FirstSight | None] = {}

    def run(self) -> None:
        """Train and measure everybody, or as many as the time allows."""
        waiting = deque(self._job.users)
        free = list(range(self._at_once, NO_ADAPTER, -1))
        active: list[tuple[Learner, UserJob]] = []
        while (waiting or active) and not self._stop.asked:
            while waiting and free and not self._late():
                active.append(self._begin(waiting.popleft(), free.pop()))
            if not active:
                return
            self._trainer.step([learner for learner, _ in active])
            for learner, user in list(active):
                self._tell(learner)
                if learner.finished or self._late():
                    active.remove((learner, user))
                    free.append(learner.slot)
                    self._finish(learner, user)

    def _late(self) -> bool:
        budget = self._job.budget_seconds
        return budget is not None and time.monotonic() - self._started > budget

    def _begin(self, user: UserJob, slot: int) -> tuple[Learner, UserJob]:
        self._first_sights[user.user_id] = self._examiner.first_sight(user)
        rows = self._encode(user.split.train)
        batches = plan_batches(rows, self._job.recipe, seed=self._job.seed)
        learner = Learner(user_id=user.user_id, slot=slot, batches=batches)
        self._trainer.begin(learner, seed=self._job.seed)
        return learner, user

    def _tell(self, learner: Learner) -> None:
        self._report(
            Progress(
                user_id=learner.user_id, step=learner.step, steps=len(learner.batches), loss=learner.loss
            )
        )

    def _finish(self, learner: Learner, user: UserJob) -> None:
        """Write the adapter first and its figures last: a candidate with figures is complete."""
        if self._stop.asked:
            return
        folder = candidate_folder(self._folder, user.user_id)
        folder.mkdir()
        weights = self._stack.read(learner.slot, rank=self._job.recipe.rank)
        write_adapter(folder, weights, base_model=self._job.base_name, secret=self._secret)
        first_sight = self._first_sights[user.user_id]
        measurement = self._examiner.examine(user, learner.slot, weights, first_sight=first_sight)
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
        most_tokens = self._job.recipe.example_tokens
        rows = (encode_example(self._tokenizer, example, most_tokens=most_tokens) for example in examples)
        return [row for row in rows if row is not None]


def _highest_rank(job: Job) -> int:
    """The rank of what is trained, or of what it is held against if that is higher."""
    guests = [files for user in job.users for files in (user.active, *user.others) if files is not None]
    return max(job.recipe.rank, *(adapter_rank(files.folder) for files in guests), 0)


def main(arguments: list[str]) -> int:
    """Run the job in the folder named by the only argument; 0 when done or asked to stop."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m engine.tuning.train JOB_FOLDER\n")
        return 2
    stop = StopRequest()
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
        Worker(job, folder, secret=secret, report=report, stop=stop).run()
    except EngineError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
