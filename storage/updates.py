"""The inbox: raw updates, on disk before Telegram may forget them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from storage.database import Connection, Database
from storage.records import InboxUpdate, Preview, UpdateState
from storage.times import to_text

_BEING_SENT = 0
"""Telegram's ids begin at 1."""


class UpdateStore:
    """The table `updates`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, updates: Sequence[InboxUpdate], *, now: datetime) -> frozenset[int]:
        """Store updates together; returns the ids of those that were not known already."""

        def store(connection: Connection) -> frozenset[int]:
            return frozenset(update.update_id for update in updates if _add(connection, update, now))

        return await self._database.write(store)

    async def pending(self) -> list[InboxUpdate]:
        """Updates that were received and never finished, oldest first."""
        rows = await self._database.fetch_all(
            "SELECT update_id, payload FROM updates WHERE state = ? ORDER BY update_id",
            (UpdateState.PENDING,),
        )
        return [InboxUpdate(**dict(row)) for row in rows]

    async def attempt(self, update_id: int) -> int | None:
        """Count one more start on an update; returns the count so far, None when it needs no more work."""

        def count(connection: Connection) -> int | None:
            row = connection.execute(
                "UPDATE updates SET attempts = attempts + 1 WHERE update_id = ? AND state = ?"
                " RETURNING attempts",
                (update_id, UpdateState.PENDING),
            ).fetchone()
            return None if row is None else int(row["attempts"])

        return await self._database.write(count)

    async def release(self, update_id: int) -> None:
        """Take an attempt back: the update was left unfinished on purpose, not by a crash."""
        await self._database.execute(
            "UPDATE updates SET attempts = attempts - 1 WHERE update_id = ? AND attempts > 0", (update_id,)
        )

    async def finish(self, update_id: int, *, state: UpdateState, now: datetime) -> None:
        """Record that an update needs no more work; its payload, a copy of what is logged elsewhere, goes."""
        await self._database.execute(
            """
            UPDATE updates SET state = ?, finished_at = ?,
                payload = CASE WHEN ? = 'done' THEN NULL ELSE payload END
            WHERE update_id = ?
            """,
            (state, to_text(now), state, update_id),
        )

    async def preview(self, update_id: int) -> Preview:
        """The half-written reply that this update has on screen."""
        row = await self._database.fetch_one(
            "SELECT preview_id FROM updates WHERE update_id = ?", (update_id,)
        )
        telegram_id = None if row is None else row["preview_id"]
        return Preview(telegram_id=telegram_id or None, may_be_lost=telegram_id == _BEING_SENT)

    async def set_preview(self, update_id: int, telegram_id: int | None) -> None:
        """Remember the half-written reply, so that a restart goes on in the same message."""
        await self._database.execute(
            "UPDATE updates SET preview_id = ? WHERE update_id = ?", (telegram_id, update_id)
        )

    async def begin_preview(self, update_id: int) -> None:
        """Remember that a half-written reply is being sent, until its id, or that there is none, is known."""
        await self.set_preview(update_id, _BEING_SENT)

    async def prune(self, *, now: datetime, keep: timedelta) -> None:
        """Drop updates that were finished or have failed, once Telegram can no longer send them again."""
        await self._database.execute(
            "DELETE FROM updates WHERE state != ? AND coalesce(finished_at, received_at) < ?",
            (UpdateState.PENDING, to_text(now - keep)),
        )


def _add(connection: Connection, update: InboxUpdate, now: datetime) -> bool:
    cursor = connection.execute(
        "INSERT INTO updates (update_id, payload, state, received_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (update.update_id, update.payload, update.state, to_text(now)),
    )
    return cursor.rowcount > 0
