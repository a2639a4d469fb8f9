"""What a user talks about: sentence embeddings grouped as they come, fading with time (pure).

The grouping is leader clustering (Hartigan, "Clustering Algorithms", 1975): a vector joins the nearest
centroid that is near enough, or begins a cluster of its own.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from engine.profile.embedding import Vector

HALF_LIFE = timedelta(days=45)
MOST_TOPICS = 40

_NEAR = 0.88
"""e5 vectors of unrelated sentences have a cosine of about 0.8; of one subject, 0.88 and more."""

_FEWEST_WORDS = 3
MOST_EVIDENCE = 5
_WORDS = re.compile(r"[\u3400-\u9fff]{2,}|[^\W\d_]{4,}")
_EMPTY_WORDS = frozenset(
    """about could does from have just know like make many more much please really should some tell than
    that them then there they think this very want what when where which will with would your""".split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One cluster; `weight` counts its messages as of `last_seen`, older ones faded by then.

    The centroid is a vector in half precision: 768 bytes, since it is written with each message.
    """

    centroid: bytes
    weight: float
    label: str
    evidence: tuple[int, ...]
    last_seen: datetime

    def weight_at(self, now: datetime) -> float:
        """What is left of the weight."""
        return self.weight * 0.5 ** max(0.0, (now - self.last_seen) / HALF_LIFE)


def observe_topics(
    topics: tuple[Topic, ...], *, vector: Vector, text: str, message_id: int, at: datetime
) -> tuple[Topic, ...]:
    """The topics after one more message; short ones ("ok", "thanks") belong to none. O(1) in the history."""
    words = words_of(text)
    is_short = len(text.split()) < _FEWEST_WORDS and len(text) < 4 * _FEWEST_WORDS
    if not words or is_short:
        return topics
    nearest = _nearest(topics, vector)
    if nearest is not None:
        joined = _join(topics[nearest], vector, message_id, at)
        return (*topics[:nearest], joined, *topics[nearest + 1 :])
    label = " ".join(dict.fromkeys(sorted(words, key=len, reverse=True)[:3]))
    new = Topic(centroid=_half(vector), weight=1.0, label=label, evidence=(message_id,), last_seen=at)
    kept = sorted(topics, key=lambda topic: topic.weight_at(at), reverse=True)[: MOST_TOPICS - 1]
    return (*kept, new)


def words_of(text: str) -> list[str]:
    """The words of a text that a topic may be named after."""
    return [word.lower() for word in _WORDS.findall(text) if word.lower() not in _EMPTY_WORDS]


def _nearest(topics: Sequence[Topic], vector: Vector) -> int | None:
    """The place of the topic that a vector belongs to; None when all are too far away."""
    if not topics:
        return None
    similarities = _centroids(topics) @ vector
    best = int(np.argmax(similarities))
    return best if similarities[best] >= _NEAR else None


def _join(topic: Topic, vector: Vector, message_id: int, at: datetime) -> Topic:
    weight = topic.weight_at(at)
    centroid = weight * _centroids((topic,))[0] + vector
    return replace(
        topic,
        centroid=_half(centroid / np.linalg.norm(centroid)),
        weight=weight + 1.0,
        evidence=(*topic.evidence, message_id)[-MOST_EVIDENCE:],
        last_seen=at,
    )


def _centroids(topics: Sequence[Topic]) -> NDArray[np.float32]:
    """Shape (topics, 384)."""
    halves = np.frombuffer(b"".join(topic.centroid for topic in topics), np.float16)
    return halves.reshape(len(topics), -1).astype(np.float32)


def _half(vector: Vector) -> bytes:
    return vector.astype(np.float16).tobytes()
