"""The log: conversations, messages, and how each reply came about."""

import json
from dataclasses import asdict
from datetime import datetime, timedelta

from storage.database import Connection, Database, Row
from storage.records import (
    FinishReason,
    Generation,
    HistoryMessage,
    Message,
    NewMessage,
    Origin,
    RatedTurn,
    Rating,
    Role,
    View,
)
from storage.times import from_optional, from_text, to_text

_SELECT = """
    SELECT m.*, g.model, g.adapter_version, g.prompt_tokens, g.reply_tokens,
           g.first_token_seconds, g.total_seconds, g.finish_reason, g.view
    FROM messages AS m LEFT JOIN generations AS g USING (message_id)
"""


class MessageStore:
    """The tables `conversations`, `messages` and `generations`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def conversation(
        self,
        *,
        user_id: int | None,
        chat_id: int,
        now: datetime,
        silence: timedelta,
        thread_id: int | None = None,
    ) -> int:
        """The id of the running conversation; a new one starts after a silence longer than `silence`.

        Without a user it is the one that a group shares, in the topic `thread_id` if it has topics. A private
        one goes on until it is ended on purpose: nobody should be learnt from again unawares.
        """
        row = await self._database.fetch_one(
            """
            SELECT conversation_id, private, coalesce(
                (SELECT max(created_at) FROM messages WHERE conversation_id = c.conversation_id), started_at
            ) AS last_at
            FROM conversations AS c WHERE user_id IS ? AND chat_id = ? AND thread_id IS ?
            ORDER BY conversation_id DESC LIMIT 1
            """,
            (user_id, chat_id, thread_id),
        )
        if row is not None and (row["private"] or now - from_text(row["last_at"]) <= silence):
            return int(row["conversation_id"])
        return await self.start_conversation(user_id=user_id, chat_id=chat_id, thread_id=thread_id, now=now)

    async def start_conversation(
        self,
        *,
        user_id: int | None,
        chat_id: int,
        now: datetime,
        thread_id: int | None = None,
        private: bool = False,
    ) -> int:
        """Begin a conversation with an empty history; returns its id. Of a private one nothing is learnt."""

        def begin(connection: Connection) -> int:
            cursor = connection.execute(
                "INSERT INTO conversations (user_id, chat_id, thread_id, started_at, private)"
                " VALUES (?, ?, ?, ?, ?)",
                (user_id, chat_id, thread_id, to_text(now), private),
            )
            assert cursor.lastrowid is not None, "an INSERT has a row id"
            return cursor.lastrowid

        return await self._database.write(begin)

    async def is_private(self, *, user_id: int, chat_id: int) -> bool:
        """Whether the newest conversation of a user in a chat is a private one."""
        row = await self._database.fetch_one(
            "SELECT private FROM conversations WHERE user_id = ? AND chat_id = ?"
            " ORDER BY conversation_id DESC LIMIT 1",
            (user_id, chat_id),
        )
        return row is not None and bool(row["private"])

    async def add(self, message: NewMessage) -> Message:
        """Log one message."""
        return await self._database.write(
            lambda connection: _get(connection, insert_message(connection, message))
        )

    async def add_turn(self, question: NewMessage, reply: NewMessage) -> tuple[Message, Message]:
        """Log both halves of a turn in one transaction; the reply is tied to its question."""

        def log(connection: Connection) -> tuple[Message, Message]:
            question_id = insert_message(connection, question)
            reply_id = insert_message(connection, reply, question_id=question_id)
            return _get(connection, question_id), _get(connection, reply_id)

        return await self._database.write(log)

    async def replace_reply(self, reply: NewMessage, *, detach: bool = False) -> Message:
        """Log another reply to `reply.question_id`; the earlier ones stay, but are no longer current.

        With `detach` the question has changed, and they are no longer replies to it.
        """

        def log(connection: Connection) -> Message:
            connection.execute(
                "UPDATE messages SET current = 0, question_id = iif(?, NULL, question_id)"
                " WHERE question_id = ?",
                (detach, reply.question_id),
            )
            return _get(connection, insert_message(connection, reply))

        return await self._database.write(log)

    async def replies_to(self, question_id: int) -> list[Message]:
        """All replies to one question as it reads now, oldest first."""
        rows = await self._database.fetch_all(
            f"{_SELECT} WHERE m.question_id = ? ORDER BY m.message_id", (question_id,)
        )
        return [_message(row) for row in rows]

    async def choose_reply(self, message_id: int, *, user_id: int) -> Message | None:
        """Make one of several replies to a question the current one; None when it is not this user's."""

        def choose(connection: Connection) -> Message | None:
            cursor = connection.execute(
                """
                UPDATE messages SET current = (message_id = :message_id) WHERE user_id = :user_id
                AND question_id = (SELECT question_id FROM messages WHERE message_id = :message_id)
                """,
                {"message_id": message_id, "user_id": user_id},
            )
            return _get(connection, message_id) if cursor.rowcount > 0 else None

        return await self._database.write(choose)

    async def get(self, message_id: int) -> Message:
        """One message. Raises KeyError when there is none."""
        return await self._database.read(lambda connection: _get(connection, message_id))

    async def revise(self, message_id: int, *, text: str, origin: Origin) -> Message:
        """Give a message the words that its author has changed it to."""
        await self._database.execute(
            "UPDATE messages SET text = ?, origin = ? WHERE message_id = ?", (text, origin, message_id)
        )
        return await self.get(message_id)

    async def outdate_replies(self, question_id: int) -> None:
        """Note that a question has got other words than those that its replies so far answer."""
        await self._database.execute(
            "UPDATE messages SET origin = 'outdated' WHERE question_id = ? AND origin != 'private'",
            (question_id,),
        )

    async def asked_as(self, *, user_id: int, chat_id: int, telegram_id: int) -> Message | None:
        """The question that a user has sent as this Telegram message."""
        return await self._one(
            "m.user_id = ? AND m.chat_id = ? AND m.telegram_id = ? AND m.role = 'user'",
            user_id,
            chat_id,
            telegram_id,
        )

    async def reply_to_update(self, update_id: int) -> Message | None:
        """The reply that was logged while this update was handled, if that happened."""
        return await self._one("m.update_id = ? AND m.role = 'assistant'", update_id)

    async def correction_in_update(self, update_id: int) -> Message | None:
        """What this update put in the place of a belief, if that was logged."""
        return await self._one("m.update_id = ? AND m.origin = 'correction'", update_id)

    async def reply_shown_as(self, *, chat_id: int, telegram_id: int) -> Message | None:
        """The reply of which this Telegram message is a part."""
        return await self._one(
            "m.message_id = (SELECT coalesce(shows, message_id) FROM outbox"
            " WHERE chat_id = ? AND telegram_id = ? ORDER BY part_id DESC LIMIT 1)",
            chat_id,
            telegram_id,
        )

    async def last_reply(self, *, user_id: int, chat_id: int, thread_id: int | None = None) -> Message | None:
        """The newest current reply to this user in this chat, in this topic if it has topics."""
        return await self._one(
            "m.user_id = ? AND m.chat_id = ? AND m.role = 'assistant' AND m.current AND ? IS ("
            "SELECT thread_id FROM conversations AS c WHERE c.conversation_id = m.conversation_id)"
            " ORDER BY m.message_id DESC LIMIT 1",
            user_id,
            chat_id,
            thread_id,
        )

    async def speakers(self, conversation_id: int, newest: int) -> dict[int, str]:
        """The names of the people in a conversation, by id; `newest` is the one about to speak."""
        rows = await self._database.fetch_all(
            "SELECT user_id, name FROM users WHERE user_id = ? OR user_id IN ("
            "SELECT user_id FROM messages WHERE conversation_id = ?)",
            (newest, conversation_id),
        )
        return {row["user_id"]: row["name"] for row in rows}

    async def history(
        self, conversation_id: int, *, before: int | None = None, limit: int = 200
    ) -> list[HistoryMessage]:
        """The current messages of a conversation, oldest first; with `before`, those older than that id.

        Corrections of beliefs are no part of the talk.
        """
        rows = await self._database.fetch_all(
            "SELECT message_id, user_id, role, text, quoted FROM messages"
            " WHERE conversation_id = ? AND current AND (? IS NULL OR message_id < ?)"
            " AND origin != 'correction'"
            " ORDER BY message_id DESC LIMIT ?",
            (conversation_id, before, before, limit),
        )
        return [
            HistoryMessage(message_id, user_id, Role(role), text, quoted)
            for message_id, user_id, role, text, quoted in reversed(rows)
        ]

    async def all_of(self, user_id: int) -> list[Message]:
        """Every message of a user's chats, oldest first."""
        rows = await self._database.fetch_all(
            f"{_SELECT} WHERE m.user_id = ? ORDER BY m.message_id", (user_id,)
        )
        return [_message(row) for row in rows]

    async def learnable(
        self, user_id: int, *, after: int, up_to: int | None = None, limit: int
    ) -> list[Message]:
        """What the user wrote after this message, oldest first, less what must not be learnt or remembered.

        Of more than `limit` the newest.
        """
        rows = await self._database.fetch_all(
            f"{_SELECT} WHERE m.user_id = ? AND m.message_id > ? AND (? IS NULL OR m.message_id <= ?)"
            " AND m.role = 'user' AND m.origin IN ('typed', 'spoken') AND NOT EXISTS ("
            "SELECT 1 FROM memories WHERE message_id = m.message_id AND vector = x'')"
            " ORDER BY m.message_id DESC LIMIT ?",
            (user_id, after, up_to, up_to, limit),
        )
        return [_message(row) for row in reversed(rows)]

    async def newest_time(self) -> datetime | None:
        """When the newest message of anybody was logged."""
        row = await self._database.fetch_one("SELECT max(created_at) AS newest FROM messages")
        return None if row is None else from_optional(row["newest"])

    async def count_questions(self, user_id: int) -> int:
        """How many messages of a user are logged."""
        row = await self._database.fetch_one(
            "SELECT count(*) AS n FROM messages WHERE user_id = ? AND role = 'user'", (user_id,)
        )
        return 0 if row is None else int(row["n"])

    async def rated_turns(self, user_id: int) -> list[RatedTurn]:
        """Every answered question of a user with its current reply and rating, oldest first.

        What was said in private is left out, and so are the answers to it.
        """
        replies = await self._database.fetch_all(
            f"{_SELECT} WHERE m.user_id = ? AND m.role = 'assistant'"
            " AND m.question_id IS NOT NULL AND m.origin != 'private' ORDER BY m.message_id",
            (user_id,),
        )
        questions = await self._database.fetch_all(
            f"{_SELECT} WHERE m.user_id = ? AND m.role = 'user' AND m.origin != 'private'", (user_id,)
        )
        ratings = await self._database.fetch_all("SELECT * FROM ratings WHERE user_id = ?", (user_id,))
        asked = {row["message_id"]: _message(row) for row in questions}
        rated = {row["message_id"]: rating_of(row) for row in ratings}
        disliked = {message_id for message_id, rating in rated.items() if rating.value == -1}
        refused = {
            row["question_id"]: _message(row)
            for row in replies
            if not row["current"] and row["message_id"] in disliked
        }
        return [
            RatedTurn(
                question=asked[row["question_id"]],
                reply=_message(row),
                rating=rated.get(row["message_id"]),
                refused=refused.get(row["question_id"]),
            )
            for row in replies
            if row["current"] and row["question_id"] in asked
        ]

    async def _one(self, condition: str, *parameters: object) -> Message | None:
        row = await self._database.fetch_one(f"{_SELECT} WHERE {condition}", parameters)
        return None if row is None else _message(row)


def insert_message(connection: Connection, new: NewMessage, *, question_id: int | None = None) -> int:
    """Log one message within a transaction; returns its id."""
    cursor = connection.execute(
        """
        INSERT INTO messages (user_id, chat_id, conversation_id, role, text, origin, created_at,
                              quoted, telegram_id, update_id, question_id)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            new.user_id,
            new.chat_id,
            new.conversation_id,
            new.role,
            new.text,
            new.origin,
            to_text(new.created_at),
            new.quoted,
            new.telegram_id,
            new.update_id,
            question_id if question_id is not None else new.question_id,
        ),
    )
    assert cursor.lastrowid is not None, "an INSERT has a row id"
    if new.joined:
        connection.execute(
            "UPDATE updates SET state = 'done', finished_at = ?, payload = NULL"
            " WHERE update_id IN (SELECT value FROM json_each(?))",
            (to_text(new.created_at), json.dumps(new.joined)),
        )
    if new.update_id is not None and new.role is Role.ASSISTANT:
        # Whatever ended the process before, it was not this: only the delivery is left, and starts afresh.
        connection.execute("UPDATE updates SET attempts = 0 WHERE update_id = ?", (new.update_id,))
    if new.generation is not None:
        _insert_generation(connection, cursor.lastrowid, new.generation)
    return cursor.lastrowid


def _insert_generation(connection: Connection, message_id: int, generation: Generation) -> None:
    connection.execute(
        "INSERT INTO generations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            message_id,
            generation.model,
            generation.adapter_version,
            generation.prompt_tokens,
            generation.reply_tokens,
            generation.first_token_seconds,
            generation.total_seconds,
            generation.finish_reason,
            json.dumps(asdict(generation.view)),
        ),
    )


def _get(connection: Connection, message_id: int) -> Message:
    """One message. Raises KeyError when there is none."""
    row = connection.execute(f"{_SELECT} WHERE m.message_id = ?", (message_id,)).fetchone()
    if row is None:
        raise KeyError(message_id)
    return _message(row)


def _message(row: Row) -> Message:
    return Message(
        message_id=row["message_id"],
        user_id=row["user_id"],
        chat_id=row["chat_id"],
        conversation_id=row["conversation_id"],
        role=Role(row["role"]),
        text=row["text"],
        created_at=from_text(row["created_at"]),
        origin=Origin(row["origin"]),
        telegram_id=row["telegram_id"],
        question_id=row["question_id"],
        current=bool(row["current"]),
        generation=_generation(row),
        quoted=row["quoted"],
    )


def _generation(row: Row) -> Generation | None:
    if row["model"] is None:
        return None
    return Generation(
        model=row["model"],
        adapter_version=row["adapter_version"],
        prompt_tokens=row["prompt_tokens"],
        reply_tokens=row["reply_tokens"],
        first_token_seconds=row["first_token_seconds"],
        total_seconds=row["total_seconds"],
        finish_reason=FinishReason(row["finish_reason"]),
        view=View(**json.loads(row["view"])),
    )


def rating_of(row: Row) -> Rating:
    """A row of `ratings` as a record."""
    return Rating(
        message_id=row["message_id"],
        user_id=row["user_id"],
        value=row["value"],
        note=row["note"],
        correction=row["correction"],
        updated_at=from_text(row["updated_at"]),
    )
