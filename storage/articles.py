"""Finished summaries by what they sum up: the same text at another address is known."""

import json

from storage.database import Database
from storage.records import ArticleSummary
from storage.times import from_text, to_text

MOST_SUMMARIES = 1000
"""The oldest beyond these are dropped."""


class ArticleStore:
    """The table `summaries`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, content_sha256: str, style: str) -> ArticleSummary | None:
        """The kept summary of a text in one style."""
        row = await self._database.fetch_one(
            "SELECT * FROM summaries WHERE content_sha256 = ? AND style = ?", (content_sha256, style)
        )
        if row is None:
            return None
        return ArticleSummary(
            content_sha256=row["content_sha256"],
            style=row["style"],
            title=row["title"],
            points=tuple((text, passage) for text, passage in json.loads(row["points"])),
            created_at=from_text(row["created_at"]),
        )

    async def put(self, summary: ArticleSummary) -> None:
        """Keep a summary; one of the same text and style is replaced."""
        await self._database.execute(
            "INSERT OR REPLACE INTO summaries (content_sha256, style, title, points, created_at)"
            " VALUES (?, ?, ?, ?, ?)",
            (
                summary.content_sha256,
                summary.style,
                summary.title,
                json.dumps(summary.points, ensure_ascii=False),
                to_text(summary.created_at),
            ),
        )
        await self._database.execute(
            "DELETE FROM summaries WHERE rowid NOT IN"
            " (SELECT rowid FROM summaries ORDER BY created_at DESC LIMIT ?)",
            (MOST_SUMMARIES,),
        )
