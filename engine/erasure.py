"""Forgetting a person wherever something of theirs lies: rows, weights, jobs of a running tuning, memory."""

import asyncio
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from engine.language.model import LanguageModel
from engine.profile.engine import ProfileEngine
from engine.serving import ServedAdapters
from engine.tuning.job import JOBS_NAME, candidate_folder, checkpoint_path, examples_file
from storage.erasure import ErasureStore
from storage.records import Holdings


class Forgetter:
    """Forgets people for good. Works beside a running bot: what that one holds in memory, it drops itself."""

    def __init__(self, *, store: ErasureStore, data_folder: Path, now: Callable[[], datetime]) -> None:
        self._store = store
        self._data_folder = data_folder
        self._now = now

    async def holdings(self, user_id: int) -> Holdings:
        """What would go."""
        return await self._store.holdings(user_id)

    async def forget(self, user_id: int) -> Holdings:
        """Erase everything of a person but the right to talk to the bot; returns what was there.

        The rows go first: a tuning that is under way for this person finds none and publishes nothing.
        """
        erased = await self._store.erase(user_id, now=self._now())
        await asyncio.to_thread(self._erase_files, user_id)
        return erased

    def _erase_files(self, user_id: int) -> None:
        shutil.rmtree(self._data_folder / "adapters" / str(user_id), ignore_errors=True)
        erase_jobs(self._data_folder, user_id)


def erase_jobs(data_folder: Path, user_id: int) -> None:
    """Delete what a tuning under way has of a person, and exports that the terminal has saved."""
    shutil.rmtree(data_folder / "downloads", ignore_errors=True)
    jobs = data_folder / JOBS_NAME
    for job_folder in jobs.glob("run-*/"):
        # A training under way lets go of whoever has no examples, so these are the first to go.
        examples_file(job_folder, user_id).unlink(missing_ok=True)
        shutil.rmtree(candidate_folder(job_folder, user_id), ignore_errors=True)
    checkpoint_path(jobs, user_id).unlink(missing_ok=True)


class ErasureFollower:
    """Lets the serving process follow erasures, its own and those of other processes."""

    def __init__(
        self,
        *,
        store: ErasureStore,
        model: LanguageModel,
        adapters: ServedAdapters,
        profiles: ProfileEngine,
    ) -> None:
        self._store = store
        self._profiles = profiles
        self._model = model
        self._adapters = adapters
        self._seen: int | None = None

    async def follow(self) -> None:
        """After an erasure, drop what was computed from anybody's words, and weights that are gone."""
        last = await self._store.last()
        if self._seen is not None and last != self._seen:
            self._profiles.drop()
            await self._adapters.refresh()
            await self._model.drop_prefixes()
        self._seen = last
