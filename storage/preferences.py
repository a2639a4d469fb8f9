"""What each user has chosen: language, quiet hours, what is learnt, how replies look."""

from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any

from storage.database import Database, Row


class ReplyLength(StrEnum):
    """How long replies should be."""

    SHORT = "short"
    NORMAL = "normal"
    LONG = "long"


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Local hours of the day, 0 to 23, in which nothing is sent unasked: from `begin` until before `end`."""

    begin: int
    end: int

    def contains(self, hour: int) -> bool:
        """Whether this hour is a quiet one; the span may go over midnight."""
        if self.begin <= self.end:
            return self.begin <= hour < self.end
        return hour >= self.begin or hour < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """One user's choices. `language` None follows `client_language`, the language of their Telegram.

    With `summarize_links` a link without a word is read without being asked about.
    """

    language: str | None = None
    client_language: str | None = None
    quiet_hours: QuietHours | None = QuietHours(22, 7)
    learning: bool = True
    buttons: bool = True
    reply_length: ReplyLength = ReplyLength.NORMAL
    summarize_links: bool = False

    @property
    def spoken(self) -> str | None:
        """The language to address this user in, as far as it is known."""
        return self.language or self.client_language


class PreferenceStore:
    """The table `preferences`. A user without a row has the defaults."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, user_id: int) -> Preferences:
        """The choices of a user."""
        row = await self._database.fetch_one("SELECT * FROM preferences WHERE user_id = ?", (user_id,))
        return Preferences() if row is None else _preferences(row)

    async def save(self, user_id: int, chosen: Preferences) -> None:
        """Store all choices of a user who is let in."""
        columns = _columns(chosen)
        names = ", ".join(columns)
        updates = ", ".join(f"{name} = excluded.{name}" for name in columns)
        await self._database.execute(
            f"INSERT INTO preferences (user_id, {names}) VALUES (?{', ?' * len(columns)})"
            f" ON CONFLICT (user_id) DO UPDATE SET {updates}",
            (user_id, *columns.values()),
        )

    async def take_note_of(self, user_id: int, day: date) -> bool:
        """Whether nothing was noted aloud to a user on this day yet; from now on something was."""
        if await self._database.fetch_one("SELECT 1 FROM preferences WHERE user_id = ?", (user_id,)) is None:
            await self.save(user_id, Preferences())
        changed = await self._database.execute(
            "UPDATE preferences SET noted_on = ?2 WHERE user_id = ?1 AND noted_on IS NOT ?2",
            (user_id, day.isoformat()),
        )
        return bool(changed)


def _columns(chosen: Preferences) -> dict[str, Any]:
    plain = {field.name: getattr(chosen, field.name) for field in fields(chosen)}
    quiet: QuietHours | None = plain.pop("quiet_hours")
    return plain | {
        "quiet_begin": None if quiet is None else quiet.begin,
        "quiet_end": None if quiet is None else quiet.end,
    }


def _preferences(row: Row) -> Preferences:
    return Preferences(
        language=row["language"],
        client_language=row["client_language"],
        quiet_hours=None if row["quiet_begin"] is None else QuietHours(row["quiet_begin"], row["quiet_end"]),
        learning=bool(row["learning"]),
        buttons=bool(row["buttons"]),
        reply_length=ReplyLength(row["reply_length"]),
        summarize_links=bool(row["summarize_links"]),
    )
