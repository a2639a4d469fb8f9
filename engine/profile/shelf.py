"""The vectors of one user's past turns, kept in memory and searched as a matrix."""

from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.profile.embedding import Vector
from storage.memories import MemoryVector

_DIMENSIONS = 384
_EXACT_UP_TO = 4_000
_CANDIDATES = 400
_GROWTH = 2


def pack(vector: Vector) -> bytes:
    """A vector as its greatest component (float32) and 384 signed bytes in units of a 127th of it."""
    greatest = float(np.abs(vector).max()) or 1.0
    return np.float32(greatest).tobytes() + np.round(vector * (127.0 / greatest)).astype(np.int8).tobytes()


class Shelf:
    """Grows at its end. Past a few thousand vectors the signs of their components choose what is compared."""

    def __init__(self) -> None:
        self.last_id = 0
        self._count = 0
        self._ids = np.empty(0, np.int64)
        self._times = np.empty(0, np.float64)
        self._scales = np.empty(0, np.float32)
        self._bytes = np.empty((0, _DIMENSIONS), np.int8)
        self._signs = np.empty((0, _DIMENSIONS // 64), np.uint64)
        self._mean = np.zeros(_DIMENSIONS, np.float32)
        self._has_signs = False

    def add(self, memories: list[MemoryVector]) -> None:
        """Put more turns at the end, in the order of their ids."""
        if not memories:
            return
        end = self._count + len(memories)
        self._make_room(end)
        raw = np.frombuffer(b"".join(one.vector for one in memories), np.uint8).reshape(len(memories), -1)
        self._ids[self._count : end] = [one.message_id for one in memories]
        self._times[self._count : end] = [one.said_at.timestamp() for one in memories]
        self._scales[self._count : end] = raw[:, :4].copy().view(np.float32)[:, 0] / 127.0
        self._bytes[self._count : end] = raw[:, 4:].view(np.int8)
        if self._has_signs:
            self._signs[self._count : end] = self._signs_of(slice(self._count, end))
        self._count = end
        self.last_id = memories[-1].message_id
        if not self._has_signs and end > _EXACT_UP_TO:
            # Vectors of e5 lie in a narrow cone; only around their own middle do the signs tell them apart.
            self._mean = self._vectors(slice(0, end)).mean(axis=0)
            self._has_signs = True
            self._signs[:end] = self._signs_of(slice(0, end))

    def nearest(
        self, vector: Vector, *, limit: int, span: tuple[datetime, datetime] | None = None
    ) -> list[tuple[int, float]]:
        """The ids and cosines of the most similar turns, best first; with `span`, of those said within it."""
        places = np.arange(self._count)
        if span is not None:
            times = self._times[: self._count]
            places = places[(times >= span[0].timestamp()) & (times < span[1].timestamp())]
        if len(places) > _EXACT_UP_TO and self._has_signs:
            places = self._likely(vector, places)
        cosines = self._vectors(places) @ vector
        best = np.argsort(-cosines)[:limit]
        return [(int(self._ids[places[place]]), float(cosines[place])) for place in best]

    def _likely(self, vector: Vector, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """The places whose signs differ least from those of the vector."""
        asked = np.packbits(vector > self._mean).view(np.uint64)
        signs = self._signs[: self._count] if len(places) == self._count else self._signs[places]
        differing = np.bitwise_count(signs ^ asked).sum(axis=1, dtype=np.uint16)
        return places[np.argpartition(differing, _CANDIDATES)[:_CANDIDATES]]

    def _vectors(self, places: slice | NDArray[np.int64]) -> NDArray[np.float32]:
        return self._bytes[places].astype(np.float32) * self._scales[places, None]

    def _signs_of(self, places: slice) -> NDArray[np.uint64]:
        return np.packbits(self._vectors(places) > self._mean, axis=1).view(np.uint64)

    def _make_room(self, count: int) -> None:
        if count <= len(self._ids):
            return
        room = max(count, _GROWTH * len(self._ids))
        self._ids = _grown(self._ids, room)
        self._times = _grown(self._times, room)
        self._scales = _grown(self._scales, room)
        self._bytes = _grown(self._bytes, room)
        self._signs = _grown(self._signs, room)


def _grown(array: NDArray[Any], room: int) -> NDArray[Any]:
    grown = np.zeros((room, *array.shape[1:]), array.dtype)
    grown[: len(array)] = array
    return grown
