"""Numbers that a restored database must not give: buttons in the chats name them, from after the backup."""

from storage.database import Database

_GAP = 1_000_000
"""More messages than anybody sends between two backups."""


async def leave_gap(database: Database) -> None:
    """Go on counting messages, runs and beliefs far behind those that the database knows of."""
    async with database.transaction() as connection:
        await connection.execute(
            """
            INSERT INTO sqlite_sequence (name, seq) SELECT name, 0 FROM sqlite_schema
            WHERE sql LIKE '%AUTOINCREMENT%' AND name NOT IN (SELECT name FROM sqlite_sequence)
            """
        )
        await connection.execute("UPDATE sqlite_sequence SET seq = seq + ?", (_GAP,))
        await connection.execute(
            "INSERT INTO last_numbers (user_id) SELECT user_id FROM users WHERE true ON CONFLICT DO NOTHING"
        )
        await connection.execute("UPDATE last_numbers SET belief_id = belief_id + ?", (_GAP,))
