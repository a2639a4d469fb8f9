"""The child process as a process."""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

CHILD = """
import time
from engine.tuning.train import StopRequest

stop = StopRequest()
print("ready", flush=True)
while not stop.asked:
    time.sleep(0.02)
"""

PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
child.wait()
"""


async def test_a_child_whose_parent_was_killed_ends_by_itself():
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, CHILD, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    parent.kill()
    await parent.wait()

    try:
        async with asyncio.timeout(5):
            while is_running(child):  # noqa: ASYNC110 (the end of somebody else's child gives no event)
                await asyncio.sleep(0.02)
    finally:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def is_running(process_id: int) -> bool:
    """Whether a process is more than an entry that nobody has collected."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
