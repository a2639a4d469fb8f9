"""What may not be learnt is kept only as long as its conversation lasts."""

from datetime import datetime

from storage.database import Database
from storage.times import to_text

_OVER = """
    SELECT conversation_id FROM conversations AS c WHERE EXISTS (
        SELECT 1 FROM conversations AS later WHERE later.user_id IS c.user_id
        AND later.chat_id = c.chat_id AND later.thread_id IS c.thread_id
        AND later.conversation_id > c.conversation_id
    ) OR (NOT private AND coalesce(
        (SELECT max(created_at) FROM messages WHERE conversation_id = c.conversation_id), started_at
    ) < ?)
"""
"""Those with a later one in their place, and those in which nothing was said for long; that does not end a
private one."""


async def prune_unlearnable(database: Database, *, before: datetime) -> None:
    """Erase what may not be learnt from the conversations that are over: those with a later one in their
    place, and those in which nothing was said since `before`. Strangers of whom nothing is left go, too, and
    articles that were read before then and have no summary left.
    """
    async with database.transaction() as connection:
        await connection.execute(
            f"DELETE FROM messages WHERE origin = 'private' AND conversation_id IN ({_OVER})",
            (to_text(before),),
        )
        await connection.execute(
            "DELETE FROM readings WHERE read_at < ?"
            " AND reading_id NOT IN (SELECT reading_id FROM reading_replies)",
            (to_text(before),),
        )
        await connection.execute(
            """
            DELETE FROM users WHERE NOT let_in
            AND NOT EXISTS (SELECT 1 FROM messages WHERE user_id = users.user_id)
            AND NOT EXISTS (SELECT 1 FROM group_members WHERE user_id = users.user_id)
            """
        )
