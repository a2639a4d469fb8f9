"""Forgetting a part of what a person said, by time or by what it is about, with all that came of it."""

import asyncio
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine.erasure import erase_jobs
from engine.profile.engine import ProfileEngine
from engine.profile.keys import index_words, query_words
from storage.erasure import ErasureStore
from storage.messages import MessageStore
from storage.records import Holdings, Message, Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Which turns are meant: those of which something was said from `begin` to `end`, and in which all
    of these words occur, in whatever form, if there are any.
    """

    begin: datetime
    end: datetime
    about: str = ""


class PartForgetter:
    """Erases whole turns: a question that is meant goes with its answers, and an answer with its question."""

    def __init__(
        self,
        *,
        store: ErasureStore,
        messages: MessageStore,
        profiles: ProfileEngine,
        data_folder: Path,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._messages = messages
        self._profiles = profiles
        self._data_folder = data_folder
        self._now = now

    async def holdings(self, user_id: int, part: Part) -> Holdings:
        """What would go: weights, too, if they are younger than the oldest message and may have learnt it."""
        return await self._holdings(user_id, await self._meant(user_id, part))

    async def forget(self, user_id: int, part: Part) -> Holdings:
        """Erase it; returns what was there.

        The profile goes first: interrupted, the messages are still there to begin again with.
        """
        meant = await self._meant(user_id, part)
        held = await self._holdings(user_id, meant)
        if not meant:
            return held
        await self._profiles.forget(user_id, meant)
        folders = await self._store.erase_messages(
            user_id,
            [message.message_id for message in meant],
            learnt_since=self._learnt_since(meant),
            now=self._now(),
        )
        await asyncio.to_thread(self._erase_files, user_id, folders)
        return held

    async def _holdings(self, user_id: int, meant: Sequence[Message]) -> Holdings:
        if not meant:
            return Holdings(messages=0, ratings=0, beliefs=0, adapters=0, runs=0)
        return Holdings(
            messages=len(meant),
            ratings=await self._store.ratings_of([message.message_id for message in meant]),
            beliefs=await self._profiles.resting_on(user_id, meant),
            adapters=await self._store.weights_since(user_id, self._learnt_since(meant)),
            runs=0,
        )

    async def _meant(self, user_id: int, part: Part) -> list[Message]:
        messages = await self._messages.all_of(user_id)
        words = frozenset(query_words(part.about) or index_words(part.about))
        turns = {_turn_of(message) for message in messages if _is_meant(message, part, words)}
        return [message for message in messages if _turn_of(message) in turns]

    def _learnt_since(self, meant: Sequence[Message]) -> datetime:
        """Since when weights may have learnt from these messages; what was private never reached any."""
        times = [message.created_at for message in meant if message.origin is not Origin.PRIVATE]
        return min(times, default=self._now())

    def _erase_files(self, user_id: int, folders: Sequence[str]) -> None:
        for folder in folders:
            shutil.rmtree(self._data_folder / folder, ignore_errors=True)
        erase_jobs(self._data_folder, user_id)


def _turn_of(message: Message) -> int:
    """The id that a question shares with its answers."""
    return message.message_id if message.question_id is None else message.question_id


def _is_meant(message: Message, part: Part, words: frozenset[str]) -> bool:
    if not part.begin <= message.created_at <= part.end:
        return False
    return words <= set(index_words(f"{message.text}\n{message.quoted or ''}"))
