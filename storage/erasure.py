"""Forgetting a person, or a part of what they said: rows go, and no freed page or log keeps their bytes."""

import json
import logging
from collections.abc import Collection
from datetime import datetime

import aiosqlite

from storage.backup import BACKUPS_NAME
from storage.database import Database
from storage.errors import StorageError
from storage.ledger import note_erasures
from storage.records import Holdings
from storage.times import to_text

logger = logging.getLogger(__name__)

_SENDER = """coalesce(
    json_extract(payload, '$.message.from.id'), json_extract(payload, '$.edited_message.from.id'),
    json_extract(payload, '$.callback_query.from.id'), json_extract(payload, '$.message_reaction.user.id')
)"""

_CAN_SERVE = "(status != 'rejected' OR rolled_back IS NOT NULL)"
"""Of a version, that its files are still there: one that was rolled back can be brought back."""

_AMONG = "IN (SELECT value FROM json_each(?))"


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
            await _forget_updates(connection, user_id)
            await _start_afresh(connection, user_id, now)
            await _note(connection, user_id, now, whole=True)
        await self._database.empty_log()
        await self.note_beside_backups()
        return held

    async def weights_since(self, user_id: int, since: datetime) -> int:
        """How many versions of a person's weights have come since then."""
        row = await self._database.fetch_one(
            f"SELECT count(*) AS n FROM adapters WHERE user_id = ? AND created_at >= ? AND {_CAN_SERVE}",
            (user_id, to_text(since)),
        )
        assert row is not None, "a count has one row"
        return int(row["n"])

    async def ratings_of(self, message_ids: Collection[int]) -> int:
        """How many of these messages were rated."""
        row = await self._database.fetch_one(
            f"SELECT count(*) AS n FROM ratings WHERE message_id {_AMONG}", (json.dumps(list(message_ids)),)
        )
        assert row is not None, "a count has one row"
        return int(row["n"])

    async def erase_messages(
        self, user_id: int, message_ids: Collection[int], *, learnt_since: datetime, now: datetime
    ) -> list[str]:
        """Delete some messages of a person, and give up the weights that may have learnt from them: all that
        came after `learnt_since`.

        The newest version that is left serves, and a tuning under way finds no run to publish for. Returns
        the folders of the versions given up, which the caller deletes.
        """
        these = json.dumps(list(message_ids))
        async with self._database.transaction() as connection:
            await _forget_updates(connection, user_id)
            await connection.execute(
                f"""
                DELETE FROM readings WHERE user_id = ? AND reading_id IN (
                    SELECT reading_id FROM reading_replies GROUP BY reading_id
                    HAVING min(message_id {_AMONG}))
                """,
                (user_id, these),
            )
            await connection.execute(
                f"DELETE FROM messages WHERE user_id = ? AND message_id {_AMONG}", (user_id, these)
            )
            await connection.execute("DELETE FROM runs WHERE user_id = ? AND status = 'running'", (user_id,))
            cursor = await connection.execute(
                "UPDATE adapters SET status = 'rejected', rolled_back = NULL, secret = NULL"
                f" WHERE user_id = ? AND created_at >= ? AND {_CAN_SERVE} RETURNING folder",
                (user_id, to_text(learnt_since)),
            )
            folders = [row["folder"] for row in await cursor.fetchall()]
            if folders:
                await _serve_newest(connection, user_id)
            await _note(connection, user_id, now, whole=False)
        await self._database.empty_log()
        await self.note_beside_backups()
        return folders

    async def note_beside_backups(self) -> None:
        """Let whoever restores an older backup know; what cannot be written now is written with the next."""
        try:
            await note_erasures(self._database, self._database.path.parent / BACKUPS_NAME)
        except (StorageError, OSError) as error:
            logger.error("the erasures could not be noted beside the backups (%s)", type(error).__name__)

    async def last(self) -> int:
        """A number that grows with each erasure, by whatever process."""
        row = await self._database.fetch_one("SELECT coalesce(max(erasure_id), 0) AS last FROM erasures")
        assert row is not None, "an aggregate has one row"
        return int(row["last"])


async def _forget_updates(connection: aiosqlite.Connection, user_id: int) -> None:
    """Drop what Telegram sent for a person, but for what still waits to be answered."""
    await connection.execute(
        f"UPDATE updates SET payload = NULL WHERE state != 'pending' AND {_SENDER} = ?", (user_id,)
    )


async def _note(connection: aiosqlite.Connection, user_id: int, now: datetime, *, whole: bool) -> None:
    """Say that something was erased. The cache of summaries goes, too: some may be of a person's own text."""
    await connection.execute("DELETE FROM summaries")
    await connection.execute(
        "INSERT INTO erasures (user_id, at, whole) VALUES (?, ?, ?)", (user_id, to_text(now), whole)
    )


async def _serve_newest(connection: aiosqlite.Connection, user_id: int) -> None:
    """Let the newest version that has served before serve, if none does."""
    await connection.execute(
        """
        UPDATE adapters SET status = 'active', rolled_back = NULL WHERE user_id = ?1 AND version = (
            SELECT max(version) FROM adapters WHERE user_id = ?1 AND status = 'retired')
        AND NOT EXISTS (SELECT 1 FROM adapters WHERE user_id = ?1 AND status = 'active')
        """,
        (user_id,),
    )


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
