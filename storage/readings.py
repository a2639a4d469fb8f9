"""What each user has had read: the articles, what was shown of them, and what was said of that."""

import json
from datetime import date

from storage.database import Connection, Database, Row
from storage.messages import insert_message
from storage.records import NewMessage, NewReading, ReadArticle, Reading, ReadingReply, SummaryOpinion
from storage.times import from_text, to_text

MOST_READINGS = 30
"""Older articles of a user are dropped: a text may be as long as a book."""


class ReadingStore:
    """The tables `readings` and `reading_replies`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: NewReading) -> int:
        """Keep an article; returns its id. The user's oldest ones go."""
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                """
                INSERT INTO readings
                    (user_id, url, site, title, published, language, text, words, partial, read_at, etag,
                     last_modified)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                (
                    new.user_id,
                    new.url,
                    new.site,
                    new.title,
                    None if new.published is None else new.published.isoformat(),
                    new.language,
                    new.text,
                    new.words,
                    new.partial,
                    to_text(new.read_at),
                    new.etag,
                    new.last_modified,
                ),
            )
            await connection.execute(
                """
                DELETE FROM readings WHERE user_id = ? AND reading_id NOT IN
                    (SELECT reading_id FROM readings WHERE user_id = ? ORDER BY reading_id DESC LIMIT ?)
                """,
                (new.user_id, new.user_id, MOST_READINGS),
            )
            assert cursor.lastrowid is not None, "an INSERT has a row id"
            return cursor.lastrowid

    async def add_turn(
        self, question: NewMessage, reply: NewMessage, about: ReadingReply, *, update_id: int | None
    ) -> int:
        """Log what was asked and what was shown, with what that rests on; returns the reply's id."""

        def log(connection: Connection) -> int:
            question_id = insert_message(connection, question)
            message_id = insert_message(connection, reply, question_id=question_id)
            connection.execute(
                """
                INSERT INTO reading_replies
                    (message_id, reading_id, update_id, part, points, length, bullets, wished, language,
                     audience)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                (
                    message_id,
                    about.reading_id,
                    update_id,
                    about.part,
                    json.dumps(about.points, ensure_ascii=False),
                    about.length,
                    about.bullets,
                    about.wished,
                    about.language,
                    about.audience,
                ),
            )
            return message_id

        return await self._database.write(log)

    async def get(self, reading_id: int) -> Reading | None:
        """One article, unless it was dropped."""
        row = await self._database.fetch_one("SELECT * FROM readings WHERE reading_id = ?", (reading_id,))
        return None if row is None else _reading(row)

    async def newest_of(self, user_id: int, url: str) -> Reading | None:
        """The article that a user last had read from a URL, unless it was dropped."""
        row = await self._database.fetch_one(
            "SELECT * FROM readings WHERE user_id = ? AND url = ? ORDER BY reading_id DESC LIMIT 1",
            (user_id, url),
        )
        return None if row is None else _reading(row)

    async def reply(self, message_id: int) -> ReadingReply | None:
        """What a reply rests on; None for one that is about no article, or about one that was dropped."""
        row = await self._database.fetch_one(
            "SELECT * FROM reading_replies WHERE message_id = ?", (message_id,)
        )
        return None if row is None else _reply(row)

    async def shown_for(self, update_id: int, part: int) -> int | None:
        """The id of the reply that was logged as this part of the answer to an update, if one was."""
        row = await self._database.fetch_one(
            "SELECT message_id FROM reading_replies WHERE update_id = ? AND part = ?", (update_id, part)
        )
        return None if row is None else int(row["message_id"])

    async def opinions(self, user_id: int, *, limit: int = 20) -> list[SummaryOpinion]:
        """What a user said of their summaries, newest first; those without a word are left out."""
        rows = await self._database.fetch_all(
            """
            SELECT s.length, s.bullets, s.wished, r.value, r.note
            FROM reading_replies AS s JOIN readings USING (reading_id)
                LEFT JOIN ratings AS r USING (message_id)
            WHERE readings.user_id = ? AND s.length IS NOT NULL
                AND (s.wished OR r.value IS NOT NULL OR r.note IS NOT NULL)
            ORDER BY s.message_id DESC LIMIT ?
            """,
            (user_id, limit),
        )
        return [
            SummaryOpinion(
                length=row["length"],
                bullets=bool(row["bullets"]),
                wished=bool(row["wished"]),
                value=row["value"],
                note=row["note"],
            )
            for row in rows
        ]

    async def read_lately(self, user_id: int, *, limit: int = 10) -> list[ReadArticle]:
        """What a user has read of, newest first, but for what was read in private."""
        rows = await self._database.fetch_all(
            """
            SELECT a.title, a.site, a.read_at, (
                SELECT r.value FROM reading_replies AS s JOIN ratings AS r USING (message_id)
                WHERE s.reading_id = a.reading_id AND s.length IS NOT NULL AND r.value IS NOT NULL
                ORDER BY r.updated_at DESC LIMIT 1
            ) AS value
            FROM readings AS a WHERE a.user_id = ? AND EXISTS (
                SELECT 1 FROM reading_replies AS s JOIN messages AS m USING (message_id)
                WHERE s.reading_id = a.reading_id AND m.origin != 'private'
            ) ORDER BY a.reading_id DESC LIMIT ?
            """,
            (user_id, limit),
        )
        return [
            ReadArticle(
                title=row["title"],
                site=row["site"],
                read_at=from_text(row["read_at"]),
                value=row["value"],
            )
            for row in rows
        ]

    async def all_of(self, user_id: int) -> list[Reading]:
        """Every kept article of a user, oldest first."""
        rows = await self._database.fetch_all(
            "SELECT * FROM readings WHERE user_id = ? ORDER BY reading_id", (user_id,)
        )
        return [_reading(row) for row in rows]


def _reading(row: Row) -> Reading:
    return Reading(
        reading_id=row["reading_id"],
        user_id=row["user_id"],
        url=row["url"],
        site=row["site"],
        title=row["title"],
        published=None if row["published"] is None else date.fromisoformat(row["published"]),
        language=row["language"],
        text=row["text"],
        words=row["words"],
        partial=bool(row["partial"]),
        read_at=from_text(row["read_at"]),
        etag=row["etag"],
        last_modified=row["last_modified"],
    )


def _reply(row: Row) -> ReadingReply:
    return ReadingReply(
        reading_id=row["reading_id"],
        points=tuple((text, passage) for text, passage in json.loads(row["points"])),
        part=row["part"],
        length=row["length"],
        bullets=bool(row["bullets"]),
        wished=bool(row["wished"]),
        language=row["language"],
        audience=row["audience"],
    )
