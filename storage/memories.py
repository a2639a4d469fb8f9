"""What can be recalled of a user's past turns: an index of words and a vector for each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.database import Connection, Database, Row
from storage.times import from_text, to_text

_ANSWER_WEIGHT = 0.5
"""A word in the reply counts half of one in the user's own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMemory:
    """A turn about to be indexed; spaces part the words, and whoever searches the vector has packed it.

    Without a vector it is one that must not be recalled. `states` tells whether it says something or only
    asks.
    """

    message_id: int
    user_id: int
    said_at: datetime
    said: str
    answered: str
    vector: bytes
    states: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryVector:
    """The vector of one remembered turn."""

    message_id: int
    said_at: datetime
    vector: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedTurn:
    """A past turn: the user's words, the reply that counts, and when it was said.

    `states` tells whether the words say something, or only ask.
    """

    message_id: int
    said_at: datetime
    said: str
    answered: str | None
    states: bool


class MemoryStore:
    """The tables `memories` and `memory_words`. A row without a vector says: not to be remembered."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, memory: NewMemory) -> None:
        """Index a turn, in place of what was indexed for it; nothing when its message is gone meanwhile."""
        await self.put_all([memory])

    async def put_all(self, memories: Iterable[NewMemory]) -> None:
        """Index many turns in one transaction."""
        together = list(memories)

        def index(connection: Connection) -> None:
            for memory in together:
                put_memory(connection, memory)

        await self._database.write(index)

    async def refuse(self, user_id: int, message_ids: Iterable[int]) -> None:
        """Never recall these messages of a user, and drop what was indexed of them."""
        ids = list(message_ids)

        def refuse(connection: Connection) -> None:
            _forget_words(connection, ids)
            connection.executemany(
                "INSERT OR REPLACE INTO memories (message_id, user_id, said_at, vector)"
                " SELECT message_id, user_id, created_at, x'' FROM messages"
                " WHERE message_id = ? AND user_id = ?",
                [(message_id, user_id) for message_id in ids],
            )

        await self._database.write(refuse)

    async def missing(self, user_id: int, *, limit: int) -> list[int]:
        """The newest messages in the user's own words that nobody has indexed or refused yet."""
        rows = await self._database.fetch_all(
            """
            SELECT message_id FROM messages AS m
            WHERE user_id = ? AND role = 'user' AND origin IN ('typed', 'spoken')
              AND NOT EXISTS (SELECT 1 FROM memories WHERE message_id = m.message_id)
            ORDER BY message_id DESC LIMIT ?
            """,
            (user_id, limit),
        )
        return [row["message_id"] for row in rows]

    async def vectors(self, user_id: int, *, after: int) -> list[MemoryVector]:
        """The vectors of a user's turns with greater message ids than this, oldest first."""
        rows = await self._database.fetch_all(
            "SELECT message_id, said_at, vector FROM memories"
            " WHERE user_id = ? AND message_id > ? AND vector != x'' ORDER BY message_id",
            (user_id, after),
        )
        return [
            MemoryVector(
                message_id=row["message_id"], said_at=from_text(row["said_at"]), vector=row["vector"]
            )
            for row in rows
        ]

    async def with_words(
        self,
        user_id: int,
        words: Sequence[str],
        *,
        limit: int,
        span: tuple[datetime, datetime] | None = None,
    ) -> dict[int, float]:
        """The turns that have any of these words and how well they match (BM25), the best first; with `span`,
        those said within it.
        """
        if not words:
            return {}
        any_word = " OR ".join(f'"{_owned(user_id, word)}"' for word in words)
        begin, end = (None, None) if span is None else (to_text(span[0]), to_text(span[1]))
        rows = await self._database.fetch_all(
            f"""
            SELECT w.rowid AS message_id, -bm25(memory_words, 1.0, {_ANSWER_WEIGHT}) AS match
            FROM memory_words AS w
            WHERE memory_words MATCH ?1
              AND (?2 IS NULL OR EXISTS (
                  SELECT 1 FROM memories WHERE message_id = w.rowid AND said_at >= ?2 AND said_at < ?3))
            ORDER BY match DESC LIMIT ?4
            """,
            (any_word, begin, end, limit),
        )
        return {row["message_id"]: row["match"] for row in rows}

    async def turns(self, user_id: int, message_ids: Sequence[int]) -> list[RememberedTurn]:
        """These turns, as far as they are still there and may be recalled."""
        marks = ", ".join("?" * len(message_ids))
        rows = await self._database.fetch_all(
            f"""
            SELECT m.message_id, m.created_at, m.text, states, (
                SELECT text FROM messages
                WHERE question_id = m.message_id AND current AND origin != 'outdated'
            ) AS answered
            FROM memories JOIN messages AS m USING (message_id)
            WHERE m.user_id = ? AND vector != x'' AND m.message_id IN ({marks})
            """,
            (user_id, *message_ids),
        )
        return [_turn(row) for row in rows]


def put_memory(connection: Connection, memory: NewMemory) -> None:
    """Index a turn within a transaction; nothing when its message is gone meanwhile."""
    _forget_words(connection, [memory.message_id])
    cursor = connection.execute(
        "INSERT OR REPLACE INTO memories (message_id, user_id, said_at, vector, states)"
        " SELECT message_id, user_id, ?, ?, ? FROM messages WHERE message_id = ? AND user_id = ?",
        (to_text(memory.said_at), memory.vector, memory.states, memory.message_id, memory.user_id),
    )
    if cursor.rowcount and memory.vector:
        connection.execute(
            "INSERT INTO memory_words (rowid, said, answered) VALUES (?, ?, ?)",
            (
                memory.message_id,
                *(_indexed(memory.user_id, words) for words in (memory.said, memory.answered)),
            ),
        )


def _forget_words(connection: Connection, message_ids: Sequence[int]) -> None:
    connection.executemany(
        "DELETE FROM memory_words WHERE rowid = ?", [(message_id,) for message_id in message_ids]
    )


def _indexed(user_id: int, words: str) -> str:
    return " ".join(_owned(user_id, word) for word in words.split())


def _owned(user_id: int, word: str) -> str:
    """A word as one user's: a search finds theirs without a look at anybody else's."""
    return f"u{user_id}z{word}"


def _turn(row: Row) -> RememberedTurn:
    return RememberedTurn(
        message_id=row["message_id"],
        said_at=from_text(row["created_at"]),
        said=row["text"],
        answered=row["answered"],
        states=bool(row["states"]),
    )
