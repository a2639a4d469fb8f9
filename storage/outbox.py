"""The outbox: each Telegram message of a reply, and what is known of its delivery."""

from collections.abc import Sequence

from storage.database import Connection, Database, Row
from storage.records import OutboxPart, SendState


class OutboxStore:
    """The table `outbox`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def plan(
        self,
        message_id: int,
        *,
        chat_id: int,
        update_id: int | None,
        parts: Sequence[tuple[str, str]],
        shown_as: Sequence[int] = (),
    ) -> list[OutboxPart]:
        """Write down the parts (text, entities as JSON) before any is sent; a plan made earlier stays.

        `shown_as` are the Telegram ids of the messages that become the first parts: a preview, or what stood
        in their place before.
        """

        def write_down(connection: Connection) -> list[OutboxPart]:
            connection.executemany(
                """
                INSERT INTO outbox (message_id, update_id, chat_id, part, text, entities, state, telegram_id)
                VALUES (?, ?, ?, ?, ?, ?, 'pending', ?) ON CONFLICT DO NOTHING
                """,
                [
                    (
                        message_id,
                        update_id,
                        chat_id,
                        part,
                        text,
                        entities,
                        shown_as[part] if part < len(shown_as) else None,
                    )
                    for part, (text, entities) in enumerate(parts)
                ],
            )
            return _parts(connection, message_id)

        return await self._database.write(write_down)

    async def parts_showing(self, message_id: int) -> list[OutboxPart]:
        """The parts of the newest Telegram messages that show a reply, in order."""
        rows = await self._database.fetch_all(
            """
            SELECT * FROM outbox WHERE message_id = (
                SELECT message_id FROM outbox WHERE coalesce(shows, message_id) = ?
                ORDER BY part_id DESC LIMIT 1
            ) ORDER BY part
            """,
            (message_id,),
        )
        return [_part(row) for row in rows]

    async def replan(
        self, *, chat_id: int, telegram_id: int, shows: int, parts: Sequence[tuple[str, str]]
    ) -> tuple[list[OutboxPart], list[int]]:
        """Let the Telegram messages around this one show another reply: its parts (text, entities as JSON).

        Returns the parts, and the Telegram ids of the messages that are left over.
        """

        def write_down(connection: Connection) -> tuple[list[OutboxPart], list[int]]:
            rows = connection.execute(
                """
                SELECT * FROM outbox WHERE message_id = (
                    SELECT message_id FROM outbox WHERE chat_id = ? AND telegram_id = ?
                    ORDER BY part_id DESC LIMIT 1
                ) ORDER BY part
                """,
                (chat_id, telegram_id),
            )
            before = [_part(row) for row in rows]
            if not before:
                return [], []
            owner = before[0]
            connection.executemany(
                """
                INSERT INTO outbox (message_id, update_id, chat_id, part, text, entities, state, shows)
                VALUES (?, ?, ?, ?, ?, ?, 'pending', ?)
                ON CONFLICT (message_id, part) DO UPDATE SET text = excluded.text,
                    entities = excluded.entities, state = 'pending', shows = excluded.shows
                """,
                [
                    (owner.message_id, owner.update_id, chat_id, part, text, entities, shows)
                    for part, (text, entities) in enumerate(parts)
                ],
            )
            connection.execute(
                "DELETE FROM outbox WHERE message_id = ? AND part >= ?", (owner.message_id, len(parts))
            )
            left_over = [part.telegram_id for part in before[len(parts) :] if part.telegram_id is not None]
            return _parts(connection, owner.message_id), left_over

        return await self._database.write(write_down)

    async def mark(self, part_id: int, state: SendState, *, telegram_id: int | None = None) -> None:
        """Record what is now known of one part."""
        await self._database.execute(
            "UPDATE outbox SET state = ?, telegram_id = coalesce(?, telegram_id) WHERE part_id = ?",
            (state, telegram_id, part_id),
        )


def _parts(connection: Connection, message_id: int) -> list[OutboxPart]:
    """The parts of a reply, in order."""
    rows = connection.execute("SELECT * FROM outbox WHERE message_id = ? ORDER BY part", (message_id,))
    return [_part(row) for row in rows]


def _part(row: Row) -> OutboxPart:
    return OutboxPart(
        part_id=row["part_id"],
        message_id=row["message_id"],
        update_id=row["update_id"],
        chat_id=row["chat_id"],
        part=row["part"],
        text=row["text"],
        entities=row["entities"],
        state=SendState(row["state"]),
        telegram_id=row["telegram_id"],
    )
