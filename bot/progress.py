"""Progress of long work on standard error: a bar on a terminal, plain lines elsewhere."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import TextIO

from tqdm import tqdm

from engine.language.bundled import Progress

_EXPECTED_SECONDS = 15
_TICK_SECONDS = 0.2


@contextmanager
def sentences_on(stream: TextIO) -> Generator[Progress]:
    """A `Progress` that shows each sentence; on a terminal a bar runs until the next one."""
    bar = _Bar(stream) if stream.isatty() else None

    def show(sentence: str) -> None:
        if bar is None:
            stream.write(f"{sentence}\n")
            stream.flush()
        else:
            bar.begin(sentence)

    try:
        yield show
    finally:
        if bar is not None:
            bar.end()


class _Bar:
    """A bar that moves by the expected time, since the work behind it tells only its begin and its end."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, sentence: str) -> None:
        """Finish the bar under way and start the next."""
        self.end()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(sentence, self._ended), daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Finish the bar under way, if there is one."""
        if self._thread is not None:
            self._ended.set()
            self._thread.join()
            self._thread = None

    def _run(self, sentence: str, ended: threading.Event) -> None:
        ticks = int(_EXPECTED_SECONDS / _TICK_SECONDS)
        with tqdm(
            total=ticks, desc=sentence, file=self._stream, bar_format="{desc} {bar:20} {elapsed}"
        ) as bar:
            while not ended.wait(_TICK_SECONDS):
                if bar.n < ticks - 1:
                    bar.update()
            bar.update(ticks - bar.n)
