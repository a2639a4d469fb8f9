"""The inbox: raw updates, on disk before Telegram may forget them."""

from datetime import datetime, timedelta

from storage.database import Connection, Database
from storage.records import InboxUpdate, UpdateState
from storage.times import to_text

_BEING_SENT = 0
"""Telegram's ids begin at 1."""


class UpdateStore:
    """The table `updates`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, update_id: int, payload: str | None, *, now: datetime, state: UpdateState = UpdateState.PENDING
    ) -> bool:
        """Store an update; False when this id is known already."""
        added = await self._database.execute(
            "INSERT INTO updates (update_id, payload, state, received_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (update_id, payload, state, to_text(now)),
        )
        return added > 0

    async def pending(self) -> list[InboxUpdate]:
        """Updates that were received and never finished, oldest first."""
        rows = await self._database.fetch_all(
            "SELECT update_id, payload, attempts FROM updates WHERE state = ? ORDER BY update_id",
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

    async def preview(self, update_id: int) -> int | None:
        """The Telegram id of the half-written reply that this update has on screen, if it is known."""
        return await self._preview_id(update_id) or None

    async def may_have_preview(self, update_id: int) -> bool:
        """Whether a half-written reply was sent of which nobody knows if it has arrived."""
        return await self._preview_id(update_id) == _BEING_SENT

    async def set_preview(self, update_id: int, telegram_id: int | None) -> None:
        """Remember the half-written reply, so that a restart goes on in the same message."""
        await self._database.execute(
            "UPDATE updates SET preview_id = ? WHERE update_id = ?", (telegram_id, update_id)
        )

    async def begin_preview(self, update_id: int) -> None:
        """Remember that a half-written reply is being sent, until its id, or that there is none, is known."""
        await self.set_preview(update_id, _BEING_SENT)

    async def _preview_id(self, update_id: int) -> int | None:
        row = await self._database.fetch_one(
            "SELECT preview_id FROM updates WHERE update_id = ?", (update_id,)
        )
        return None if row is None else row["preview_id"]

    async def prune(self, *, now: datetime, keep: timedelta) -> None:
        """Drop updates that were finished or have failed, once Telegram can no longer send them again."""
        await self._database.execute(
            "DELETE FROM updates WHERE state != ? AND coalesce(finished_at, received_at) < ?",
            (UpdateState.PENDING, to_text(now - keep)),
        )
