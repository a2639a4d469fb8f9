"""What is being written in each chat, so that /stop and the end of the process can end it."""

from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager

from engine.language.model import Cancellation


class UnderWay:
    """The work under way, by chat."""

    def __init__(self) -> None:
        self.stopping = False
        """Whether the process is about to end: what it cancels is taken up again at the next start."""
        self._running: defaultdict[int, set[Cancellation]] = defaultdict(set)

    @contextmanager
    def begin(self, chat_id: int) -> Generator[Cancellation]:
        """A piece of work in a chat, from its begin to its end."""
        cancellation = Cancellation()
        self._running[chat_id].add(cancellation)
        if self.stopping:
            cancellation.cancel()
        try:
            yield cancellation
        finally:
            self._running[chat_id].discard(cancellation)
            if not self._running[chat_id]:
                del self._running[chat_id]

    def stop(self, chat_id: int) -> bool:
        """End what is under way in a chat; False when nothing is."""
        running = self._running.get(chat_id, set())
        for cancellation in running:
            cancellation.cancel()
        return bool(running)

    def interrupt(self) -> None:
        """End everything, to be taken up again."""
        self.stopping = True
        for chat_id in self._running:
            self.stop(chat_id)
