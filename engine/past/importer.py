"""Brings a person's past: logs it, then builds the profile from the newest of their own lines."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice

from engine.past.lines import Brought
from engine.profile.engine import ProfileEngine
from storage.past import PastLine, PastStore
from storage.users import UserStore

MOST_OBSERVED = 10_000
"""Lines that the profile is built from: each is embedded, and what is older says little of today."""

_BATCH = 500
_NOTED_EVERY = 100

OnObserved = Callable[[int, int], None]
"""Told how many lines the profile was built from, and of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an import did: lines found, lines that were new, lines that the profile was built from."""

    found: int
    new: int
    observed: int


class Importer:
    """Imports for one person at a time; whatever was brought before is left as it is."""

    def __init__(
        self, *, past: PastStore, users: UserStore, profiles: ProfileEngine, now: Callable[[], datetime]
    ) -> None:
        self._past = past
        self._users = users
        self._profiles = profiles
        self._now = now
        self._conversations: dict[tuple[int, int], int] = {}

    async def bring(self, user_id: int, brought: Iterable[Brought], *, on_observed: OnObserved) -> Outcome:
        """Log all lines and learn from them. Raises ImportFileError; what was read until then stays."""
        if await self._users.get(user_id) is None:
            await self._users.note(user_id, name=str(user_id), now=self._now())
        found = new = 0
        lines = iter(brought)
        while batch := list(islice(lines, _BATCH)):
            found += len(batch)
            new += await self._log(user_id, batch)
        return Outcome(found=found, new=new, observed=await self._observe(user_id, on_observed))

    async def _log(self, user_id: int, batch: list[Brought]) -> int:
        new = 0
        for source, group in groupby(batch, key=lambda one: one.source):
            lines: list[PastLine] = [one.line for one in group]
            conversation_id = await self._conversation(user_id, source, lines[0].said_at)
            new += await self._past.add(user_id, conversation_id, lines)
        return new

    async def _conversation(self, user_id: int, source: int, begun: datetime) -> int:
        key = (user_id, source)
        if key not in self._conversations:
            self._conversations[key] = await self._past.conversation(user_id, source, now=begun)
        return self._conversations[key]

    async def _observe(self, user_id: int, on_observed: OnObserved) -> int:
        waiting = (await self._past.unobserved(user_id))[-MOST_OBSERVED:]
        for count, message_id in enumerate(waiting, start=1):
            line = await self._past.line(message_id)
            if line is None:
                break  # the person was forgotten meanwhile
            await self._profiles.observe_past(line)
            if count % _NOTED_EVERY == 0 or count == len(waiting):
                await self._past.set_observed(user_id, message_id)
            on_observed(count, len(waiting))
        return len(waiting)
