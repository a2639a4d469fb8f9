"""Which belief a user has been asked about: their next message is its right value."""

from dataclasses import dataclass
from datetime import datetime

from storage.database import Database
from storage.times import from_text, to_text


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitedValue:
    """A question for the right value of a belief; only what came after the update `update_id` answers it."""

    belief_id: int
    update_id: int
    asked_at: datetime


class AwaitedValueStore:
    """The table `awaited_values`: at most one question a user, the last one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, user_id: int) -> AwaitedValue | None:
        """What a user has been asked and has not answered."""
        row = await self._database.fetch_one("SELECT * FROM awaited_values WHERE user_id = ?", (user_id,))
        if row is None:
            return None
        return AwaitedValue(
            belief_id=row["belief_id"], update_id=row["update_id"], asked_at=from_text(row["asked_at"])
        )

    async def put(self, user_id: int, awaited: AwaitedValue) -> None:
        """Note a question, in the place of an earlier one."""
        await self._database.execute(
            "INSERT OR REPLACE INTO awaited_values (user_id, belief_id, update_id, asked_at)"
            " VALUES (?, ?, ?, ?)",
            (user_id, awaited.belief_id, awaited.update_id, to_text(awaited.asked_at)),
        )

    async def close(self, user_id: int, awaited: AwaitedValue) -> None:
        """The question is over; one that was put since then stays."""
        await self._database.execute(
            "DELETE FROM awaited_values WHERE user_id = ? AND update_id = ?", (user_id, awaited.update_id)
        )
