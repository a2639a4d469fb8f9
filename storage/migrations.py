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
    schema_of = "SELECT sql FROM sqlite_schema WHERE type = ? AND tbl_name = ? AND sql IS NOT NULL"
    for table in ("conversations", "messages"):
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


def m019_adapter_secrets(db: sqlite3.Connection) -> None:
    db.execute("ALTER TABLE adapters ADD COLUMN secret BLOB")  # encrypts the files; NULL: they are plain


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
    m019_adapter_secrets,
)


def migrate(db: sqlite3.Connection) -> None:
    """Apply the steps that this file has not seen. Raises NewerDatabaseError.

    On return the connection does not enforce foreign keys: a step that makes a table anew would otherwise
    take along what refers to the old one.
    """
    db.execute("PRAGMA foreign_keys = OFF")
    seen = int(db.execute("PRAGMA user_version").fetchone()[0])
    if seen > len(MIGRATIONS):
        raise NewerDatabaseError(seen, len(MIGRATIONS))
    for count, step in enumerate(MIGRATIONS[seen:], start=seen + 1):
        db.execute("BEGIN IMMEDIATE")
        try:
            step(db)
            db.execute(f"PRAGMA user_version = {count}")
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")
