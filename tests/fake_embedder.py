"""An embedder without a model: texts with the same words get the same direction."""

import hashlib
from functools import lru_cache

import numpy as np

from engine.profile.embedding import Vector


class FakeEmbedder:
    """Keeps the Embedder protocol: each word adds a fixed random direction."""

    async def embed(self, text: str) -> Vector:
        vector = np.zeros(384, dtype=np.float32)
        for word in text.lower().split():
            vector += _direction(word)
        return vector / (np.linalg.norm(vector) or 1.0)


@lru_cache(maxsize=1000)
def _direction(word: str) -> Vector:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4])
    return np.random.default_rng(seed).standard_normal(384).astype(np.float32)
