"""Ratings: what a user said of one exact reply. The last word on each point wins."""

from datetime import datetime

from storage.database import Database
from storage.messages import rating_of
from storage.records import Rating, VersionTally
from storage.times import to_text


class FeedbackStore:
    """The table `ratings`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def rate(
        self,
        message_id: int,
        *,
        user_id: int,
        now: datetime,
        value: int | None = None,
        note: str | None = None,
        correction: str | None = None,
    ) -> Rating:
        """Store what was said; points that are None keep what was said before."""
        await self._database.execute(
            """
            INSERT INTO ratings (message_id, user_id, value, note, correction, updated_at)
            VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (message_id) DO UPDATE SET
                value = coalesce(excluded.value, value),
                note = coalesce(excluded.note, note),
                correction = coalesce(excluded.correction, correction),
                updated_at = excluded.updated_at
            """,
            (message_id, user_id, value, note, correction, to_text(now)),
        )
        rating = await self.get(message_id)
        assert rating is not None, "the rating was just written"
        return rating

    async def withdraw(self, message_id: int, *, now: datetime) -> None:
        """Take a thumb back; a note or a correction stays."""
        await self._database.execute(
            "UPDATE ratings SET value = NULL, updated_at = ? WHERE message_id = ?", (to_text(now), message_id)
        )

    async def tallies(self, user_id: int) -> list[VersionTally]:
        """What was said of the replies to a user by the version that wrote them, the base model first.

        What the base wrote as a control comes after what it wrote when there was nothing else.
        """
        rows = await self._database.fetch_all(
            """
            SELECT g.adapter_version, count(*) AS replies, coalesce(sum(r.value = 1), 0) AS liked,
                   coalesce(sum(r.value = -1), 0) AS disliked, count(r.correction) AS corrected,
                   coalesce(sum(g.view ->> 'recalled' > 0), 0) AS with_recall,
                   coalesce(g.view ->> 'control', 0) AS control
            FROM messages AS m JOIN generations AS g USING (message_id)
                               LEFT JOIN ratings AS r USING (message_id)
            WHERE m.user_id = ? GROUP BY g.adapter_version, control ORDER BY g.adapter_version, control
            """,
            (user_id,),
        )
        return [
            VersionTally(
                adapter_version=row["adapter_version"],
                replies=row["replies"],
                liked=row["liked"],
                disliked=row["disliked"],
                corrected=row["corrected"],
                with_recall=row["with_recall"],
                control=bool(row["control"]),
            )
            for row in rows
        ]

    async def all_of(self, user_id: int) -> list[Rating]:
        """Every rating of a user, by reply."""
        rows = await self._database.fetch_all(
            "SELECT * FROM ratings WHERE user_id = ? ORDER BY message_id", (user_id,)
        )
        return [rating_of(row) for row in rows]

    async def get(self, message_id: int) -> Rating | None:
        """The rating of one reply, if there is one."""
        row = await self._database.fetch_one("SELECT * FROM ratings WHERE message_id = ?", (message_id,))
        return None if row is None else rating_of(row)
