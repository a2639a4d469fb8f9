"""The vectors of one user's past turns, kept in memory and searched as a matrix."""

from collections.abc import Collection
from dataclasses import dataclass
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
_SAMPLE = 1_000
_AT_ONCE_SECONDS = 600.0
"""A turn that comes so soon goes on with the one before it."""


def pack(vector: Vector) -> bytes:
    """A vector as its greatest component (float32) and 384 signed bytes in units of a 127th of it."""
    greatest = float(np.abs(vector).max()) or 1.0
    return np.float32(greatest).tobytes() + np.round(vector * (127.0 / greatest)).astype(np.int8).tobytes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How a text compares with a user's turns: `mean` and `spread` of the cosines of all (of many, a sample),
    the cosines of those that may matter, and which turn was said at once before which.
    """

    count: int
    mean: float
    spread: float
    cosines: dict[int, float]
    before: dict[int, int]

    def deviation(self, message_id: int) -> float:
        """By how many standard deviations a turn is more alike than the mean; 0 for one without a vector."""
        return (self.cosines.get(message_id, self.mean) - self.mean) / (self.spread or 1.0)


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

    def __len__(self) -> int:
        return self._count

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
        places = places[self._within(places, span)]
        if len(places) > _EXACT_UP_TO and self._has_signs:
            places = self._likely(vector, places)
        cosines = self._vectors(places) @ vector
        best = np.argsort(-cosines)[:limit]
        return [(int(self._ids[places[place]]), float(cosines[place])) for place in best]

    def compare(
        self,
        vector: Vector,
        *,
        limit: int,
        others: Collection[int],
        span: tuple[datetime, datetime] | None = None,
    ) -> Likeness:
        """The most similar turns and these others, with the turns that follow each at once."""
        sample = self._vectors(slice(0, self._count, max(1, self._count // _SAMPLE))) @ vector
        best = [message_id for message_id, _ in self.nearest(vector, limit=limit, span=span)]
        places = self._places_of({*best, *others})
        following = places[places + 1 < self._count] + 1
        following = following[self._times[following] - self._times[following - 1] <= _AT_ONCE_SECONDS]
        compared = np.union1d(places, following[self._within(following, span)])
        cosines = self._vectors(compared) @ vector
        return Likeness(
            count=self._count,
            mean=float(sample.mean()) if self._count else 0.0,
            spread=float(sample.std()) if self._count else 0.0,
            cosines=dict(zip(self._ids[compared].tolist(), cosines.tolist(), strict=True)),
            before=dict(zip(self._ids[following].tolist(), self._ids[following - 1].tolist(), strict=True)),
        )

    def _places_of(self, message_ids: Collection[int]) -> NDArray[np.int64]:
        """Where these stand, in order, as far as they do."""
        wanted = np.array(sorted(message_ids), np.int64)
        places = np.searchsorted(self._ids[: self._count], wanted)
        held = places < self._count
        places, wanted = places[held], wanted[held]
        return places[self._ids[places] == wanted]

    def _within(self, places: NDArray[np.int64], span: tuple[datetime, datetime] | None) -> NDArray[np.bool_]:
        times = self._times[places]
        if span is None:
            return np.ones(len(places), np.bool_)
        return (times >= span[0].timestamp()) & (times < span[1].timestamp())

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
