"""Finished summaries by link: a second reader of the same page, in the same style, need not wait."""

from storage.database import Database
from storage.records import ArticleSummary
from storage.times import from_text, to_text


class ArticleStore:
    """The table `summaries`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, url: str, style: str) -> ArticleSummary | None:
        """The kept summary of a page in one style."""
        row = await self._database.fetch_one(
            "SELECT * FROM summaries WHERE url = ? AND style = ?", (url, style)
        )
        if row is None:
            return None
        return ArticleSummary(
            url=row["url"],
            style=row["style"],
            content_sha256=row["content_sha256"],
            title=row["title"],
            text=row["text"],
            created_at=from_text(row["created_at"]),
        )

    async def put(self, summary: ArticleSummary) -> None:
        """Keep a summary; one of the same page and style is replaced."""
        await self._database.execute(
            "INSERT OR REPLACE INTO summaries (url, style, content_sha256, title, text, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                summary.url,
                summary.style,
                summary.content_sha256,
                summary.title,
                summary.text,
                to_text(summary.created_at),
            ),
        )
