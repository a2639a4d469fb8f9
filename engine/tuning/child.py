"""The real trainer: a child process started by exec, heard line by line, and ended with the run."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from engine.errors import TuningError
from engine.tuning.job import Progress, read_progress

OnProgress = Callable[[Progress], None]

SILENCE_SECONDS = 1200.0
"""A child that reports nothing for so long hangs: between two reports it measures one user at most."""

_GRACE_SECONDS = 5.0
_STDERR_BYTES = 4096


class Trainer(Protocol):
    """Trains and measures the users of a job folder."""

    async def train(self, job_folder: Path, on_progress: OnProgress, *, secret: bytes | None = None) -> None:
        """Leave a candidate in the folder for each user that was finished, sealed like the job.

        Raises TuningError when the training broke off; cancelling ends it.
        """
        ...


class ChildTrainer:
    """Runs `engine.tuning.train` in a process of its own, never forked: CUDA does not survive a fork."""

    def __init__(self, *, silence_seconds: float = SILENCE_SECONDS) -> None:
        self._silence_seconds = silence_seconds

    async def train(self, job_folder: Path, on_progress: OnProgress, *, secret: bytes | None = None) -> None:
        """Run the child to its end. The secret goes through a pipe, for arguments and environment are seen.

        Raises TuningError when it was killed, hung or ended with a failure.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "engine.tuning.train",
            str(job_folder),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # Ctrl-C in the terminal is for the parent, which ends the child itself. A session of its own
            # would keep it away, too, but Linux may weigh sessions before the priorities within each.
            process_group=0,
        )
        assert process.stdout is not None, "asked for as a pipe"
        assert process.stderr is not None, "asked for as a pipe"
        assert process.stdin is not None, "asked for as a pipe"
        process.stdin.write(secret or b"")
        process.stdin.close()
        stderr = asyncio.create_task(_tail(process.stderr))
        try:
            while line := await self._next_line(process.stdout):
                progress = read_progress(line)
                if progress is not None:
                    on_progress(progress)
            code = await process.wait()
            last_words = await stderr
        finally:
            await _end(process)
            stderr.cancel()
        if code != 0:
            raise TuningError(_reason(code, last_words))

    async def _next_line(self, stream: asyncio.StreamReader) -> bytes:
        try:
            return await asyncio.wait_for(stream.readline(), self._silence_seconds)
        except TimeoutError as error:
            minutes = self._silence_seconds / 60
            raise TuningError(
                f"The training process was ended: it had reported nothing for {minutes:g} minutes."
            ) from error


async def _tail(stream: asyncio.StreamReader) -> bytes:
    """The last bytes of a stream, read to its end so that the writer never blocks."""
    tail = b""
    while chunk := await stream.read(_STDERR_BYTES):
        tail = (tail + chunk)[-_STDERR_BYTES:]
    return tail


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask a process that still runs to stop, and kill it when it does not within the grace time."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _GRACE_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


def _reason(code: int, last_words: bytes) -> str:
    """One plain sentence; of a traceback only the last line, which names the error."""
    if code < 0:
        return f"The training process was killed by signal {-code}."
    lines = last_words.decode(errors="replace").strip().splitlines()
    return f"The training process ended with code {code}" + (f": {lines[-1]}" if lines else ".")
