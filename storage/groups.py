"""Groups: where the bot may speak, and who in each of them may be learnt from."""

from datetime import datetime

from storage.database import Database
from storage.times import to_text


class GroupStore:
    """The tables `groups` and `group_members`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> set[int]:
        """The groups where everybody is answered."""
        rows = await self._database.fetch_all("SELECT chat_id FROM groups")
        return {row["chat_id"] for row in rows}

    async def open(self, chat_id: int, *, now: datetime) -> None:
        """From now on everybody is answered in this group."""
        await self._database.execute(
            "INSERT INTO groups (chat_id, since) VALUES (?, ?) ON CONFLICT DO NOTHING",
            (chat_id, to_text(now)),
        )

    async def close(self, chat_id: int) -> None:
        """From now on nobody is answered in this group."""
        await self._database.execute("DELETE FROM groups WHERE chat_id = ?", (chat_id,))

    async def has_joined(self, chat_id: int, user_id: int) -> bool | None:
        """What this person said to being learnt from in this group; None when nothing was said."""
        row = await self._database.fetch_one(
            "SELECT joined FROM group_members WHERE chat_id = ? AND user_id = ?", (chat_id, user_id)
        )
        return None if row is None else bool(row["joined"])

    async def is_member(self, user_id: int) -> bool:
        """Whether this person has ever said yes in a group."""
        row = await self._database.fetch_one("SELECT 1 FROM group_members WHERE user_id = ?", (user_id,))
        return row is not None

    async def join(self, chat_id: int, user_id: int) -> None:
        """A known person says yes."""
        await self._say(chat_id, user_id, joined=True)

    async def leave(self, chat_id: int, user_id: int) -> set[int]:
        """A known person says no: nothing that they have said in this group is learnt any more.

        Returns the ids of what they have said there.
        """
        await self._say(chat_id, user_id, joined=False)
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                "UPDATE messages SET origin = 'private' WHERE user_id = ? AND chat_id = ?"
                " RETURNING message_id",
                (user_id, chat_id),
            )
            return {row["message_id"] for row in await cursor.fetchall()}

    async def migrate(self, old: int, new: int) -> None:
        """A group has got another number; in it Telegram numbers all messages anew."""
        async with self._database.transaction() as connection:
            for table in ("groups", "group_members"):
                await connection.execute(
                    f"UPDATE OR REPLACE {table} SET chat_id = ? WHERE chat_id = ?", (new, old)
                )
            await connection.execute("UPDATE conversations SET chat_id = ? WHERE chat_id = ?", (new, old))
            for table in ("messages", "outbox"):
                await connection.execute(
                    f"UPDATE {table} SET chat_id = ?, telegram_id = NULL WHERE chat_id = ?", (new, old)
                )

    async def _say(self, chat_id: int, user_id: int, *, joined: bool) -> None:
        await self._database.execute(
            "INSERT INTO group_members (chat_id, user_id, joined) VALUES (?, ?, ?)"
            " ON CONFLICT (chat_id, user_id) DO UPDATE SET joined = excluded.joined",
            (chat_id, user_id, joined),
        )
