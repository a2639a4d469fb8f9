"""The number of threads follows what the steps take."""

from engine.language.governor import ThreadGovernor


class Cores:
    """Stands for a processor: how long a step takes with so many threads, and a clock that steps move on."""

    def __init__(self, seconds: dict[int, float]) -> None:
        self.seconds = seconds
        self.threads = max(seconds)
        self.time = 0.0
        self.begin_with(self.threads)

    def begin_with(self, threads: int) -> None:
        self.threads = threads
        self.governor = ThreadGovernor(
            threads, most=max(self.seconds), set_threads=self.set_threads, now=lambda: self.time
        )

    def set_threads(self, threads: int) -> None:
        self.threads = threads

    def run(self, seconds: float) -> list[int]:
        """Step for a while; the thread counts used."""
        used: list[int] = []
        end = self.time + seconds
        while self.time < end:
            used.append(self.threads)
            self.time += self.seconds[self.threads]
            self.governor.observe(1, self.seconds[used[-1]])
        return used


FREE = {1: 0.035, 2: 0.02, 4: 0.015}
BUSY = {1: 0.045, 2: 0.4, 4: 0.7}


def test_free_cores_are_all_used() -> None:
    used = Cores(FREE).run(300)
    assert used.count(4) > 0.99 * len(used)
    assert used[-1] == 4


def test_too_few_threads_at_the_start_become_more() -> None:
    cores = Cores(FREE)
    cores.begin_with(1)
    assert cores.run(60)[-1] == 4


def test_busy_cores_are_left_within_a_few_steps() -> None:
    cores = Cores(FREE)
    cores.run(1)
    cores.seconds = BUSY
    used = cores.run(6)
    assert sum(threads > 1 for threads in used) <= 8
    assert used[-1] == 1


def test_cores_that_are_busy_from_the_start_are_left_too() -> None:
    used = Cores(BUSY).run(30)
    assert sum(threads > 1 for threads in used) <= 8
    assert used[-1] == 1


def test_retries_under_load_become_rare() -> None:
    cores = Cores(FREE)
    cores.run(1)
    cores.seconds = BUSY
    cores.run(10)
    used = cores.run(300)
    assert sum(threads > 1 for threads in used) < 12


def test_all_cores_are_used_again_once_they_are_free() -> None:
    cores = Cores(FREE)
    cores.run(1)
    cores.seconds = BUSY
    cores.run(60)
    cores.seconds = FREE
    cores.run(300)
    assert cores.threads == 4


def test_a_single_slow_step_changes_nothing() -> None:
    cores = Cores(FREE)
    cores.run(1)
    cores.governor.observe(1, 2.0)
    assert cores.threads == 4
    cores.run(60)
    assert cores.threads == 4


def test_more_rows_are_not_taken_for_slowness() -> None:
    cores = Cores(FREE)
    cores.run(1)
    for _ in range(20):
        cores.time += 0.2
        cores.governor.observe(16, 0.2)
    assert cores.threads == 4
