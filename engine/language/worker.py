"""The one thread that owns the model: it runs commands from other threads between the steps of the batch.

The model is loaded on it too. Each thread that computes keeps a team of OpenMP threads of its own, and with
more of those than cores they sleep at each barrier instead of waiting: a token takes three times as long.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

import torch

from engine.errors import EngineError, ModelError
from engine.language.generation import Batcher
from engine.language.job import Job

ResultT = TypeVar("ResultT")


class Worker:
    """A thread that runs what it is given, and a batcher once it has one, until it is stopped."""

    def __init__(self) -> None:
        self._batcher: Batcher | None = None
        self._commands: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="language-model", daemon=True)
        self._thread.start()

    def serve(self, batcher: Batcher) -> None:
        """Step this batcher from now on."""

        def begin() -> None:
            self._batcher = batcher

        self._put(begin)

    def submit(self, job: Job) -> None:
        """Hand a request to the batch."""

        def submit() -> None:
            assert self._batcher is not None, "requests come after `serve`"
            self._batcher.submit(job)

        self._put(submit)

    def run(self, function: Callable[[], ResultT]) -> Future[ResultT]:
        """Run a function between two steps. Its EngineError or RuntimeError is the future's."""
        future: Future[ResultT] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(function())
            except (EngineError, RuntimeError) as error:
                future.set_exception(error)
            finally:
                if not future.done():
                    future.set_exception(ModelError("The model has stopped."))

        self._put(run)
        return future

    def stop(self) -> None:
        """End all requests as cancelled; the thread ends after its present step."""
        self._stopping.set()
        self._commands.put(lambda: None)

    async def join(self) -> None:
        """Wait until the thread has ended."""
        await asyncio.to_thread(self._thread.join)

    def _put(self, command: Callable[[], None]) -> None:
        with self._lock:
            if self._stopping.is_set():
                raise ModelError("The model is closed.")
            self._commands.put(command)

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._next_command()
                if self._batcher is not None and not self._stopping.is_set():
                    with torch.inference_mode():
                        self._batcher.step()
        finally:
            error = None if self._stopping.is_set() else ModelError("The model has stopped.")
            with self._lock:
                self._stopping.set()
            while not self._commands.empty():
                self._commands.get()()
            if self._batcher is not None:
                self._batcher.abandon(error)

    def _next_command(self) -> None:
        """Run one command a step, so that many never hold up the batch; without a batch, wait for one."""
        try:
            command = self._commands.get(block=self._batcher is None or self._batcher.idle)
        except queue.Empty:
            return
        command()
