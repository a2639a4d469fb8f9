"""What is being written in each chat or topic, so that /stop and the end of the process can end it."""

from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager

from engine.language.model import Cancellation

Lane = tuple[int, int | None]
"""A chat, and the topic of it where a group has topics."""


class UnderWay:
    """The work under way, by lane."""

    def __init__(self) -> None:
        self.stopping = False
        """Whether the process is about to end: what it cancels is taken up again at the next start."""
        self._running: defaultdict[Lane, set[Cancellation]] = defaultdict(set)

    @contextmanager
    def begin(self, lane: Lane) -> Generator[Cancellation]:
        """A piece of work in a lane, from its begin to its end."""
        cancellation = Cancellation()
        self._running[lane].add(cancellation)
        if self.stopping:
            cancellation.cancel()
        try:
            yield cancellation
        finally:
            self._running[lane].discard(cancellation)
            if not self._running[lane]:
                del self._running[lane]

    def stop(self, lane: Lane) -> bool:
        """End what is under way in a lane; False when nothing is."""
        running = self._running.get(lane, set())
        for cancellation in running:
            cancellation.cancel()
        return bool(running)

    def interrupt(self) -> None:
        """End everything, to be taken up again."""
        self.stopping = True
        for lane in self._running:
            self.stop(lane)
