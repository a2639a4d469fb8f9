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
from tests.recordings.talk import LEFT_OUT, SESSION, SETTINGS, Line

COLUMNS = 100
_QUIET_SECONDS = 1.0
"""For so long nothing is printed before a prompt is taken for one that waits."""

_END = "\x04"


def record(lines: Sequence[Line], data: Path) -> list[str]:
    """The rows of the window after all lines were typed and answered, with a note for those not shown."""
    child, terminal = pty.fork()
    if child == 0:
        environ = {name: os.environ[name] for name in ("PATH", "OMP_NUM_THREADS") if name in os.environ}
        environ |= {"TERM": "xterm", "COLUMNS": str(COLUMNS), "LINES": "40"}
        environ |= {**SETTINGS, "MYNAH_DATA": str(data)}
        os.execve(sys.executable, [sys.executable, "-m", "bot", "chat"], environ)
    window, decoder = Emulator(columns=COLUMNS, lines=40), codecs.getincrementaldecoder("utf-8")()
    typed = iter([*((f"{line.text}\n", line.shown) for line in lines), (_END, True)])
    turns: list[int] = []  # the rows at which what is shown and what is not take turns
    while True:
        ready, _, _ = select.select([terminal], [], [], _QUIET_SECONDS)
        if ready:
            chunk = _read(terminal)
            if not chunk:
                break
            window.write(decoder.decode(chunk))
        elif window.rows and window.rows[-1] == ">":
            keys, shown = next(typed, ("", True))  # after the end it takes a moment to leave
            if shown == bool(len(turns) % 2):
                turns.append(len(window.rows) - 1)
            os.write(terminal, keys.encode())
    os.waitpid(child, 0)
    return _without_hidden(window.rows, turns)


def _without_hidden(rows: list[str], turns: Sequence[int]) -> list[str]:
    for begin, end in reversed(list(zip(turns[::2], turns[1::2], strict=True))):
        rows[begin:end] = [LEFT_OUT, ""]
    return rows


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # the program has ended
        return b""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("file", type=Path)
    with tempfile.TemporaryDirectory() as data:
        rows = record(SESSION, Path(data))
    options.parse_args().file.write_text("\n".join(rows).strip("\n>") + "\n")


if __name__ == "__main__":
    main()
