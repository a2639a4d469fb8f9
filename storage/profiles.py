"""Profiles: one JSON document and many belief rows a user, with an append-only history of every change."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from storage.beliefs import (
    Belief,
    BeliefKind,
    BeliefStatus,
    Cause,
    Edit,
    Evidence,
    ProfileChange,
    Sensitivity,
    StoredProfile,
)
from storage.database import Connection, Database, Row
from storage.memories import NewMemory, put_memory
from storage.times import from_optional, from_text, to_text

_CLOSED_KEPT = 100
"""Closed beliefs that are loaded with a profile; older ones stay in the file for the history alone."""

_COLUMNS = (
    "belief_id",
    "kind",
    "subject",
    "slot",
    "value",
    "key",
    "polarity",
    "status",
    "sensitivity",
    "evidence",
    "support",
    "against",
    "times_said",
    "first_seen",
    "last_seen",
    "valid_from",
    "valid_to",
)


class ProfileStore:
    """The tables `profiles`, `beliefs` and `profile_changes`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, user_id: int) -> StoredProfile | None:
        """A user's profile with its open beliefs and the last closed ones; None before the first save."""
        row = await self._database.fetch_one("SELECT * FROM profiles WHERE user_id = ?", (user_id,))
        if row is None:
            return None
        return StoredProfile(
            revision=row["revision"],
            last_message_id=row["last_message_id"],
            document=row["document"],
            beliefs=tuple(await self._beliefs(user_id)),
            last_belief_id=await self.last_belief_id(user_id),
        )

    async def last_belief_id(self, user_id: int) -> int:
        """The greatest number that a belief of this user ever had, erased ones included."""
        row = await self._database.fetch_one(
            "SELECT belief_id FROM last_numbers WHERE user_id = ?", (user_id,)
        )
        return 0 if row is None else int(row["belief_id"])

    async def revision(self, user_id: int) -> int | None:
        """How often a profile has been changed; None before the first save."""
        row = await self._database.fetch_one("SELECT revision FROM profiles WHERE user_id = ?", (user_id,))
        return None if row is None else int(row["revision"])

    async def save(
        self,
        user_id: int,
        *,
        revision: int,
        last_message_id: int,
        document: str,
        edits: Sequence[Edit],
        at: datetime,
        cause: Cause,
        message_id: int | None,
        memory: NewMemory | None = None,
    ) -> int | None:
        """Write a changed profile in one transaction; `revision` is the loaded one, 0 for a new profile.

        With it goes the `memory` of the turn that changed it. Returns the number of the change in the
        history, 0 when no belief was touched; None, with nothing written, when somebody else has saved this
        profile since it was loaded.
        """

        def change(connection: Connection) -> int | None:
            if not _put_document(connection, user_id, revision, last_message_id, document):
                return None
            if memory is not None:
                put_memory(connection, memory)
            for edit in edits:
                _put_belief(connection, user_id, edit)
            _take_numbers(connection, user_id, edits)
            if not edits:
                return 0
            cursor = connection.execute(
                "INSERT INTO profile_changes (user_id, at, cause, message_id, edits) VALUES (?, ?, ?, ?, ?)",
                (user_id, to_text(at), cause, message_id, _edits_json(edits)),
            )
            return cursor.lastrowid

        return await self._database.write(change)

    async def all_beliefs(self, user_id: int) -> list[Belief]:
        """Every belief ever held of this user and not erased, oldest first."""
        rows = await self._database.fetch_all(
            "SELECT * FROM beliefs WHERE user_id = ? ORDER BY belief_id", (user_id,)
        )
        return [_belief(dict(row)) for row in rows]

    async def history(
        self, user_id: int, *, since: datetime | None = None, limit: int = 100
    ) -> list[ProfileChange]:
        """The latest changes, newest first; with `since`, none older than that."""
        rows = await self._database.fetch_all(
            """
            SELECT * FROM profile_changes WHERE user_id = ? AND (? IS NULL OR at >= ?)
            ORDER BY change_id DESC LIMIT ?
            """,
            (user_id, since and to_text(since), since and to_text(since), limit),
        )
        return [_profile_change(row) for row in rows]

    async def change(self, user_id: int, change_id: int) -> ProfileChange | None:
        """One change of a user's profile; None when there is none, or nothing of it is left."""
        row = await self._database.fetch_one(
            "SELECT * FROM profile_changes WHERE user_id = ? AND change_id = ?", (user_id, change_id)
        )
        return None if row is None else _profile_change(row)

    async def change_by(self, user_id: int, message_id: int) -> ProfileChange | None:
        """The last change that this message brought about."""
        row = await self._database.fetch_one(
            "SELECT * FROM profile_changes WHERE user_id = ? AND message_id = ?"
            " ORDER BY change_id DESC LIMIT 1",
            (user_id, message_id),
        )
        return None if row is None else _profile_change(row)

    async def erase_belief(self, user_id: int, belief_id: int) -> bool:
        """Remove a belief and every trace of it in the history; False when there is none."""

        def change(connection: Connection) -> bool:
            cursor = connection.execute(
                "DELETE FROM beliefs WHERE user_id = ? AND belief_id = ?", (user_id, belief_id)
            )
            if cursor.rowcount == 0:
                return False
            connection.execute("UPDATE profiles SET revision = revision + 1 WHERE user_id = ?", (user_id,))
            _rewrite_history(connection, user_id, lambda edit: None if _id_of(edit) == belief_id else edit)
            return True

        return await self._database.write(change)

    async def rewrite(
        self,
        user_id: int,
        *,
        revision: int,
        last_message_id: int,
        document: str,
        beliefs: Sequence[Belief],
        gone: Collection[int],
    ) -> bool:
        """Put a profile in the place of the loaded one as if the messages `gone` had never been.

        The history forgets other beliefs than these, and what the messages said of these. False, with nothing
        written, when somebody else has saved this profile since it was loaded.
        """
        kept = {belief.belief_id for belief in beliefs}

        def rewritten(edit: Edit) -> Edit | None:
            before, after = (_without_quotes(side, kept, gone) for side in (edit.before, edit.after))
            return None if before == after else Edit(before=before, after=after)

        def change(connection: Connection) -> bool:
            if not _put_document(connection, user_id, revision, last_message_id, document):
                return False
            connection.execute("DELETE FROM beliefs WHERE user_id = ?", (user_id,))
            for belief in beliefs:
                _put_belief(connection, user_id, Edit(before=None, after=belief))
            _rewrite_history(connection, user_id, rewritten)
            connection.execute(
                "UPDATE profile_changes SET message_id = NULL"
                " WHERE user_id = ? AND message_id IN (SELECT value FROM json_each(?))",
                (user_id, json.dumps(sorted(gone))),
            )
            return True

        return await self._database.write(change)

    async def _beliefs(self, user_id: int) -> list[Belief]:
        rows = await self._database.fetch_all(
            """
            SELECT * FROM beliefs WHERE user_id = ?1 AND status IN ('active', 'pending')
            UNION ALL
            SELECT * FROM (
                SELECT * FROM beliefs WHERE user_id = ?1 AND status IN ('superseded', 'retracted')
                ORDER BY last_seen DESC, belief_id DESC LIMIT ?2
            )
            ORDER BY belief_id
            """,
            (user_id, _CLOSED_KEPT),
        )
        return [_belief(dict(row)) for row in rows]


def _put_document(
    connection: Connection, user_id: int, revision: int, last_message_id: int, document: str
) -> bool:
    if revision == 0:
        cursor = connection.execute(
            "INSERT INTO profiles (user_id, revision, last_message_id, document) VALUES (?, 1, ?, ?)"
            " ON CONFLICT (user_id) DO NOTHING",
            (user_id, last_message_id, document),
        )
    else:
        # Never an upsert here: a profile that was erased meanwhile must not come back.
        cursor = connection.execute(
            "UPDATE profiles SET revision = revision + 1, last_message_id = ?, document = ?"
            " WHERE user_id = ? AND revision = ?",
            (last_message_id, document, user_id, revision),
        )
    return cursor.rowcount == 1


def _put_belief(connection: Connection, user_id: int, edit: Edit) -> None:
    if edit.after is None:
        assert edit.before is not None, "an edit has at least one side"
        connection.execute(
            "DELETE FROM beliefs WHERE user_id = ? AND belief_id = ?", (user_id, edit.before.belief_id)
        )
        return
    values = _values(edit.after)
    connection.execute(
        f"INSERT OR REPLACE INTO beliefs (user_id, {', '.join(_COLUMNS)})"
        f" VALUES (?, {', '.join('?' * len(_COLUMNS))})",
        (user_id, *(values[column] for column in _COLUMNS)),
    )


def _take_numbers(connection: Connection, user_id: int, edits: Sequence[Edit]) -> None:
    """Remember which numbers have been given, so that a button below an erased belief never finds another."""
    given = [edit.after.belief_id for edit in edits if edit.before is None and edit.after is not None]
    if given:
        connection.execute(
            """
            INSERT INTO last_numbers (user_id, belief_id) VALUES (?, ?)
            ON CONFLICT (user_id) DO UPDATE SET belief_id = max(belief_id, excluded.belief_id)
            """,
            (user_id, max(given)),
        )


def _rewrite_history(connection: Connection, user_id: int, rewritten: Callable[[Edit], Edit | None]) -> None:
    """Change each edit that was ever made, or drop it where nothing is left of it."""
    cursor = connection.execute("SELECT change_id, edits FROM profile_changes WHERE user_id = ?", (user_id,))
    for row in cursor.fetchall():
        edits = _edits(row["edits"])
        kept = tuple(after for edit in edits if (after := rewritten(edit)) is not None)
        if not kept:
            connection.execute("DELETE FROM profile_changes WHERE change_id = ?", (row["change_id"],))
        elif kept != edits:
            connection.execute(
                "UPDATE profile_changes SET edits = ? WHERE change_id = ?",
                (_edits_json(kept), row["change_id"]),
            )


def _without_quotes(belief: Belief | None, kept: Collection[int], gone: Collection[int]) -> Belief | None:
    """A belief that is kept, less what it rested on in messages that are gone."""
    if belief is None or belief.belief_id not in kept:
        return None
    evidence = tuple(one for one in belief.evidence if one.message_id not in gone)
    return replace(belief, evidence=evidence)


def _id_of(edit: Edit) -> int:
    belief = edit.after or edit.before
    assert belief is not None, "an edit has at least one side"
    return belief.belief_id


def _edits_json(edits: Sequence[Edit]) -> str:
    return json.dumps(
        [[side and _values(side) for side in (edit.before, edit.after)] for edit in edits],
        ensure_ascii=False,
    )


def _profile_change(row: Row) -> ProfileChange:
    return ProfileChange(
        change_id=row["change_id"],
        at=from_text(row["at"]),
        cause=Cause(row["cause"]),
        message_id=row["message_id"],
        edits=_edits(row["edits"]),
    )


def _edits(text: str) -> tuple[Edit, ...]:
    return tuple(
        Edit(before=before and _belief(before), after=after and _belief(after))
        for before, after in json.loads(text)
    )


def _values(belief: Belief) -> dict[str, Any]:
    """A belief as the values of its row: JSON's own types only, so that the history can hold them too."""
    values = {column: getattr(belief, column) for column in _COLUMNS}
    for column in ("first_seen", "last_seen", "valid_from"):
        values[column] = to_text(values[column])
    values["valid_to"] = None if belief.valid_to is None else to_text(belief.valid_to)
    values["evidence"] = json.dumps(
        [[one.message_id, one.quote, to_text(one.said_at)] for one in belief.evidence], ensure_ascii=False
    )
    return values


def _belief(values: dict[str, Any]) -> Belief:
    return Belief(
        belief_id=values["belief_id"],
        kind=BeliefKind(values["kind"]),
        subject=values["subject"],
        slot=values["slot"],
        value=values["value"],
        key=values["key"],
        polarity=values["polarity"],
        status=BeliefStatus(values["status"]),
        sensitivity=Sensitivity(values["sensitivity"]),
        evidence=tuple(
            Evidence(message_id=message_id, quote=quote, said_at=from_text(said_at))
            for message_id, quote, said_at in json.loads(values["evidence"])
        ),
        support=values["support"],
        against=values["against"],
        times_said=values["times_said"],
        first_seen=from_text(values["first_seen"]),
        last_seen=from_text(values["last_seen"]),
        valid_from=from_text(values["valid_from"]),
        valid_to=from_optional(values["valid_to"]),
    )
