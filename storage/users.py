"""People: who may talk, who owns the bot, who was turned away and when."""

from datetime import datetime, timedelta

from storage.database import Database, Row
from storage.records import User
from storage.times import from_text, to_text


class UserStore:
    """The tables `users` and `refusals`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, user_id: int, *, name: str, is_owner: bool, now: datetime) -> None:
        """Let a person in; one who is known already keeps their date, and never loses ownership."""
        await self._database.execute(
            """
            INSERT INTO users (user_id, name, is_owner, since) VALUES (?, ?, ?, ?)
            ON CONFLICT (user_id) DO UPDATE SET
                name = excluded.name, is_owner = max(is_owner, excluded.is_owner), reachable = 1, let_in = 1
            """,
            (user_id, name, is_owner, to_text(now)),
        )

    async def note(self, user_id: int, *, name: str, now: datetime) -> None:
        """Keep the name of a person who is not let in, such as another member of a group."""
        await self._database.execute(
            """
            INSERT INTO users (user_id, name, since, let_in) VALUES (?, ?, ?, 0)
            ON CONFLICT (user_id) DO UPDATE SET name = excluded.name WHERE name != excluded.name
            """,
            (user_id, name, to_text(now)),
        )

    async def all(self) -> list[User]:
        """Everybody who is let in or of whom something may be learnt, by id."""
        rows = await self._database.fetch_all(
            """
            SELECT * FROM users WHERE let_in OR EXISTS (
                SELECT 1 FROM messages WHERE user_id = users.user_id AND origin != 'private'
            ) ORDER BY user_id
            """
        )
        return [_user(row) for row in rows]

    async def get(self, user_id: int) -> User | None:
        """One person, if known."""
        row = await self._database.fetch_one("SELECT * FROM users WHERE user_id = ?", (user_id,))
        return None if row is None else _user(row)

    async def set_reachable(self, user_id: int, reachable: bool) -> None:
        """Remember whether messages still reach this person: False once they block the bot."""
        await self._database.execute(
            "UPDATE users SET reachable = ? WHERE user_id = ? AND reachable != ?",
            (reachable, user_id, reachable),
        )

    async def may_refuse(self, user_id: int, *, now: datetime, pause: timedelta) -> bool:
        """Whether a stranger is due a refusal; if so it is recorded as told now."""
        changed = await self._database.execute(
            """
            INSERT INTO refusals (user_id, told_at) VALUES (?, ?)
            ON CONFLICT (user_id) DO UPDATE SET told_at = excluded.told_at WHERE told_at <= ?
            """,
            (user_id, to_text(now), to_text(now - pause)),
        )
        return changed > 0


def _user(row: Row) -> User:
    return User(
        user_id=row["user_id"],
        name=row["name"],
        is_owner=bool(row["is_owner"]),
        since=from_text(row["since"]),
        reachable=bool(row["reachable"]),
        let_in=bool(row["let_in"]),
    )
