"""What a person said elsewhere, before Mynah: logged once, however often it is brought."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import aiosqlite

from storage.database import Database
from storage.messages import MessageStore
from storage.records import Message, Origin, Role
from storage.times import to_text

ELSEWHERE = 0
"""The chat of all that was said elsewhere: a number that Telegram gives to none."""

_FOR_EVER = timedelta(days=365_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastLine:
    """One line of an old chat; `number` is its number there.

    `answers` is the number of the question that a reply answers, `value` the thumb that the user gave it.
    """

    number: int
    role: Role
    text: str
    said_at: datetime
    origin: Origin = Origin.TYPED
    quoted: str | None = None
    answers: int | None = None
    value: int | None = None
    note: str | None = None
    correction: str | None = None


class PastStore:
    """Writes old chats into `conversations`, `messages` and `ratings`; `imports` keeps what was observed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._messages = MessageStore(database)

    async def conversation(self, user_id: int, source: int, *, now: datetime) -> int:
        """The conversation that stands for one old chat, by a number of its own."""
        return await self._messages.conversation(
            user_id=user_id, chat_id=ELSEWHERE, thread_id=source, now=now, silence=_FOR_EVER
        )

    async def add(self, user_id: int, conversation_id: int, lines: Sequence[PastLine]) -> int:
        """Log lines, questions before their replies, in one transaction; returns how many were new."""
        new = 0
        async with self._database.transaction() as connection:
            for line in lines:
                new += await _insert(connection, user_id, conversation_id, line)
        return new

    async def unobserved(self, user_id: int) -> list[int]:
        """The ids of the user's own old lines that no profile was built from yet, oldest first."""
        rows = await self._database.fetch_all(
            """
            SELECT message_id FROM messages WHERE user_id = :user_id AND chat_id = 0 AND role = 'user'
            AND origin = 'typed' AND message_id > coalesce(
                (SELECT observed_through FROM imports WHERE user_id = :user_id), 0
            ) ORDER BY message_id
            """,
            {"user_id": user_id},
        )
        return [row["message_id"] for row in rows]

    async def line(self, message_id: int) -> Message | None:
        """One old line; None when it was erased meanwhile."""
        try:
            return await self._messages.get(message_id)
        except KeyError:
            return None

    async def set_observed(self, user_id: int, message_id: int) -> None:
        """The profile has been built from the old lines up to this one."""
        await self._database.execute(
            "INSERT INTO imports (user_id, observed_through) VALUES (?, ?)"
            " ON CONFLICT (user_id) DO UPDATE SET observed_through = excluded.observed_through",
            (user_id, message_id),
        )


async def _insert(
    connection: aiosqlite.Connection, user_id: int, conversation_id: int, line: PastLine
) -> int:
    cursor = await connection.execute(
        """
        INSERT INTO messages (user_id, chat_id, conversation_id, role, text, origin, created_at, quoted,
                              telegram_id, question_id)
        SELECT :user_id, 0, :conversation_id, :role, :text, :origin, :said_at, :quoted, :number, (
            SELECT message_id FROM messages
            WHERE chat_id = 0 AND conversation_id = :conversation_id AND telegram_id = :answers
        )
        WHERE NOT EXISTS (  -- an export of this very log
            SELECT 1 FROM messages
            WHERE message_id = :number AND user_id = :user_id AND created_at = :said_at AND text = :text
        )
        ON CONFLICT DO NOTHING
        """,
        {
            "user_id": user_id,
            "conversation_id": conversation_id,
            "role": line.role,
            "text": line.text,
            "origin": line.origin,
            "said_at": to_text(line.said_at),
            "quoted": line.quoted,
            "number": line.number,
            "answers": line.answers,
        },
    )
    if cursor.rowcount <= 0:
        return 0
    if line.value is not None or line.note is not None or line.correction is not None:
        await connection.execute(
            "INSERT INTO ratings (message_id, user_id, value, note, correction, updated_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (cursor.lastrowid, user_id, line.value, line.note, line.correction, to_text(line.said_at)),
        )
    return 1
