"""Profiles as they were read or saved last, until somebody else changes them."""

from engine.profile.document import profile_of
from engine.profile.profile import Profile
from engine.profile.recent import Recent
from storage.profiles import ProfileStore

_MOST_BELIEFS = 50_000
"""In memory, of everybody, some 50 MB: reading hundreds anew takes longer than learning from a message."""

_MOST_CLOSED = 200
"""A profile with more closed beliefs is read anew, which leaves the old ones out."""


class HeldProfiles:
    """The profiles of those who came last; the number of changes in the database tells if one is still it."""

    def __init__(self, store: ProfileStore) -> None:
        self._store = store
        self._held: Recent[Profile] = Recent(most=_MOST_BELIEFS, size_of=lambda held: len(held.beliefs))

    async def get(self, user_id: int) -> Profile:
        """A user's profile; an empty one for somebody who has said nothing yet."""
        held = self._held.take(user_id)
        if held is None or held.revision != await self._store.revision(user_id):
            stored = await self._store.load(user_id)
            if stored is None:
                return Profile(last_belief_id=await self._store.last_belief_id(user_id))
            held = profile_of(stored)
        self._held.put(user_id, held)
        return held

    def replace(self, user_id: int, saved: Profile) -> None:
        """Hold what was just saved in place of what was held."""
        self.let_go(user_id)
        if sum(belief.valid_to is not None for belief in saved.beliefs) <= _MOST_CLOSED:
            self._held.put(user_id, saved)

    def let_go(self, user_id: int) -> None:
        """Hold nothing of a user any longer."""
        self._held.take(user_id)

    def clear(self) -> None:
        """Hold nothing of anybody any longer."""
        self._held.clear()
