"""Recall of what a user has said before: by words, by meaning, by belief and by time."""

import asyncio
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import islice
from typing import Protocol

from engine.profile.embedding import Embedder, Vector
from engine.profile.facts import is_wish_to_forget
from engine.profile.held import HeldProfiles
from engine.profile.keys import index_words, query_words
from engine.profile.matters import bears_on
from engine.profile.profile import is_own_words
from engine.profile.ranking import gate, has_words, scores, substance
from engine.profile.recent import Recent
from engine.profile.sentences import own_words, stated_clauses
from engine.profile.shelf import Likeness, Shelf, pack
from engine.profile.when import Span, remembered_span_of, untimed
from storage.beliefs import Belief, BeliefStatus
from storage.memories import MemoryStore, NewMemory, RememberedTurn
from storage.messages import MessageStore
from storage.records import Message, Origin

MOST_ITEMS = 3
MOST_CHARACTERS = 180
"""Of one item; three of them stay under 150 tokens."""

_CANDIDATES = 40

_ABOUT_ONESELF = re.compile(r"\b(?:i|my|me|mine|we|our|us)\b|我|咱", re.IGNORECASE)
_ASKS = re.compile(
    r"[?？]|\b(?:what|which|who|whose|whom|where|when|why|how|do|did|does|am|is|are|was|were|remember|remind)\b"
    r"|[吗呢么]|什么|哪|谁|几|多少|怎么|记得",
    re.IGNORECASE,
)

_OF_TALK = frozenset(index_words("talk topic discuss discussed conversation chat"))
"""With a time they ask for whatever was said then; without one they may be what a question is about."""

_MOST_TURNS = 100_000
"""On the shelves of everybody, 45 to 90 MB. Reading a person's hundreds anew takes longer than a search."""

_CAUGHT_UP_AT_ONCE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Recollection:
    """One past turn that may answer a question; `score` says how surely (`ranking.scores`)."""

    turn: RememberedTurn
    score: float


class Memory:
    """Indexes turns as they come and finds them again. No language model is asked."""

    def __init__(
        self,
        *,
        store: MemoryStore,
        messages: MessageStore,
        profiles: HeldProfiles,
        embedder: Embedder,
        now: Callable[[], datetime],
        timezone: tzinfo,
    ) -> None:
        self._store = store
        self._messages = messages
        self._profiles = profiles
        self._embedder = embedder
        self._now = now
        self._timezone = timezone
        self._shelves: Recent[Shelf] = Recent(most=_MOST_TURNS, size_of=len)
        self._complete: set[int] = set()
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def remember(self, message: Message, vector: Vector) -> None:
        """Index a turn and its current reply; one that must not be remembered is refused."""
        await self._store.put(await self.memory_of(message, vector))

    async def memory_of(self, message: Message, vector: Vector) -> NewMemory:
        """What `remember` would store; whoever stores it otherwise does so at once."""
        text = own_words(message.text)
        words = [] if is_wish_to_forget(message.text) else index_words(text)
        is_kept = is_own_words(message) and bool(words)
        shelf = self._shelves.get(message.user_id)
        if shelf is not None and message.message_id <= shelf.last_id:
            self._shelves.take(message.user_id)  # it has the vector of the old words
        replies = await self._messages.replies_to(message.message_id) if is_kept else []
        answered = [one.text for one in replies if one.current and one.origin is not Origin.OUTDATED][-1:]
        return NewMemory(
            message_id=message.message_id,
            user_id=message.user_id,
            said_at=message.created_at,
            said=" ".join(words),
            answered=" ".join(index_words(" ".join(answered))),
            vector=pack(vector) if is_kept else b"",
            states=any(True for _ in stated_clauses(message.text)),
        )

    async def catch_up(self, user_id: int) -> None:
        """Index a few older turns that were never indexed; called after each message until there are none."""
        if user_id in self._complete:
            return
        missing = await self._store.missing(user_id, limit=_CAUGHT_UP_AT_ONCE)
        if not missing:
            self._complete.add(user_id)
        for message_id in missing:
            message = await self._messages.get(message_id)
            await self.remember(message, await self._embedder.embed(message.text))

    async def forget(self, user_id: int, message_ids: Iterable[int]) -> None:
        """Never recall these messages again."""
        await self._store.refuse(user_id, message_ids)

    def drop(self) -> None:
        """Let go of what is held in memory of anybody; it is read again when it is needed."""
        self._shelves.clear()

    async def recall(self, user_id: int, question: str, *, known: Collection[int] = ()) -> list[Recollection]:
        """At most three past turns that bear on a question, the best first; `known` ones are left out.

        What the user has taken back or said to be otherwise since is not recalled.
        """
        span = remembered_span_of(question, self._now().astimezone(self._timezone))
        words = query_words(question if span is None else untimed(question))
        if span is not None:
            words = [word for word in words if word not in _OF_TALK]
        asked_for, outdated = await self._resting(user_id, question)
        if not words and span is None and not asked_for:
            return []
        vector = await self._embedder.embed(question)
        by_words = await self._store.with_words(user_id, words, limit=_CANDIDATES, span=span)
        likeness = await self._compare(user_id, vector, span, {*by_words, *asked_for})
        turns = await self._store.turns(user_id, [one for one in likeness.cosines if one not in outdated])
        if words or asked_for:
            score = scores(turns, likeness, by_words=by_words, asked_for=asked_for)
        else:  # "What did we talk about yesterday?" is like nothing that was said
            score = {turn.message_id: substance(turn) for turn in turns}
        least = float("-inf") if span is not None else gate(likeness.count)

        def passes(turn: RememberedTurn) -> bool:
            one = turn.message_id
            return score[one] >= least or (one in by_words and has_words(turn, words, question))

        others = [turn for turn in turns if turn.message_id not in known]
        others.sort(key=lambda turn: -score[turn.message_id])
        found = islice(_without_repetition(filter(passes, others)), MOST_ITEMS)
        return [Recollection(turn=turn, score=score[turn.message_id]) for turn in found]

    async def _compare(
        self, user_id: int, vector: Vector, span: Span | None, others: Collection[int]
    ) -> Likeness:
        async with self._locks[user_id]:
            shelf = self._shelves.take(user_id) or Shelf()
            newer = await self._store.vectors(user_id, after=shelf.last_id)

            def compare() -> Likeness:
                shelf.add(newer)
                return shelf.compare(vector, limit=_CANDIDATES, span=span, others=others)

            likeness = await asyncio.to_thread(compare)
            self._shelves.put(user_id, shelf)
        return likeness

    async def _resting(self, user_id: int, question: str) -> tuple[list[int], set[int]]:
        """The messages that the beliefs rest on which a question asks for, the newest first, and those that
        only closed beliefs rest on.
        """
        beliefs = (await self._profiles.get(user_id)).beliefs
        closed = (BeliefStatus.SUPERSEDED, BeliefStatus.RETRACTED)
        held = [belief for belief in beliefs if belief.status not in closed]
        asked_for = [belief for belief in held if bears_on(belief, question)]
        asked_for.sort(key=lambda belief: belief.last_seen, reverse=True)
        outdated = _evidence(belief for belief in beliefs if belief.status in closed)
        return list(
            dict.fromkeys(belief.evidence[-1].message_id for belief in asked_for)
        ), outdated - _evidence(held)


def _evidence(beliefs: Iterable[Belief]) -> set[int]:
    return {one.message_id for belief in beliefs for one in belief.evidence}


class Recall(Protocol):
    """What finds past turns for a question."""

    async def __call__(
        self, user_id: int, question: str, *, known: Collection[int] = ()
    ) -> Sequence[Recollection]:
        """The turns, the best first; `known` messages are left out."""
        ...


def lines_of(recalled: Sequence[Recollection]) -> list[str]:
    """What was recalled as lines for a prompt: the day and the user's own words, cut to their share."""
    return [
        f"{one.turn.said_at:%Y-%m-%d}: {_cut(' '.join(own_words(one.turn.said).split()))}" for one in recalled
    ]


def _cut(text: str) -> str:
    # A Chinese character is a token or more, an English word of five letters hardly two.
    most = MOST_CHARACTERS // 4 if re.search("[\u4e00-\u9fff]", text) else MOST_CHARACTERS
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def asks_about_the_past(question: str) -> bool:
    """Whether a question can be answered by what its author has said: it speaks of them or names a time."""
    return bool(_ABOUT_ONESELF.search(question)) and bool(_ASKS.search(question))


def _without_repetition(turns: Iterable[RememberedTurn]) -> Iterator[RememberedTurn]:
    """The turns without those that say what one before them said."""
    seen: set[str] = set()
    for turn in turns:
        said = turn.said.casefold().strip()
        if said not in seen:
            seen.add(said)
            yield turn
