"""How many threads compute, when other work shares the cores.

Threads wait for each other hundreds of times a token. When tuning or another program holds one of the cores,
each wait lasts a time slice: on two busy cores two threads took 700 ms for a token and one thread 43.
"""

from collections.abc import Callable
from dataclasses import dataclass

_SLOW = 3.0
_SLOW_STEPS = 3
_FIRST_TRIAL_SECONDS = 5.0
_LAST_TRIAL_SECONDS = 80.0
_FEWER_MUST_TAKE = 0.8
_MORE_MUST_TAKE = 0.95
"""Of the time of the step before; a single slow step is no reason to give up a core."""


@dataclass(frozen=True, slots=True)
class _Trial:
    """One step with another number of threads, to be compared with the step before."""

    rows: int
    threads_before: int
    seconds_before: float


class ThreadGovernor:
    """Tries half and twice the threads now and then, and halves them at once when steps become slow."""

    def __init__(
        self, threads: int, *, most: int, set_threads: Callable[[int], None], now: Callable[[], float]
    ) -> None:
        """Begin with `threads`; there may be `most`, since a measurement may have been disturbed."""
        self._threads, self._most = threads, most
        self._set_threads = set_threads
        self._now = now
        self._best: dict[int, float] = {}
        self._slow_steps = 0
        self._trial: _Trial | None = None
        self._trial_at = now()
        self._trial_seconds = _FIRST_TRIAL_SECONDS
        self._upwards = False

    def observe(self, rows: int, seconds: float) -> None:
        """Take note of a step of so many rows, and set the threads of the next."""
        if self._trial is not None:
            self._judge(self._trial, rows, seconds)
        elif self._most > 1 and self._now() >= self._trial_at:
            self._try_other(rows, seconds)
        else:
            self._watch(rows, seconds)

    def _watch(self, rows: int, seconds: float) -> None:
        self._best[rows] = min(seconds, self._best.get(rows, seconds))
        self._slow_steps = self._slow_steps + 1 if seconds > _SLOW * self._best[rows] else 0
        if self._slow_steps >= _SLOW_STEPS:
            self._slow_steps = 0
            self._change(max(1, self._threads // 2))
            self._wait(_FIRST_TRIAL_SECONDS)

    def _try_other(self, rows: int, seconds: float) -> None:
        if self._threads in (1, self._most):
            self._upwards = self._threads == 1
        self._trial = _Trial(rows, self._threads, seconds)
        self._change(min(self._most, self._threads * 2) if self._upwards else self._threads // 2)

    def _judge(self, trial: _Trial, rows: int, seconds: float) -> None:
        self._trial = None
        must_take = _MORE_MUST_TAKE if self._upwards else _FEWER_MUST_TAKE
        if rows == trial.rows and seconds < must_take * trial.seconds_before:
            self._trial_seconds = _FIRST_TRIAL_SECONDS
        else:
            self._upwards = not self._upwards
            self._change(trial.threads_before)
            self._wait(min(2 * self._trial_seconds, _LAST_TRIAL_SECONDS))

    def _wait(self, seconds: float) -> None:
        self._trial_seconds = seconds
        self._trial_at = self._now() + seconds

    def _change(self, threads: int) -> None:
        self._threads = threads
        self._set_threads(threads)
