"""What a user talks about: sentence embeddings grouped as they come, fading with time (pure).

The grouping is leader clustering (Hartigan, "Clustering Algorithms", 1975): a vector joins the nearest
centroid that is near enough, or begins a cluster of its own.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

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
    """One cluster; `weight` counts its messages as of `last_seen`, older ones faded by then."""

    centroid: tuple[float, ...]
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
    similarities = [float(np.dot(vector, topic.centroid)) for topic in topics]
    best = int(np.argmax(similarities)) if similarities else -1
    if best >= 0 and similarities[best] >= _NEAR:
        joined = _join(topics[best], vector, message_id, at)
        return (*topics[:best], joined, *topics[best + 1 :])
    label = " ".join(dict.fromkeys(sorted(words, key=len, reverse=True)[:3]))
    new = Topic(
        centroid=tuple(vector.tolist()), weight=1.0, label=label, evidence=(message_id,), last_seen=at
    )
    kept = sorted(topics, key=lambda topic: topic.weight_at(at), reverse=True)[: MOST_TOPICS - 1]
    return (*kept, new)


def words_of(text: str) -> list[str]:
    """The words of a text that a topic may be named after."""
    return [word.lower() for word in _WORDS.findall(text) if word.lower() not in _EMPTY_WORDS]


def _join(topic: Topic, vector: Vector, message_id: int, at: datetime) -> Topic:
    weight = topic.weight_at(at)
    centroid = weight * np.asarray(topic.centroid, dtype=np.float32) + vector
    centroid /= np.linalg.norm(centroid)
    return replace(
        topic,
        centroid=tuple(float(value) for value in centroid),
        weight=weight + 1.0,
        evidence=(*topic.evidence, message_id)[-MOST_EVIDENCE:],
        last_seen=at,
    )
