"""Who is answered: numeric ids from the settings, people paired by the one-time code, groups of either."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from storage.groups import GroupStore
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
        groups: GroupStore,
        allowed: frozenset[int],
        owner: int | None,
        code: str | None,
        now: Callable[[], datetime],
    ) -> None:
        self._users = users
        self._groups = groups
        self._allowed = allowed | (frozenset() if owner is None else {owner})
        self._owner = owner
        self._code = code
        self._code_ends = now() + CODE_LIFETIME
        self._guesses = 0
        self._now = now
        self._known: set[int] = set()
        self._owners: set[int] = set()
        self._unreachable: set[int] = set()
        self._open_groups: set[int] = set()

    async def load(self) -> None:
        """Read who has been let in before."""
        users = [user for user in await self._users.all() if user.let_in]
        self._known = {user.user_id for user in users}
        self._owners = {user.user_id for user in users if user.is_owner}
        self._unreachable = {user.user_id for user in users if not user.reachable}
        self._open_groups = await self._groups.all()

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
        """Whoever may do what concerns everybody."""
        return frozenset(self._owners) | (frozenset() if self._owner is None else {self._owner})

    def allows(self, user_id: int) -> bool:
        """Whether this person is answered."""
        return user_id in self._allowed or user_id in self._known

    def is_owner(self, user_id: int) -> bool:
        """Whether this person may do what concerns everybody."""
        return user_id in self.owners

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

    def hears(self, chat_id: int) -> bool:
        """Whether everybody is answered in this group, since somebody who is let in uses the bot there."""
        return chat_id in self._open_groups

    async def open_group(self, chat_id: int) -> None:
        """Answer everybody in this group."""
        if chat_id not in self._open_groups:
            await self._groups.open(chat_id, now=self._now())
            self._open_groups.add(chat_id)

    async def move_group(self, old: int, new: int) -> None:
        """A group has got another number."""
        await self._groups.migrate(old, new)
        self._open_groups = await self._groups.all()

    async def note(self, user_id: int, name: str) -> None:
        """Keep the name of another member of a group while something of theirs is kept."""
        await self._users.note(user_id, name=name, now=self._now())

    async def learns_from(self, user_id: int, chat_id: int) -> bool:
        """Whether what this person says in this group may be learnt: by their word there, else if let in."""
        joined = await self._groups.has_joined(chat_id, user_id)
        return self.allows(user_id) if joined is None else joined

    async def is_member(self, user_id: int) -> bool:
        """Whether something may be held of a person who is not let in."""
        return await self._groups.is_member(user_id)

    async def lost(self, chat_id: int) -> None:
        """Nothing can be sent to this chat: a person has blocked the bot, or a group has removed it."""
        if chat_id < 0:  # Telegram numbers groups below zero
            self._open_groups.discard(chat_id)
            await self._groups.close(chat_id)
        else:
            self._unreachable.add(chat_id)
            await self._users.set_reachable(chat_id, False)

    async def reached(self, user_id: int) -> None:
        """This person writes to the bot, so that it can write to them."""
        if user_id in self._unreachable:
            self._unreachable.discard(user_id)
            await self._users.set_reachable(user_id, True)

    async def may_refuse(self, user_id: int) -> bool:
        """Whether a stranger is told no now: at most once a day."""
        return await self._users.may_refuse(user_id, now=self._now(), pause=REFUSAL_PAUSE)

    async def _add(self, user_id: int, name: str, *, is_owner: bool) -> None:
        await self._users.add(user_id, name=name, is_owner=is_owner, now=self._now())
        self._known.add(user_id)
        if is_owner:
            self._owners.add(user_id)
