"""A profile as it lies in the file: style and topics as JSON beside the rows of its beliefs."""

import json
from base64 import b64decode, b64encode
from dataclasses import asdict
from typing import Any

import numpy as np

from engine.profile.profile import Profile
from engine.profile.style import Style
from engine.profile.topics import Topic
from storage.beliefs import StoredProfile
from storage.times import from_text, to_text


def document_of(profile: Profile) -> str:
    """All of a profile but its beliefs."""
    document = {
        "style": asdict(profile.style),
        "topics": [_topic_json(topic) for topic in profile.topics],
        "seen_up_to": profile.seen_up_to,
        "recent": profile.recent,
        "proposed_up_to": profile.proposed_up_to,
    }
    return json.dumps(document, ensure_ascii=False)


def profile_of(stored: StoredProfile) -> Profile:
    """The profile that was stored."""
    document = json.loads(stored.document)
    return Profile(
        style=_style(document["style"]),
        topics=tuple(_topic(raw) for raw in document["topics"]),
        beliefs=stored.beliefs,
        # A document from before these were kept: all messages came in order.
        seen_up_to=document.get("seen_up_to", stored.last_message_id),
        recent=tuple(document.get("recent", ())),
        proposed_up_to=document.get("proposed_up_to", 0),
        revision=stored.revision,
        last_belief_id=stored.last_belief_id,
    )


def _topic_json(topic: Topic) -> dict[str, Any]:
    return {
        "centroid": b64encode(topic.centroid).decode(),
        "weight": topic.weight,
        "label": topic.label,
        "evidence": topic.evidence,
        "last_seen": to_text(topic.last_seen),
    }


def _topic(raw: dict[str, Any]) -> Topic:
    stored = raw["centroid"]
    # A document from before they were packed holds numbers.
    centroid = b64decode(stored) if isinstance(stored, str) else np.asarray(stored, np.float16).tobytes()
    return Topic(
        centroid=centroid,
        weight=raw["weight"],
        label=raw["label"],
        evidence=tuple(raw["evidence"]),
        last_seen=from_text(raw["last_seen"]),
    )


def _style(raw: dict[str, Any]) -> Style:
    hours = {int(hour): count for hour, count in raw.pop("hours").items()}  # JSON has no numbers as keys
    return Style(hours=hours, **raw)
