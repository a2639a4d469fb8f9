"""The schema as an ordered list of small named steps.

`PRAGMA user_version` counts the steps that a file has seen; each step commits together with its new count.
"""

import sqlite3
from collections.abc import Callable

from storage.errors import NewerDatabaseError


def m001_users(db: sqlite3.Connection) -> None:
    db.execute(
        """
        CREATE TABLE users (
            user_id INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            is_owner INTEGER NOT NULL DEFAULT 0,
            since TEXT NOT NULL,
            reachable INTEGER NOT NULL DEFAULT 1
        )
        """
    )
    db.execute("CREATE TABLE refusals (user_id INTEGER PRIMARY KEY, told_at TEXT NOT NULL)")


def m002_updates(db: sqlite3.Connection) -> None:
    db.execute(
        """
        CREATE TABLE updates (
            update_id INTEGER PRIMARY KEY,
            payload TEXT,
            state TEXT NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            preview_id INTEGER,
            received_at TEXT NOT NULL,
            finished_at TEXT
        )
        """
    )
    db.execute("CREATE INDEX updates_by_state ON updates (state, update_id)")


def m003_messages(db: sqlite3.Connection) -> None:
    db.execute(
        """
        CREATE TABLE conversations (
            conversation_id INTEGER PRIMARY KEY,
            user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
            chat_id INTEGER NOT NULL,
            started_at TEXT NOT NULL
        )
        """
    )
    db.execute("CREATE INDEX conversations_by_chat ON conversations (user_id, chat_id, conversation_id)")
    db.execute(
        """
        CREATE TABLE messages (
            message_id INTEGER PRIMARY KEY,
            user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
            chat_id INTEGER NOT NULL,
            conversation_id INTEGER NOT NULL REFERENCES conversations ON DELETE CASCADE,
            role TEXT NOT NULL,
            text TEXT NOT NULL,
            origin TEXT NOT NULL,
            created_at TEXT NOT NULL,
            telegram_id INTEGER,
            update_id INTEGER,
            question_id INTEGER REFERENCES messages ON DELETE CASCADE,
            current INTEGER NOT NULL DEFAULT 1
        )
        """
    )
    db.execute("CREATE INDEX messages_by_conversation ON messages (conversation_id, message_id)")
    db.execute("CREATE INDEX messages_by_user ON messages (user_id, message_id)")
    db.execute("CREATE INDEX messages_by_telegram_id ON messages (chat_id, telegram_id)")
    db.execute("CREATE INDEX messages_by_question ON messages (question_id)")
    db.execute(
        "CREATE UNIQUE INDEX messages_by_update ON messages (update_id, role) WHERE update_id IS NOT NULL"
    )
    db.execute(
        """
        CREATE TABLE generations (
            message_id INTEGER PRIMARY KEY REFERENCES messages ON DELETE CASCADE,
            model TEXT NOT NULL,
            adapter_version INTEGER,
            prompt_tokens INTEGER NOT NULL,
            reply_tokens INTEGER NOT NULL,
            first_token_seconds REAL NOT NULL,
            total_seconds REAL NOT NULL
        )
        """
    )


def m004_outbox(db: sqlite3.Connection) -> None:
    db.execute(
        """
        CREATE TABLE outbox (
            part_id INTEGER PRIMARY KEY,
            message_id INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,
            update_id INTEGER,
            chat_id INTEGER NOT NULL,
            part INTEGER NOT NULL,
            text TEXT NOT NULL,
            entities TEXT NOT NULL,
            state TEXT NOT NULL,
            telegram_id INTEGER,
            UNIQUE (message_id, part)
        )
        """
    )
    db.execute("CREATE INDEX outbox_by_telegram_id ON outbox (chat_id, telegram_id)")
    db.execute("CREATE INDEX outbox_by_update ON outbox (update_id)")


def m005_ratings(db: sqlite3.Connection) -> None:
    db.execute(
        """
        CREATE TABLE ratings (
            message_id INTEGER PRIMARY KEY REFERENCES messages ON DELETE CASCADE,
            user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
            value INTEGER CHECK (value IN (-1, 1)),
            note TEXT,
            correction TEXT,
            updated_at TEXT NOT NULL
        )
        """
    )
    db.execute("CREATE INDEX ratings_by_user ON ratings (user_id)")


def m006_runs(db: sqlite3.Connection) -> None:
    db.execute(
        """
        CREATE TABLE runs (
            run_id INTEGER PRIMARY KEY,
            user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
            local_date TEXT,
            status TEXT NOT NULL,
            started_at TEXT NOT NULL,
            finished_at TEXT,
            reason TEXT NOT NULL DEFAULT '',
            report TEXT NOT NULL DEFAULT '{}',
            adapter_version INTEGER,
            told INTEGER NOT NULL DEFAULT 0,
            UNIQUE (user_id, local_date)
        )
        """
    )
    db.execute(
        """
        CREATE TABLE adapters (
            user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
            version INTEGER NOT NULL,
            status TEXT NOT NULL,
            folder TEXT NOT NULL,
            base_model TEXT NOT NULL,
            created_at TEXT NOT NULL,
            run_id INTEGER REFERENCES runs ON DELETE SET NULL,
            PRIMARY KEY (user_id, version)
        )
        """
    )
    db.execute("CREATE UNIQUE INDEX adapters_active ON adapters (user_id) WHERE status = 'active'")


def m007_summaries(db: sqlite3.Connection) -> None:
    db.execute(
        """
        CREATE TABLE summaries (
            url TEXT NOT NULL,
            style TEXT NOT NULL,
            content_sha256 TEXT NOT NULL,
            title TEXT NOT NULL,
            text TEXT NOT NULL,
            created_at TEXT NOT NULL,
            PRIMARY KEY (url, style)
        )
        """
    )


def m008_profiles(db: sqlite3.Connection) -> None:
    db.execute(
        """
        CREATE TABLE profiles (
            user_id INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
            revision INTEGER NOT NULL,
            last_message_id INTEGER NOT NULL,
            document TEXT NOT NULL
        )
        """
    )
    db.execute(
        """
        CREATE TABLE beliefs (
            user_id INTEGER NOT NULL REFERENCES profiles ON DELETE CASCADE,
            belief_id INTEGER NOT NULL,
            kind TEXT NOT NULL,
            subject TEXT NOT NULL,
            slot TEXT NOT NULL,
            value TEXT NOT NULL,
            key TEXT NOT NULL,
            polarity INTEGER NOT NULL CHECK (polarity IN (-1, 1)),
            status TEXT NOT NULL,
            sensitivity TEXT NOT NULL,
            evidence TEXT NOT NULL,
            support REAL NOT NULL,
            against REAL NOT NULL,
            times_said INTEGER NOT NULL,
            first_seen TEXT NOT NULL,
            last_seen TEXT NOT NULL,
            valid_from TEXT NOT NULL,
            valid_to TEXT,
            PRIMARY KEY (user_id, belief_id)
        )
        """
    )
    db.execute("CREATE INDEX beliefs_by_status ON beliefs (user_id, status, last_seen)")
    db.execute(
        """
        CREATE TABLE profile_changes (
            change_id INTEGER PRIMARY KEY,
            user_id INTEGER NOT NULL REFERENCES profiles ON DELETE CASCADE,
            at TEXT NOT NULL,
            cause TEXT NOT NULL,
            message_id INTEGER,
            edits TEXT NOT NULL
        )
        """
    )
    db.execute("CREATE INDEX profile_changes_by_user ON profile_changes (user_id, change_id)")


def m009_finish_reasons(db: sqlite3.Connection) -> None:
    db.execute("ALTER TABLE generations ADD COLUMN finish_reason TEXT NOT NULL DEFAULT 'stop'")


def m010_run_attempts(db: sqlite3.Connection) -> None:
    db.execute("ALTER TABLE runs ADD COLUMN attempts INTEGER NOT NULL DEFAULT 1")


def m011_ids_never_used_twice(db: sqlite3.Connection) -> None:
    """Buttons in old chats name messages by id: an id that was erased must not come back as another's."""
    for table in ("conversations", "messages"):
        _never_use_ids_twice(db, table)


def _never_use_ids_twice(db: sqlite3.Connection, table: str) -> None:
    schema_of = "SELECT sql FROM sqlite_schema WHERE type = ? AND tbl_name = ? AND sql IS NOT NULL"
    (schema,) = db.execute(schema_of, ("table", table)).fetchone()
    indices = db.execute(schema_of, ("index", table)).fetchall()
    schema = schema.replace(f"TABLE {table}", f"TABLE new_{table}", 1)
    db.execute(schema.replace("INTEGER PRIMARY KEY", "INTEGER PRIMARY KEY AUTOINCREMENT", 1))
    db.execute(f"INSERT INTO new_{table} SELECT * FROM {table}")
    db.execute(f"DROP TABLE {table}")
    db.execute(f"ALTER TABLE new_{table} RENAME TO {table}")
    for (index,) in indices:
        db.execute(index)


def m012_erasures(db: sqlite3.Connection) -> None:
    db.execute(
        "CREATE TABLE erasures ("
        " erasure_id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL, at TEXT NOT NULL)"
    )


def m013_preferences(db: sqlite3.Connection) -> None:
    db.execute(
        """
        CREATE TABLE preferences (
            user_id INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
            language TEXT,
            client_language TEXT,
            quiet_begin INTEGER,
            quiet_end INTEGER,
            learning INTEGER NOT NULL,
            buttons INTEGER NOT NULL,
            reply_length TEXT NOT NULL
        )
        """
    )


def m014_private_conversations(db: sqlite3.Connection) -> None:
    db.execute("ALTER TABLE conversations ADD COLUMN private INTEGER NOT NULL DEFAULT 0")


def m015_rolled_back_adapters(db: sqlite3.Connection) -> None:
    db.execute("ALTER TABLE adapters ADD COLUMN rolled_back INTEGER")  # counts a user's /rollback


def m016_quoted_texts(db: sqlite3.Connection) -> None:
    db.execute("ALTER TABLE messages ADD COLUMN quoted TEXT")


def m017_summaries_by_content(db: sqlite3.Connection) -> None:
    # A cache: what it held was written for another form of summary.
    db.execute("DROP TABLE summaries")
    db.execute(
        """
        CREATE TABLE summaries (
            content_sha256 TEXT NOT NULL,
            style TEXT NOT NULL,
            title TEXT NOT NULL,
            points TEXT NOT NULL,
            created_at TEXT NOT NULL,
            PRIMARY KEY (content_sha256, style)
        )
        """
    )


def m018_other_answers(db: sqlite3.Connection) -> None:
    # A message of the bot may come to show another answer to the same question.
    db.execute("ALTER TABLE outbox ADD COLUMN shows INTEGER REFERENCES messages ON DELETE SET NULL")


def m019_readings(db: sqlite3.Connection) -> None:
    # Buttons in old chats lead here by a message's id, and an article is one user's: it goes with them.
    db.execute(
        """
        CREATE TABLE readings (
            reading_id INTEGER PRIMARY KEY AUTOINCREMENT,
            user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
            url TEXT NOT NULL,
            site TEXT NOT NULL,
            title TEXT NOT NULL,
            published TEXT,
            language TEXT,
            text TEXT NOT NULL,
            words INTEGER NOT NULL,
            partial INTEGER NOT NULL,
            read_at TEXT NOT NULL
        )
        """
    )
    db.execute("CREATE INDEX readings_by_user ON readings (user_id, reading_id)")
    db.execute(
        """
        CREATE TABLE reading_replies (
            message_id INTEGER PRIMARY KEY REFERENCES messages ON DELETE CASCADE,
            reading_id INTEGER NOT NULL REFERENCES readings ON DELETE CASCADE,
            update_id INTEGER,
            part INTEGER NOT NULL,
            points TEXT NOT NULL,
            length TEXT,
            bullets INTEGER NOT NULL,
            wished INTEGER NOT NULL
        )
        """
    )
    db.execute("CREATE INDEX reading_replies_by_reading ON reading_replies (reading_id)")
    db.execute("CREATE UNIQUE INDEX reading_replies_by_update ON reading_replies (update_id, part)")


def m020_automatic_summaries(db: sqlite3.Connection) -> None:
    db.execute("ALTER TABLE preferences ADD COLUMN summarize_links INTEGER NOT NULL DEFAULT 0")


def m021_groups(db: sqlite3.Connection) -> None:
    """A group's conversation belongs to nobody: who is forgotten must not take the others' words along."""
    (schema,) = db.execute("SELECT sql FROM sqlite_schema WHERE name = 'conversations'").fetchone()
    (last,) = db.execute(
        "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'conversations'"
    ).fetchone()
    schema = schema.replace('TABLE "conversations"', "TABLE new_conversations", 1)
    db.execute(schema.replace("user_id INTEGER NOT NULL", "user_id INTEGER", 1))
    db.execute("INSERT INTO new_conversations SELECT * FROM conversations")
    db.execute("DROP TABLE conversations")
    db.execute("ALTER TABLE new_conversations RENAME TO conversations")
    db.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'conversations'", (last,))
    db.execute("ALTER TABLE conversations ADD COLUMN thread_id INTEGER")
    db.execute(
        "CREATE INDEX conversations_by_chat ON conversations (user_id, chat_id, thread_id, conversation_id)"
    )
    db.execute("ALTER TABLE users ADD COLUMN let_in INTEGER NOT NULL DEFAULT 1")
    db.execute("CREATE TABLE groups (chat_id INTEGER PRIMARY KEY, since TEXT NOT NULL)")
    db.execute(
        """
        CREATE TABLE group_members (
            chat_id INTEGER NOT NULL,
            user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
            joined INTEGER NOT NULL,
            PRIMARY KEY (chat_id, user_id)
        )
        """
    )
    db.execute("CREATE INDEX group_members_by_user ON group_members (user_id)")


def m022_views(db: sqlite3.Connection) -> None:
    db.execute("ALTER TABLE generations ADD COLUMN view TEXT NOT NULL DEFAULT '{}'")


def m023_memories(db: sqlite3.Connection) -> None:
    db.execute(
        """
        CREATE TABLE memories (
            message_id INTEGER PRIMARY KEY REFERENCES messages ON DELETE CASCADE,
            user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
            said_at TEXT NOT NULL,
            vector BLOB NOT NULL
        )
        """
    )
    db.execute("CREATE INDEX memories_by_user ON memories (user_id, message_id)")
    db.execute("CREATE VIRTUAL TABLE memory_words USING fts5 (owner, said, answered)")
    # Otherwise what is deleted stays in the index until pages happen to be merged.
    db.execute("INSERT INTO memory_words (memory_words, rank) VALUES ('secure-delete', 1)")
    db.execute(
        "CREATE TRIGGER memories_gone AFTER DELETE ON memories"
        " BEGIN DELETE FROM memory_words WHERE rowid = old.message_id; END"
    )


def m024_imports(db: sqlite3.Connection) -> None:
    # What was said elsewhere stands under chat 0, a number that Telegram gives to none.
    db.execute(
        "CREATE UNIQUE INDEX messages_imported ON messages (conversation_id, telegram_id) WHERE chat_id = 0"
    )
    db.execute(
        """
        CREATE TABLE imports (
            user_id INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
            observed_through INTEGER NOT NULL
        )
        """
    )


def m025_adapter_secrets(db: sqlite3.Connection) -> None:
    db.execute("ALTER TABLE adapters ADD COLUMN secret BLOB")  # encrypts the files; NULL: they are plain


def m026_recipes(db: sqlite3.Connection) -> None:
    db.execute(
        """
        CREATE TABLE recipes (
            base_model TEXT PRIMARY KEY,
            recipe TEXT NOT NULL,
            chosen_at TEXT NOT NULL
        )
        """
    )


def m027_validators(db: sqlite3.Connection) -> None:
    db.execute("ALTER TABLE readings ADD COLUMN etag TEXT")
    db.execute("ALTER TABLE readings ADD COLUMN last_modified TEXT")


def m028_checkpoints(db: sqlite3.Connection) -> None:
    db.execute(
        """
        CREATE TABLE checkpoints (
            user_id INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
            secret BLOB -- encrypts the file; NULL: it is plain
        )
        """
    )


def m029_wishes_of_summaries(db: sqlite3.Connection) -> None:
    db.execute("ALTER TABLE reading_replies ADD COLUMN language TEXT")
    db.execute("ALTER TABLE reading_replies ADD COLUMN audience TEXT")


def m030_words_by_owner(db: sqlite3.Connection) -> None:
    # An index of bare words is read through everybody's turns to find one user's.
    rows = db.execute("SELECT rowid, owner, said, answered FROM memory_words").fetchall()
    db.execute("DROP TABLE memory_words")
    db.execute("CREATE VIRTUAL TABLE memory_words USING fts5 (said, answered)")
    db.execute("INSERT INTO memory_words (memory_words, rank) VALUES ('secure-delete', 1)")
    db.executemany(
        "INSERT INTO memory_words (rowid, said, answered) VALUES (?, ?, ?)",
        (
            (rowid, *(" ".join(f"{owner}z{word}" for word in words.split()) for words in (said, answered)))
            for rowid, owner, said, answered in rows
        ),
    )


def m031_notes(db: sqlite3.Connection) -> None:
    db.execute("ALTER TABLE preferences ADD COLUMN noted_on TEXT")  # the local date of the last "noted"


def m032_statements(db: sqlite3.Connection) -> None:
    db.execute("ALTER TABLE memories ADD COLUMN states INTEGER NOT NULL DEFAULT 1")


def m033_no_number_given_twice(db: sqlite3.Connection) -> None:
    """What is sent or trained at the moment of an erasure names a row, and buttons name beliefs: none of
    these numbers may come back as another's.
    """
    for table in ("outbox", "runs"):
        _never_use_ids_twice(db, table)
    # Not a part of `users`: it outlives the person's row, as the numbers in old chats do.
    db.execute(
        """
        CREATE TABLE last_numbers (
            user_id INTEGER PRIMARY KEY,
            belief_id INTEGER NOT NULL DEFAULT 0,
            version INTEGER NOT NULL DEFAULT 0
        )
        """
    )
    db.execute(
        """
        INSERT INTO last_numbers (user_id, belief_id, version) SELECT
            user_id,
            coalesce((SELECT max(belief_id) FROM beliefs WHERE beliefs.user_id = users.user_id), 0),
            coalesce((SELECT max(version) FROM adapters WHERE adapters.user_id = users.user_id), 0)
        FROM users
        """
    )


def m034_whole_erasures(db: sqlite3.Connection) -> None:
    # Whether all of a person was erased. Of older ones that is not known, so they are not repeated.
    db.execute("ALTER TABLE erasures ADD COLUMN whole INTEGER NOT NULL DEFAULT 0")


def m035_changes_of_profiles_never_used_twice(db: sqlite3.Connection) -> None:
    """Buttons undo a change by its id."""
    _never_use_ids_twice(db, "profile_changes")


def m036_awaited_values(db: sqlite3.Connection) -> None:
    db.execute(
        """
        CREATE TABLE awaited_values (
            user_id INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
            belief_id INTEGER NOT NULL,
            update_id INTEGER NOT NULL,
            asked_at TEXT NOT NULL
        )
        """
    )


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    m001_users,
    m002_updates,
    m003_messages,
    m004_outbox,
    m005_ratings,
    m006_runs,
    m007_summaries,
    m008_profiles,
    m009_finish_reasons,
    m010_run_attempts,
    m011_ids_never_used_twice,
    m012_erasures,
    m013_preferences,
    m014_private_conversations,
    m015_rolled_back_adapters,
    m016_quoted_texts,
    m017_summaries_by_content,
    m018_other_answers,
    m019_readings,
    m020_automatic_summaries,
    m021_groups,
    m022_views,
    m023_memories,
    m024_imports,
    m025_adapter_secrets,
    m026_recipes,
    m027_validators,
    m028_checkpoints,
    m029_wishes_of_summaries,
    m030_words_by_owner,
    m031_notes,
    m032_statements,
    m033_no_number_given_twice,
    m034_whole_erasures,
    m035_changes_of_profiles_never_used_twice,
    m036_awaited_values,
)


def seen_steps(db: sqlite3.Connection) -> int:
    """How many of the steps a file has seen. Raises NewerDatabaseError."""
    seen = int(db.execute("PRAGMA user_version").fetchone()[0])
    if seen > len(MIGRATIONS):
        raise NewerDatabaseError(seen, len(MIGRATIONS))
    return seen


def migrate(db: sqlite3.Connection) -> None:
    """Apply the steps that this file has not seen. Raises NewerDatabaseError.

    On return the connection does not enforce foreign keys: a step that makes a table anew would otherwise
    take along what refers to the old one.
    """
    db.execute("PRAGMA foreign_keys = OFF")
    seen = seen_steps(db)
    for count, step in enumerate(MIGRATIONS[seen:], start=seen + 1):
        db.execute("BEGIN IMMEDIATE")
        try:
            step(db)
            db.execute(f"PRAGMA user_version = {count}")
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")
