"""The profiles of all users: loaded, stepped and saved, one message at a time."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo

from engine.profile.card import Card, draw_card
from engine.profile.correction import correct, keep, open_belief, strike_out
from engine.profile.document import document_of, profile_of
from engine.profile.embedding import Embedder, Vector
from engine.profile.held import HeldProfiles
from engine.profile.manner import wished_length
from engine.profile.memory import Memory
from engine.profile.profile import Change, Profile, is_own_words, observe, observe_note
from engine.profile.proposals import MOST_READ, learn
from engine.profile.revision import forget, revise
from engine.profile.undoing import undo
from storage.beliefs import Belief, BeliefStatus, Cause, Edit, ProfileChange
from storage.database import Database
from storage.memories import MemoryStore, NewMemory
from storage.messages import MessageStore
from storage.preferences import ReplyLength
from storage.profiles import ProfileStore
from storage.records import Message

_UNDOABLE = 50
"""Changes that are looked at for one that can be undone: further back nobody remembers what was before."""


class ProfileEngine:
    """Learns from each message once. No language model is asked."""

    def __init__(
        self,
        *,
        store: ProfileStore,
        held: HeldProfiles,
        memory: Memory,
        messages: MessageStore,
        embedder: Embedder,
        now: Callable[[], datetime],
    ) -> None:
        self.memory = memory
        self._store = store
        self._messages = messages
        self._embedder = embedder
        self._now = now
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._held = held

    @classmethod
    def over(
        cls, database: Database, *, embedder: Embedder, now: Callable[[], datetime], timezone: tzinfo
    ) -> "ProfileEngine":
        """The profiles of everybody in one database, and what can be recalled of them."""
        store, messages = ProfileStore(database), MessageStore(database)
        held = HeldProfiles(store)
        memory = Memory(
            store=MemoryStore(database),
            messages=messages,
            profiles=held,
            embedder=embedder,
            now=now,
            timezone=timezone,
        )
        return cls(store=store, held=held, memory=memory, messages=messages, embedder=embedder, now=now)

    async def get(self, user_id: int) -> Profile:
        """A user's profile; an empty one for somebody who has said nothing yet."""
        return await self._held.get(user_id)

    def drop(self) -> None:
        """Let go of what is held in memory of anybody; it is read again when it is needed."""
        self._held.clear()
        self.memory.drop()

    async def observe(self, message: Message) -> list[Belief]:
        """Learn from a message once and keep its turn for recall, when it is in the user's own words.

        Returns the beliefs that it began and that hold.
        """
        change = await self._learn(message, is_past=False)
        if change is None:
            return []
        await self.memory.catch_up(message.user_id)
        begun = [edit.after for edit in change.edits if edit.before is None and edit.after is not None]
        return [belief for belief in begun if belief.status is BeliefStatus.ACTIVE]

    async def observe_past(self, message: Message) -> None:
        """Learn from a line that was said before the bot was there; the caller sees that it comes once."""
        await self._learn(message, is_past=True)

    async def _learn(self, message: Message, *, is_past: bool) -> Change | None:
        """Take one step; None for what is not the user's own words, or was learnt from already."""
        if not is_own_words(message):
            return None
        vector = await self._embedder.embed(message.text)
        memory = await self.memory.memory_of(message, vector)
        async with self._locks[message.user_id]:
            profile = await self.get(message.user_id)
            if not is_past and profile.has_seen(message.message_id):
                return None
            change = _step(profile, message, vector, is_past=is_past)
            while (
                await self._save(message.user_id, change, Cause.MESSAGE, message.message_id, memory) is None
            ):
                revision = profile.revision
                profile = await self.get(message.user_id)
                if profile.revision <= revision:
                    return None  # the user was forgotten meanwhile; otherwise another process was faster
                change = _step(profile, message, vector, is_past=is_past)
        return change

    async def revise(self, message: Message, *, before: str) -> None:
        """Follow a message of which the author has changed the words; no trace is kept of a lost belief."""
        vector = await self._embedder.embed(message.text)
        await self.memory.remember(message, vector)
        async with self._locks[message.user_id]:
            profile = await self.get(message.user_id)
            if not profile.has_seen(message.message_id):
                return  # what was never learnt needs no change
            change = revise(profile, message, before=before, vector=vector)
            lost = [edit.before for edit in change.edits if edit.after is None and edit.before is not None]
            for belief in lost:
                await self._store.erase_belief(message.user_id, belief.belief_id)
            revised = Change(
                profile=replace(change.profile, revision=profile.revision + len(lost)),
                edits=tuple(edit for edit in change.edits if edit.after is not None),
            )
            await self._save(message.user_id, revised, Cause.CORRECTION, message.message_id)

    async def propose(self, user_id: int, answer: str, *, after: int, up_to: int) -> list[Belief]:
        """Believe what a model has answered of the messages between these ids, as far as they say so.

        They are read anew: some may have been changed or forgotten meanwhile. Returns the beliefs
        that it began.
        """
        edits: tuple[Edit, ...] = ()
        async with self._locks[user_id]:
            revision, saved = 0, None
            while saved is None:
                profile = await self.get(user_id)
                if profile.revision <= revision:
                    return []  # the user was forgotten; otherwise another process was faster
                revision = profile.revision
                unread = max(after, profile.proposed_up_to)
                said = await self._messages.learnable(user_id, after=unread, up_to=up_to, limit=MOST_READ)
                change = learn(profile, answer, said)
                edits = change.edits
                read = replace(change.profile, proposed_up_to=max(up_to, profile.proposed_up_to))
                saved = await self._save(user_id, replace(change, profile=read), Cause.PROPOSAL, None)
        return [edit.after for edit in edits if edit.before is None and edit.after is not None]

    async def note(self, user_id: int, text: str, message_id: int) -> None:
        """Learn from a remark about the reply with this id, so that it is felt in the next reply."""
        at = self._now()
        await self._change(
            user_id, lambda profile: observe_note(profile, text, message_id, at), Cause.NOTE, message_id
        )

    async def wished_length(self, user_id: int) -> ReplyLength:
        """How long the user has asked the replies to be, in a remark or in passing."""
        return wished_length(await self.get(user_id), self._now())

    async def card(self, user_id: int, question: str, *, fits: Callable[[Card], bool]) -> Card:
        """What of the profile is worth showing a model beside this question, as far as it fits."""
        return draw_card(await self.get(user_id), question, self._now(), fits=fits)

    async def resting_belief(self, user_id: int, belief_id: int, message_id: int) -> Belief | None:
        """The belief of this number, if it rests on this message and is neither closed nor gone."""
        belief = await self.open_belief(user_id, belief_id)
        rests = belief is not None and any(one.message_id == message_id for one in belief.evidence)
        return belief if rests else None

    async def open_belief(self, user_id: int, belief_id: int) -> Belief | None:
        """The belief of this number, if it holds or waits for the user's word."""
        return open_belief(await self.get(user_id), belief_id)

    async def keep(self, user_id: int, belief_id: int) -> int | None:
        """Hold a belief by the user's word, which may have waited for it.

        Returns the number of the change, None when there is no such belief; so do the next two.
        """
        at = self._now()
        return await self._change(user_id, lambda profile: keep(profile, belief_id, at), Cause.CORRECTION)

    async def strike_out(self, user_id: int, belief_id: int) -> int | None:
        """Take a belief back, which stays in the history alone."""
        at = self._now()
        return await self._change(
            user_id, lambda profile: strike_out(_unread(profile), belief_id, at), Cause.CORRECTION
        )

    async def undo(self, user_id: int, change_id: int) -> int | None:
        """Take back a change, by a further one; None, too, when something newer stands in its way."""
        meant, at = await self._store.change(user_id, change_id), self._now()
        if meant is None:
            return None
        return await self._change(user_id, lambda profile: undo(profile, meant, at), Cause.UNDO)

    async def last_undoable(self, user_id: int) -> ProfileChange | None:
        """The newest change that can be undone."""
        profile, now = await self.get(user_id), self._now()
        changes = await self._store.history(user_id, limit=_UNDOABLE)
        return next((change for change in changes if undo(profile, change, now).edits), None)

    async def correct(self, user_id: int, belief_id: int, message: Message) -> ProfileChange | None:
        """Let the user's words in a logged message take the place of a belief; called again it changes no
        more. One that waited for the user's word is erased.

        None when the belief is closed or gone.
        """
        if await self._store.change_by(user_id, message.message_id) is None:
            await self._change(
                user_id,
                lambda profile: correct(_unread(profile), belief_id, message),
                Cause.CORRECTION,
                message.message_id,
            )
        made = await self._store.change_by(user_id, message.message_id)
        if made is not None and any(one.belief_id == belief_id for one in (await self.get(user_id)).pending):
            await self.erase(user_id, belief_id)
        return made

    async def change_by(self, user_id: int, message_id: int) -> ProfileChange | None:
        """The last change that a message brought about."""
        return await self._store.change_by(user_id, message_id)

    async def changed_since(self, user_id: int, since: datetime) -> list[ProfileChange]:
        """What was learnt and unlearnt since then, newest first."""
        return await self._store.history(user_id, since=since)

    async def erase(self, user_id: int, belief_id: int) -> bool:
        """Remove a belief with every trace of it, and never recall what it rests on; False for none."""
        async with self._locks[user_id]:
            profile = await self.get(user_id)
            resting = [
                one.message_id
                for belief in profile.beliefs
                if belief.belief_id == belief_id
                for one in belief.evidence
            ]
            await self.memory.forget(user_id, resting)
            erased = await self._store.erase_belief(user_id, belief_id)
            profile = await self.get(user_id)
            if profile.proposed_up_to < profile.last_message_id:
                await self._save(user_id, Change(profile=_unread(profile)), Cause.CORRECTION, None)
            return erased

    async def erase_resting_on(self, user_id: int, message_ids: Collection[int]) -> None:
        """Remove every belief that rests on nothing but these messages, and never recall them again."""
        async with self._locks[user_id]:
            await self.memory.forget(user_id, message_ids)
            for belief in await self._store.all_beliefs(user_id):
                resting = {evidence.message_id for evidence in belief.evidence}
                if resting and resting <= set(message_ids):
                    await self._store.erase_belief(user_id, belief.belief_id)

    async def resting_on(self, user_id: int, messages: Sequence[Message]) -> int:
        """How many beliefs would be left with nothing if these messages were forgotten."""
        profile = await self._whole(user_id)
        return len(profile.beliefs) - len(forget(profile, messages).beliefs)

    async def forget(self, user_id: int, messages: Sequence[Message]) -> None:
        """Make the profile what it were had these messages never been; no trace of them is kept."""
        async with self._locks[user_id]:
            # They are still there for a while: nobody may read them meanwhile and believe them anew.
            await self.memory.forget(user_id, [one.message_id for one in messages if is_own_words(one)])
            saved = False
            while not saved:  # another process may have saved it meanwhile
                profile = await self._whole(user_id)
                if profile.revision == 0:
                    return
                after = forget(profile, messages)
                saved = await self._store.rewrite(
                    user_id,
                    revision=profile.revision,
                    last_message_id=after.last_message_id,
                    document=document_of(after),
                    beliefs=after.beliefs,
                    gone={message.message_id for message in messages},
                )
            self._held.let_go(user_id)

    async def _change(
        self,
        user_id: int,
        step: Callable[[Profile], Change],
        cause: Cause,
        message_id: int | None = None,
    ) -> int | None:
        """Take a step, again where another process was faster; returns the number of the change, if any."""
        async with self._locks[user_id]:
            revision, saved = -1, None
            while saved is None:
                profile = await self.get(user_id)
                change = step(profile)
                if not change.edits or profile.revision <= revision:
                    return None  # with an older revision the user was forgotten meanwhile
                revision = profile.revision
                saved = await self._save(user_id, change, cause, message_id)
        return saved

    async def _whole(self, user_id: int) -> Profile:
        """A profile with every belief there ever was."""
        stored = await self._store.load(user_id)
        if stored is None:
            return Profile()
        return replace(profile_of(stored), beliefs=tuple(await self._store.all_beliefs(user_id)))

    async def _save(
        self,
        user_id: int,
        change: Change,
        cause: Cause,
        message_id: int | None,
        memory: NewMemory | None = None,
    ) -> int | None:
        """Write a change as `save` of the store does, and hold the profile that it has made.

        None when the profile was changed elsewhere or forgotten since it was read.
        """
        profile = change.profile
        saved = await self._store.save(
            user_id,
            revision=profile.revision,
            last_message_id=profile.last_message_id,
            document=document_of(profile),
            edits=change.edits,
            at=self._now(),
            cause=cause,
            message_id=message_id,
            memory=memory,
        )
        if saved is not None:
            self._held.replace(user_id, replace(profile, revision=profile.revision + 1))
        else:
            self._held.let_go(user_id)
        return saved


def _unread(profile: Profile) -> Profile:
    """The profile for which no model reads again what was said so far: it could say anew what the user has
    struck out.
    """
    return replace(profile, proposed_up_to=max(profile.proposed_up_to, profile.last_message_id))


def _step(profile: Profile, message: Message, vector: Vector, *, is_past: bool) -> Change:
    change = observe(profile, message, vector)
    if not is_past:
        return change
    # A chat message with a smaller number may still be on its way here.
    seen = replace(change.profile, seen_up_to=profile.seen_up_to, recent=profile.recent)
    return replace(change, profile=seen)
