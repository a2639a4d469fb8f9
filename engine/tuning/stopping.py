"""The end of the child process before its time: asked for by SIGTERM, or because its parent is gone.

A thread waits for it. A signal handler in Python waits for the operation under way, and one pass through a
model may take many seconds; torch lets other threads run meanwhile.
"""

import os
import select
import signal
import threading
from collections.abc import Callable

_LOOK_SECONDS = 0.5


def end_when_asked(put_down: Callable[[], None]) -> None:
    """Have the process end with status 0 when it is asked to, or when nobody is left to judge its work.

    `put_down` saves what it can; it is called once, in another thread. To be called in the main thread.
    """
    parent = os.getppid()
    heard, told = os.pipe()
    os.set_blocking(told, False)
    signal.set_wakeup_fd(told)  # written to at once, whatever the main thread does
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    threading.Thread(target=_wait, args=(heard, parent, put_down), daemon=True).start()


def _wait(heard: int, parent: int, put_down: Callable[[], None]) -> None:
    while os.getppid() == parent and not select.select([heard], [], [], _LOOK_SECONDS)[0]:
        pass
    try:
        put_down()
    finally:
        os._exit(0)
