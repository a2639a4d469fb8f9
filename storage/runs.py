"""Tuning runs, the adapter versions that came of them, by which recipe, and what a run may go on from.

Of each user at most one version is active.
"""

import json
from datetime import date, datetime

import aiosqlite

from storage.database import Database, Row
from storage.errors import GoneError
from storage.records import Adapter, AdapterStatus, RunStatus, TuningRun
from storage.sealing import new_secret
from storage.times import from_optional, from_text, to_text

MOST_ATTEMPTS = 3
"""A night that failed so often is given up: whatever breaks it would go on breaking it."""

_TRIED_AGAIN = f"local_date IS NOT NULL AND status = 'failed' AND attempts < {MOST_ATTEMPTS}"


class RunStore:
    """The tables `runs`, `adapters`, `recipes` and `checkpoints`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def start(self, user_id: int, *, local_date: date | None, now: datetime) -> TuningRun | None:
        """Open a run, or the failed one of that night again; None when that night of this user is settled.

        By hand there is no date.
        """
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                f"""
                INSERT INTO runs (user_id, local_date, status, started_at) VALUES (?, ?, 'running', ?)
                ON CONFLICT (user_id, local_date) DO UPDATE
                SET status = 'running', attempts = attempts + 1, started_at = excluded.started_at,
                    finished_at = NULL, reason = ''
                WHERE {_TRIED_AGAIN}
                RETURNING run_id
                """,
                (user_id, None if local_date is None else local_date.isoformat(), to_text(now)),
            )
            row = await cursor.fetchone()
        return None if row is None else await self.get(row["run_id"])

    async def finish(
        self, run_id: int, *, status: RunStatus, reason: str, now: datetime, report: str = "{}"
    ) -> TuningRun:
        """Close a run that did not promote anything. Raises GoneError."""
        await self._database.execute(
            "UPDATE runs SET status = ?, reason = ?, report = ?, finished_at = ? WHERE run_id = ?",
            (status, reason, report, to_text(now), run_id),
        )
        return await self.get(run_id)

    async def promote(
        self, run_id: int, *, version: int, reason: str, report: str, now: datetime
    ) -> TuningRun:
        """Close a run and make its candidate the active adapter, in one transaction; the old one retires.

        Raises GoneError when there is no such run or candidate any more.
        """
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                """
                UPDATE runs SET status = 'promoted', reason = ?, report = ?, adapter_version = ?,
                                finished_at = ?
                WHERE run_id = ? RETURNING user_id
                """,
                (reason, report, version, to_text(now), run_id),
            )
            row = await cursor.fetchone()
            if row is None:
                raise GoneError
            await _activate(connection, row["user_id"], version)
        return await self.get(run_id)

    async def fail_running(self, *, now: datetime, reason: str) -> int:
        """Close the runs that a dead process left open, and reject their candidates; returns how many.

        Only for a caller that holds the lock of tuning: nobody else can be running then.
        """
        async with self._database.transaction() as connection:
            await connection.execute("UPDATE adapters SET status = 'rejected' WHERE status = 'candidate'")
            cursor = await connection.execute(
                "UPDATE runs SET status = 'failed', reason = ?, finished_at = ? WHERE status = 'running'",
                (reason, to_text(now)),
            )
            return cursor.rowcount

    async def keep_checkpoint(self, user_id: int) -> bytes | None:
        """Expect a checkpoint of this user until it is dropped; returns the secret that seals it.

        None where the database is not encrypted.
        """
        secret = new_secret() if self._database.encrypted else None
        async with self._database.transaction() as connection:
            await connection.execute(
                """
                INSERT INTO checkpoints (user_id, secret) SELECT user_id, ? FROM users WHERE user_id = ?
                ON CONFLICT (user_id) DO UPDATE SET secret = coalesce(secret, excluded.secret)
                """,
                (secret, user_id),
            )
            cursor = await connection.execute("SELECT secret FROM checkpoints WHERE user_id = ?", (user_id,))
            row = await cursor.fetchone()
        return None if row is None else row["secret"]

    async def drop_checkpoint(self, user_id: int) -> None:
        """Expect none any more; a sealed one cannot be read from now on."""
        await self._database.execute("DELETE FROM checkpoints WHERE user_id = ?", (user_id,))

    async def checkpoints(self) -> frozenset[int]:
        """The users of whom a checkpoint may be kept."""
        rows = await self._database.fetch_all("SELECT user_id FROM checkpoints", ())
        return frozenset(row["user_id"] for row in rows)

    async def get(self, run_id: int | None) -> TuningRun:
        """One run. Raises GoneError when there is none."""
        row = await self._database.fetch_one("SELECT * FROM runs WHERE run_id = ?", (run_id,))
        if row is None:
            raise GoneError
        return _run(row)

    async def is_settled(self, user_id: int, local_date: date) -> bool:
        """Whether the night of that local date is over for this user: run, skipped, or given up.

        A run that is still open counts as not settled: its process may have died.
        """
        row = await self._database.fetch_one(
            f"""
            SELECT 1 FROM runs WHERE user_id = ? AND local_date = ? AND status != 'running'
            AND NOT ({_TRIED_AGAIN})
            """,
            (user_id, local_date.isoformat()),
        )
        return row is not None

    async def runs_of(self, user_id: int) -> list[TuningRun]:
        """All runs of a user, oldest first."""
        return await self._runs("user_id = ? ORDER BY run_id", user_id)

    async def tally(self) -> dict[RunStatus, int]:
        """How many runs of everybody there are, by what became of them."""
        rows = await self._database.fetch_all("SELECT status, count(*) AS n FROM runs GROUP BY status")
        return {RunStatus(row["status"]): row["n"] for row in rows}

    async def last_run(self, user_id: int) -> TuningRun | None:
        """The newest run of a user."""
        runs = await self._runs("user_id = ? ORDER BY run_id DESC LIMIT 1", user_id)
        return runs[0] if runs else None

    async def last_night(self) -> TuningRun | None:
        """The newest run that was begun by itself, of anybody."""
        runs = await self._runs("local_date IS NOT NULL ORDER BY started_at DESC LIMIT 1")
        return runs[0] if runs else None

    async def untold(self) -> list[TuningRun]:
        """Finished runs whose outcome their user has not been told, oldest first."""
        return await self._runs(f"status != 'running' AND NOT told AND NOT ({_TRIED_AGAIN}) ORDER BY run_id")

    async def mark_told(self, run_id: int) -> None:
        """Remember that the user knows the outcome of a run."""
        await self._database.execute("UPDATE runs SET told = 1 WHERE run_id = ?", (run_id,))

    async def add_candidate(
        self, user_id: int, *, base_model: str, run_id: int | None, now: datetime
    ) -> Adapter:
        """Reserve the next version of a user and the folder it will be published in.

        In an encrypted database it has a secret, with which its files are to be sealed.
        Raises GoneError when the run that it came of is no longer there.
        """
        async with self._database.transaction() as connection:
            version = await _next_version(connection, user_id)
            cursor = await connection.execute(
                """
                INSERT INTO adapters
                    (user_id, version, status, folder, base_model, created_at, run_id, secret)
                SELECT :user_id, :version, 'candidate', :folder, :base_model, :now, :run_id, :secret
                WHERE :run_id IS NULL
                OR EXISTS (SELECT 1 FROM runs WHERE run_id = :run_id AND user_id = :user_id)
                RETURNING *
                """,
                {
                    "user_id": user_id,
                    "version": version,
                    "folder": f"adapters/{user_id}/{version}",
                    "base_model": base_model,
                    "now": to_text(now),
                    "run_id": run_id,
                    "secret": new_secret() if self._database.encrypted else None,
                },
            )
            row = await cursor.fetchone()
            if row is None:
                raise GoneError
        return _adapter(row)

    async def give_secrets(self) -> list[Adapter]:
        """Give a secret to every version that has none; returns all versions there are."""
        async with self._database.transaction() as connection:
            await connection.execute("UPDATE adapters SET secret = randomblob(32) WHERE secret IS NULL")
        return await self._adapters("true ORDER BY user_id, version")

    async def activate(self, user_id: int, version: int) -> None:
        """Make one version the active one; the old one retires. Raises GoneError if there is no such one."""
        async with self._database.transaction() as connection:
            await _activate(connection, user_id, version)

    async def reject(self, user_id: int, version: int) -> None:
        """Mark a version as one that must not serve."""
        await self._database.execute(
            "UPDATE adapters SET status = 'rejected' WHERE user_id = ? AND version = ?", (user_id, version)
        )

    async def keep_newest(self, user_id: int, *, versions: int) -> frozenset[int]:
        """Let none serve again but the active version and the newest retired ones, so many in all: these."""
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                "SELECT version FROM adapters WHERE user_id = ? AND status IN ('active', 'retired')"
                " ORDER BY status = 'active' DESC, version DESC LIMIT ?",
                (user_id, versions),
            )
            kept = frozenset(row["version"] for row in await cursor.fetchall())
            await connection.execute(
                "UPDATE adapters SET status = 'rejected' WHERE user_id = ? AND status = 'retired'"
                " AND version NOT IN (SELECT value FROM json_each(?))",
                (user_id, json.dumps(sorted(kept))),
            )
        return kept

    async def reject_broken(self, user_id: int, version: int, *, fall_back_to: int | None) -> None:
        """Mark a version that cannot be served; the one before it serves again, None for the base model."""
        async with self._database.transaction() as connection:
            await _replace_active(connection, user_id, version, fall_back_to)

    async def rollback(self, user_id: int) -> int | None:
        """Reject the active version and go back to the one before it; returns it, None for the base model."""
        active = await self.active_adapter(user_id)
        if active is None:
            return None
        target = await self.rollback_target(user_id)
        version = None if target is None else target.version
        async with self._database.transaction() as connection:
            await _replace_active(connection, user_id, active.version, version)
            await connection.execute(
                """
                UPDATE adapters SET rolled_back = (
                    SELECT coalesce(max(rolled_back), 0) + 1 FROM adapters WHERE user_id = :user_id
                ) WHERE user_id = :user_id AND version = :version
                """,
                {"user_id": user_id, "version": active.version},
            )
        return version

    async def rollforward(self, user_id: int) -> int | None:
        """Undo the last rollback; returns the version that is active again, None when there is none to undo.

        Once a newer version has been promoted, an older rollback can no longer be undone.
        """
        target = await self.rollforward_target(user_id)
        if target is None:
            return None
        await self.activate(user_id, target.version)
        return target.version

    async def rollforward_target(self, user_id: int) -> Adapter | None:
        """The version that the last rollback has put aside and that nothing has replaced since."""
        adapters = await self._adapters(
            """
            user_id = ? AND status = 'rejected' AND rolled_back IS NOT NULL AND version > coalesce((
                SELECT version FROM adapters AS a WHERE a.user_id = adapters.user_id AND status = 'active'
            ), 0) ORDER BY rolled_back DESC LIMIT 1
            """,
            user_id,
        )
        return adapters[0] if adapters else None

    async def rollback_target(self, user_id: int) -> Adapter | None:
        """The newest retired version before the active one; None: going back leads to the base model."""
        adapters = await self._adapters(
            """
            user_id = ? AND status = 'retired' AND version < (
                SELECT version FROM adapters AS a WHERE a.user_id = adapters.user_id AND status = 'active'
            ) ORDER BY version DESC LIMIT 1
            """,
            user_id,
        )
        return adapters[0] if adapters else None

    async def active_adapter(self, user_id: int) -> Adapter | None:
        """The version that answers this user; None for the base model."""
        adapters = await self._adapters("user_id = ? AND status = 'active'", user_id)
        return adapters[0] if adapters else None

    async def active_adapters(self) -> list[Adapter]:
        """The active version of everybody who has one, by user."""
        return await self._adapters("status = 'active' ORDER BY user_id")

    async def adapters_of(self, user_id: int) -> list[Adapter]:
        """All versions of a user, oldest first."""
        return await self._adapters("user_id = ? ORDER BY version", user_id)

    async def choose_recipe(self, base_model: str, recipe: str, *, now: datetime) -> None:
        """Train on this base by this recipe, a JSON document, from now on."""
        await self._database.execute(
            "INSERT OR REPLACE INTO recipes (base_model, recipe, chosen_at) VALUES (?, ?, ?)",
            (base_model, recipe, to_text(now)),
        )

    async def recipe_for(self, base_model: str) -> str | None:
        """The recipe that was chosen for a base; None when none was."""
        row = await self._database.fetch_one("SELECT recipe FROM recipes WHERE base_model = ?", (base_model,))
        return None if row is None else row["recipe"]

    async def _adapters(self, condition: str, *parameters: object) -> list[Adapter]:
        rows = await self._database.fetch_all(f"SELECT * FROM adapters WHERE {condition}", parameters)
        return [_adapter(row) for row in rows]

    async def _runs(self, condition: str, *parameters: object) -> list[TuningRun]:
        rows = await self._database.fetch_all(f"SELECT * FROM runs WHERE {condition}", parameters)
        return [_run(row) for row in rows]


async def _next_version(connection: aiosqlite.Connection, user_id: int) -> int:
    """A number that no version of this user has had, erased ones included."""
    cursor = await connection.execute(
        """
        INSERT INTO last_numbers (user_id, version) VALUES (?, 1)
        ON CONFLICT (user_id) DO UPDATE SET version = version + 1 RETURNING version
        """,
        (user_id,),
    )
    row = await cursor.fetchone()
    assert row is not None, "the row is there by now"
    return int(row["version"])


async def _activate(connection: aiosqlite.Connection, user_id: int, version: int) -> None:
    # The old one goes first: a unique index allows one active version of a user at any moment.
    await connection.execute(
        "UPDATE adapters SET status = 'retired' WHERE user_id = ? AND status = 'active' AND version != ?",
        (user_id, version),
    )
    cursor = await connection.execute(
        "UPDATE adapters SET status = 'active', rolled_back = NULL WHERE user_id = ? AND version = ?",
        (user_id, version),
    )
    if cursor.rowcount == 0:
        raise GoneError


async def _replace_active(
    connection: aiosqlite.Connection, user_id: int, rejected: int, successor: int | None
) -> None:
    await connection.execute(
        "UPDATE adapters SET status = 'rejected' WHERE user_id = ? AND version = ?", (user_id, rejected)
    )
    if successor is not None:
        await _activate(connection, user_id, successor)


def _run(row: Row) -> TuningRun:
    return TuningRun(
        run_id=row["run_id"],
        user_id=row["user_id"],
        local_date=None if row["local_date"] is None else date.fromisoformat(row["local_date"]),
        status=RunStatus(row["status"]),
        started_at=from_text(row["started_at"]),
        finished_at=from_optional(row["finished_at"]),
        reason=row["reason"],
        report=row["report"],
        adapter_version=row["adapter_version"],
        told=bool(row["told"]),
    )


def _adapter(row: Row) -> Adapter:
    return Adapter(
        user_id=row["user_id"],
        version=row["version"],
        status=AdapterStatus(row["status"]),
        folder=row["folder"],
        base_model=row["base_model"],
        created_at=from_text(row["created_at"]),
        run_id=row["run_id"],
        secret=row["secret"],
    )
