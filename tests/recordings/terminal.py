"""`python -m tests.recordings.terminal FILE`: a real `mynah chat` in a terminal, as the window shows it.

The program runs in a pseudo-terminal with the bundled model; a line is typed whenever it asks for one.
"""

import argparse
import codecs
import os
import pty
import select
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bot.emulator import Emulator
from tests.recordings.talk import SETTINGS, TALK

COLUMNS = 100
_QUIET_SECONDS = 1.0
"""For so long nothing is printed before a prompt is taken for one that waits."""

_END = "\x04"


def record(lines: Sequence[str], data: Path) -> list[str]:
    """The rows of the window after all lines were typed and answered."""
    child, terminal = pty.fork()
    if child == 0:
        environ = {"PATH": os.environ["PATH"], "TERM": "xterm", "COLUMNS": str(COLUMNS), "LINES": "40"}
        environ |= {**SETTINGS, "MYNAH_DATA": str(data)}
        os.execve(sys.executable, [sys.executable, "-m", "bot", "chat"], environ)
    window, decoder = Emulator(columns=COLUMNS, lines=40), codecs.getincrementaldecoder("utf-8")()
    typed = iter([*(f"{line}\n" for line in lines), _END])
    while True:
        ready, _, _ = select.select([terminal], [], [], _QUIET_SECONDS)
        if ready:
            chunk = _read(terminal)
            if not chunk:
                break
            window.write(decoder.decode(chunk))
        elif window.rows and window.rows[-1] == ">":
            os.write(terminal, next(typed, "").encode())  # after the end it takes a moment to leave
    os.waitpid(child, 0)
    return window.rows


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # the program has ended
        return b""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("file", type=Path)
    with tempfile.TemporaryDirectory() as data:
        rows = record(TALK, Path(data))
    options.parse_args().file.write_text("\n".join(rows).strip("\n>") + "\n")


if __name__ == "__main__":
    main()
