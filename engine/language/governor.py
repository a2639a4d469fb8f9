"""How many threads compute, when other work shares the cores.

Threads wait for each other hundreds of times a token. When tuning or another program holds one of the cores,
each wait lasts a time slice: on two busy cores two threads took 700 ms for a token and one thread 43.
"""

from collections.abc import Callable

_SLOW = 3.0
_SLOW_STEPS = 3
_FIRST_RETRY_SECONDS = 5.0
_LAST_RETRY_SECONDS = 80.0


class ThreadGovernor:
    """Halves the threads while steps take far longer than they could, and tries more again later."""

    def __init__(self, threads: int, *, set_threads: Callable[[int], None], now: Callable[[], float]) -> None:
        self._most = self._threads = threads
        self._set_threads = set_threads
        self._now = now
        self._best: dict[int, float] = {}
        self._slow_steps = 0
        self._retry_seconds = _FIRST_RETRY_SECONDS
        self._retry_at = 0.0
        self._before_retry: float | None = None

    def observe(self, rows: int, seconds: float) -> None:
        """Take note of a step of so many rows, and set the threads of the next."""
        if self._before_retry is not None:
            self._judge_retry(seconds)
        elif self._threads < self._most and self._now() >= self._retry_at:
            self._before_retry = seconds
            self._change(self._threads * 2)
        else:
            self._best[rows] = min(seconds, self._best.get(rows, seconds))
            self._slow_steps = self._slow_steps + 1 if seconds > _SLOW * self._best[rows] else 0
            if self._slow_steps >= _SLOW_STEPS and self._threads > 1:
                self._retry_seconds = _FIRST_RETRY_SECONDS
                self._step_down()

    def _judge_retry(self, seconds: float) -> None:
        worse = self._before_retry is not None and seconds > 0.9 * self._before_retry
        self._before_retry = None
        if worse:
            self._retry_seconds = min(2 * self._retry_seconds, _LAST_RETRY_SECONDS)
            self._step_down()

    def _step_down(self) -> None:
        self._slow_steps = 0
        self._retry_at = self._now() + self._retry_seconds
        self._change(max(1, self._threads // 2))

    def _change(self, threads: int) -> None:
        self._threads = min(threads, self._most)
        self._set_threads(self._threads)
