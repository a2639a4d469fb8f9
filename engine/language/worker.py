"""The one thread that owns the model: it runs commands from other threads between the steps of the batch."""

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
    """Runs a batcher until it is stopped."""

    def __init__(self, batcher: Batcher, *, threads: int) -> None:
        self._batcher = batcher
        self._threads = threads
        self._commands: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="language-model", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Hand a request to the batch."""
        self._put(lambda: self._batcher.submit(job))

    async def call(self, function: Callable[[], ResultT]) -> ResultT:
        """The result of a function that runs between two steps; what it raises is raised here."""
        future: Future[ResultT] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(function())
            except (EngineError, RuntimeError) as error:
                future.set_exception(error)

        self._put(run)
        return await asyncio.wrap_future(future)

    async def stop(self) -> None:
        """End all requests as cancelled, and wait until the thread has ended."""
        self._stopping.set()
        self._commands.put(lambda: None)
        await asyncio.to_thread(self._thread.join)

    def _put(self, command: Callable[[], None]) -> None:
        with self._lock:
            if self._stopping.is_set():
                raise ModelError("The model is closed.")
            self._commands.put(command)

    def _run(self) -> None:
        # The number of threads of OpenMP belongs to the thread that asks for it.
        torch.set_num_threads(self._threads)
        try:
            with torch.inference_mode():
                self._loop()
        finally:
            orderly = self._stopping.is_set()
            with self._lock:
                self._stopping.set()
            self._drain()
            self._batcher.abandon(None if orderly else ModelError("The model has stopped."))

    def _loop(self) -> None:
        while not self._stopping.is_set():
            self._next_command()
            if not self._stopping.is_set():
                self._batcher.step()

    def _next_command(self) -> None:
        """Run one command a step, so that many never hold up the batch; without a batch, wait for one."""
        try:
            command = self._commands.get(block=self._batcher.idle)
        except queue.Empty:
            return
        command()

    def _drain(self) -> None:
        while not self._commands.empty():
            self._commands.get()()
