"""Who is answered: numeric ids from the settings, and people paired by the one-time code."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from storage.users import UserStore

REFUSAL_PAUSE = timedelta(days=1)

CODE_LIFETIME = timedelta(hours=1)
"""A code that stands in a terminal or a log for longer may have been read by others."""

MOST_GUESSES = 20
"""After so many wrong codes, from whomever, the right one is worth nothing, too."""

_CODE_LETTERS = 8
_ALPHABET = (
    "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # no look-alikes: the code is typed from one screen into another
)


def new_code() -> str:
    """A pairing code of 40 bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LETTERS))


def _looks_like_a_code(text: str) -> bool:
    return len(text) == _CODE_LETTERS and set(text) <= set(_ALPHABET)


class Access:
    """Fails closed: an id that is neither allowed nor paired is a stranger."""

    def __init__(
        self,
        *,
        users: UserStore,
        allowed: frozenset[int],
        owner: int | None,
        code: str | None,
        now: Callable[[], datetime],
    ) -> None:
        self._users = users
        self._allowed = allowed | (frozenset() if owner is None else {owner})
        self._owner = owner
        self._code = code
        self._code_ends = now() + CODE_LIFETIME
        self._guesses = 0
        self._now = now
        self._known: set[int] = set()
        self._owners: set[int] = set()

    async def load(self) -> None:
        """Read who has been let in before."""
        users = await self._users.all()
        self._known = {user.user_id for user in users}
        self._owners = {user.user_id for user in users if user.is_owner}

    @property
    def code(self) -> str | None:
        """The pairing code while it can still be used: until somebody owns the bot, and not for long."""
        is_spent = self._guesses >= MOST_GUESSES or self._now() >= self._code_ends
        return None if is_spent or self.owners else self._code

    @property
    def everybody(self) -> frozenset[int]:
        """All who have been let in and have talked here."""
        return frozenset(self._known)

    @property
    def owners(self) -> frozenset[int]:
        """Those who may do what concerns everybody."""
        return frozenset(self._owners) | (frozenset() if self._owner is None else {self._owner})

    def allows(self, user_id: int) -> bool:
        """Whether this person is answered."""
        return user_id in self._allowed or user_id in self._known

    def is_owner(self, user_id: int) -> bool:
        """Whether this person may do what concerns everybody."""
        return user_id == self._owner or user_id in self._owners

    async def enter(self, user_id: int, name: str) -> None:
        """Make sure that somebody who is allowed has a row of their own."""
        if user_id not in self._known:
            await self._add(user_id, name, is_owner=user_id == self._owner)

    async def pair(self, user_id: int, name: str, code: str) -> bool:
        """Let a person in who sends the one-time code: they become the owner, and the code is spent."""
        valid, given = self.code, code.strip().upper()
        if valid is None or not _looks_like_a_code(given):
            return False
        if not secrets.compare_digest(given.encode(), valid.encode()):
            self._guesses += 1
            return False
        await self._add(user_id, name, is_owner=True)
        return True

    async def may_refuse(self, user_id: int) -> bool:
        """Whether a stranger is told no now: at most once a day."""
        return await self._users.may_refuse(user_id, now=self._now(), pause=REFUSAL_PAUSE)

    async def _add(self, user_id: int, name: str, *, is_owner: bool) -> None:
        await self._users.add(user_id, name=name, is_owner=is_owner, now=self._now())
        self._known.add(user_id)
        if is_owner:
            self._owners.add(user_id)
