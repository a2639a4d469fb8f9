"""Forgetting a person: every row of theirs goes, and no freed page or log keeps its bytes."""

from datetime import datetime

import aiosqlite

from storage.database import Database
from storage.records import Holdings
from storage.times import to_text

_SENDER = """coalesce(
    json_extract(payload, '$.message.from.id'), json_extract(payload, '$.edited_message.from.id'),
    json_extract(payload, '$.callback_query.from.id'), json_extract(payload, '$.message_reaction.user.id')
)"""


class ErasureStore:
    """Counts and deletes what is held of one person, over all tables; `erasures` keeps that it was done."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def holdings(self, user_id: int) -> Holdings:
        """How much is held of a person."""
        row = await self._database.fetch_one(
            """
            SELECT (SELECT count(*) FROM messages WHERE user_id = :id) AS messages,
                   (SELECT count(*) FROM ratings WHERE user_id = :id) AS ratings,
                   (SELECT count(*) FROM beliefs WHERE user_id = :id) AS beliefs,
                   (SELECT count(*) FROM adapters WHERE user_id = :id) AS adapters,
                   (SELECT count(*) FROM runs WHERE user_id = :id) AS runs
            """,
            {"id": user_id},
        )
        assert row is not None, "a SELECT of counts has one row"
        return Holdings(**dict(row))

    async def erase(self, user_id: int, *, now: datetime) -> Holdings:
        """Delete all rows of a person but the right to talk to the bot; returns what was there.

        Updates of theirs that still wait are kept: they were sent after the wish to be forgotten.
        """
        held = await self.holdings(user_id)
        async with self._database.transaction() as connection:
            await connection.execute(
                f"UPDATE updates SET payload = NULL WHERE state != 'pending' AND {_SENDER} = ?", (user_id,)
            )
            await _start_afresh(connection, user_id, now)
            await connection.execute(
                "INSERT INTO erasures (user_id, at) VALUES (?, ?)", (user_id, to_text(now))
            )
        await self._database.empty_log()
        return held

    async def last(self) -> int:
        """A number that grows with each erasure, by whatever process."""
        row = await self._database.fetch_one("SELECT coalesce(max(erasure_id), 0) AS last FROM erasures")
        assert row is not None, "an aggregate has one row"
        return int(row["last"])


async def _start_afresh(connection: aiosqlite.Connection, user_id: int, now: datetime) -> None:
    """Put a new row in the place of a person's; all that is theirs hangs on the old one and goes with it."""
    cursor = await connection.execute(
        "DELETE FROM users WHERE user_id = ? RETURNING name, is_owner, reachable, let_in", (user_id,)
    )
    row = await cursor.fetchone()
    if row is not None:
        await connection.execute(
            "INSERT INTO users (user_id, name, is_owner, reachable, let_in, since) VALUES (?, ?, ?, ?, ?, ?)",
            (user_id, row["name"], row["is_owner"], row["reachable"], row["let_in"], to_text(now)),
        )
