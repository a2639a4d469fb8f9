"""The profiles of all users: loaded, stepped and saved, one message at a time."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import numpy as np

from engine.profile.embedding import Embedder
from engine.profile.profile import Change, Profile, is_own_words, keep, observe, observe_note
from engine.profile.revision import revise
from engine.profile.style import Style
from engine.profile.topics import Topic
from storage.beliefs import Cause
from storage.profiles import ProfileStore
from storage.records import Message
from storage.times import from_text, to_text


class ProfileEngine:
    """Learns from each message once. No language model is asked."""

    def __init__(self, *, store: ProfileStore, embedder: Embedder, now: Callable[[], datetime]) -> None:
        self._store = store
        self._embedder = embedder
        self._now = now
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def get(self, user_id: int) -> Profile:
        """A user's profile; an empty one for somebody who has said nothing yet."""
        stored = await self._store.load(user_id)
        if stored is None:
            return Profile()
        document = json.loads(stored.document)
        return Profile(
            style=_style(document["style"]),
            topics=tuple(_topic(raw) for raw in document["topics"]),
            beliefs=stored.beliefs,
            last_message_id=stored.last_message_id,
            revision=stored.revision,
        )

    async def observe(self, message: Message) -> None:
        """Learn from a message once; one that is not the user's own words is ignored."""
        if not is_own_words(message):
            return
        vector = await self._embedder.embed(message.text)
        async with self._locks[message.user_id]:
            profile = await self.get(message.user_id)
            if message.message_id <= profile.last_message_id:
                return
            change = observe(profile, message, vector)
            await self._save(message.user_id, change, Cause.MESSAGE, message.message_id)

    async def observe_past(self, message: Message) -> None:
        """Learn from a line that was said before the bot was there; the caller sees that it comes once."""
        if not is_own_words(message):
            return
        vector = await self._embedder.embed(message.text)
        async with self._locks[message.user_id]:
            profile = await self.get(message.user_id)
            change = observe(profile, message, vector)
            seen = replace(change.profile, last_message_id=profile.last_message_id)
            await self._save(
                message.user_id, replace(change, profile=seen), Cause.MESSAGE, message.message_id
            )

    async def revise(self, message: Message, *, before: str) -> None:
        """Follow a message of which the author has changed the words; no trace is kept of a lost belief."""
        vector = await self._embedder.embed(message.text)
        async with self._locks[message.user_id]:
            profile = await self.get(message.user_id)
            if message.message_id > profile.last_message_id:
                return  # what was never learnt needs no change
            change = revise(profile, message, before=before, vector=vector)
            lost = [edit.before for edit in change.edits if edit.after is None and edit.before is not None]
            for belief in lost:  # before the save, since a new belief may take the number of a lost one
                await self._store.erase_belief(message.user_id, belief.belief_id)
            revised = Change(
                profile=replace(change.profile, revision=profile.revision + len(lost)),
                edits=tuple(edit for edit in change.edits if edit.after is not None),
            )
            await self._save(message.user_id, revised, Cause.CORRECTION, message.message_id)

    async def note(self, user_id: int, text: str, message_id: int) -> None:
        """Learn from a remark about the reply with this id, so that it is felt in the next reply."""
        async with self._locks[user_id]:
            change = observe_note(await self.get(user_id), text, message_id, self._now())
            if change.edits:
                await self._save(user_id, change, Cause.NOTE, message_id)

    async def keep(self, user_id: int, belief_id: int) -> bool:
        """Hold a belief that waited for the user's word; False when there is none."""
        async with self._locks[user_id]:
            change = keep(await self.get(user_id), belief_id)
            if change.edits:
                await self._save(user_id, change, Cause.CORRECTION, None)
        return bool(change.edits)

    async def erase(self, user_id: int, belief_id: int) -> bool:
        """Remove a belief with every trace of it; False when there is none."""
        async with self._locks[user_id]:
            return await self._store.erase_belief(user_id, belief_id)

    async def erase_resting_on(self, user_id: int, message_ids: Collection[int]) -> None:
        """Remove every belief that rests on nothing but these messages."""
        async with self._locks[user_id]:
            for belief in await self._store.all_beliefs(user_id):
                if all(evidence.message_id in message_ids for evidence in belief.evidence):
                    await self._store.erase_belief(user_id, belief.belief_id)

    async def _save(self, user_id: int, change: Change, cause: Cause, message_id: int | None) -> None:
        profile = change.profile
        document = {
            "style": asdict(profile.style),
            "topics": [_topic_json(topic) for topic in profile.topics],
        }
        # Not saved when the user was forgotten meanwhile: then there is nothing to learn of them.
        await self._store.save(
            user_id,
            revision=profile.revision,
            last_message_id=profile.last_message_id,
            document=json.dumps(document, ensure_ascii=False),
            edits=change.edits,
            at=self._now(),
            cause=cause,
            message_id=message_id,
        )


def _topic_json(topic: Topic) -> dict[str, Any]:
    centroid = np.asarray(topic.centroid, dtype=np.float16)
    return {
        "centroid": centroid.tolist(),
        "weight": topic.weight,
        "label": topic.label,
        "evidence": topic.evidence,
        "last_seen": to_text(topic.last_seen),
    }


def _topic(raw: dict[str, Any]) -> Topic:
    return Topic(
        centroid=tuple(raw["centroid"]),
        weight=raw["weight"],
        label=raw["label"],
        evidence=tuple(raw["evidence"]),
        last_seen=from_text(raw["last_seen"]),
    )


def _style(raw: dict[str, Any]) -> Style:
    hours = {int(hour): count for hour, count in raw.pop("hours").items()}  # JSON has no numbers as keys
    return Style(hours=hours, **raw)
