"""Recall of what a user has said before: by words, by meaning and by time, fused by reciprocal rank."""

import asyncio
import re
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Protocol

from engine.profile.embedding import Embedder, Vector
from engine.profile.facts import is_wish_to_forget
from engine.profile.keys import index_words, query_words
from engine.profile.matters import bears_on
from engine.profile.profile import is_own_words
from engine.profile.sentences import own_words, stated_clauses
from engine.profile.shelf import Shelf, pack
from engine.profile.when import Span, span_of
from storage.beliefs import Belief, BeliefStatus
from storage.memories import MemoryStore, NewMemory, RememberedTurn
from storage.messages import MessageStore
from storage.profiles import ProfileStore
from storage.records import Message

MOST_ITEMS = 3
MOST_CHARACTERS = 180
"""Of one item; three of them stay under 150 tokens."""

_CANDIDATES = 40
_RANK_OFFSET = 60.0  # of reciprocal rank fusion, as its authors chose it (Cormack and others, 2009)
_ASKING_WEIGHT = 0.5
"""A turn that only asked is rarely the answer to another question."""

_LEAST_COSINE = 0.88
_LEAST_COVERAGE = 0.5
"""The score gate: below both, nothing is recalled. Set by hand, not yet by measurement."""

_ABOUT_ONESELF = re.compile(r"\b(?:i|my|me|mine|we|our|us)\b|我|咱", re.IGNORECASE)
_ASKS = re.compile(
    r"[?？]|\b(?:what|which|who|whose|whom|where|when|why|how|do|did|does|am|is|are|was|were|remember|remind)\b"
    r"|[吗呢么]|什么|哪|谁|几|多少|怎么|记得",
    re.IGNORECASE,
)

_SHELVES = 16
_CAUGHT_UP_AT_ONCE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Recollection:
    """One past turn that may answer a question; `cosine` and `coverage` say why it was found."""

    turn: RememberedTurn
    cosine: float
    coverage: float


class Memory:
    """Indexes turns as they come and finds them again. No language model is asked."""

    def __init__(
        self,
        *,
        store: MemoryStore,
        messages: MessageStore,
        profiles: ProfileStore,
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
        self._shelves: OrderedDict[int, Shelf] = OrderedDict()
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
            del self._shelves[message.user_id]  # it has the vector of the old words
        replies = await self._messages.replies_to(message.message_id) if is_kept else []
        answered = [one.text for one in replies if one.current][-1:]
        return NewMemory(
            message_id=message.message_id,
            user_id=message.user_id,
            said_at=message.created_at,
            said=" ".join(words),
            answered=" ".join(index_words(" ".join(answered))),
            vector=pack(vector) if is_kept else b"",
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
        words = query_words(question)
        span = span_of(question, self._now().astimezone(self._timezone))
        if not words and span is None:
            return []
        vector = await self._embedder.embed(question)
        by_words = await self._store.with_words(user_id, words, limit=_CANDIDATES, span=span)
        by_meaning = await self._nearest(user_id, vector, span)
        asked_for, outdated = await self._resting(user_id, question)
        scores = _fused(by_words, list(by_meaning), asked_for, asked_for)
        wanted = [one for one in scores if one not in outdated and one not in known]
        turns = await self._store.turns(user_id, wanted)
        found = [
            Recollection(
                turn=turn,
                cosine=by_meaning.get(turn.message_id, 0.0),
                coverage=1.0 if turn.message_id in asked_for else _coverage(words, turn),
            )
            for turn in sorted(turns, key=lambda turn: -_score(scores, turn))
        ]
        passed = [one for one in found if span is not None or _passes(one)]
        return _without_repetition(passed)[:MOST_ITEMS]

    async def _nearest(self, user_id: int, vector: Vector, span: Span | None) -> dict[int, float]:
        async with self._locks[user_id]:
            shelf = self._shelves.pop(user_id, None) or Shelf()
            newer = await self._store.vectors(user_id, after=shelf.last_id)

            def search() -> list[tuple[int, float]]:
                shelf.add(newer)
                return shelf.nearest(vector, limit=_CANDIDATES, span=span)

            nearest = await asyncio.to_thread(search)
            self._shelves[user_id] = shelf
            if len(self._shelves) > _SHELVES:
                self._shelves.popitem(last=False)
        return dict(nearest)

    async def _resting(self, user_id: int, question: str) -> tuple[list[int], set[int]]:
        """The messages that the beliefs rest on which a question asks for, the newest first, and those that
        only closed beliefs rest on.
        """
        stored = await self._profiles.load(user_id)
        beliefs = () if stored is None else stored.beliefs
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


def _fused(*rankings: list[int]) -> dict[int, float]:
    scores: defaultdict[int, float] = defaultdict(float)
    for ranking in rankings:
        for rank, message_id in enumerate(ranking):
            scores[message_id] += 1.0 / (_RANK_OFFSET + rank)
    return scores


def _score(scores: dict[int, float], turn: RememberedTurn) -> float:
    states = any(True for _ in stated_clauses(turn.said))
    return scores[turn.message_id] * (1.0 if states else _ASKING_WEIGHT)


def _coverage(words: list[str], turn: RememberedTurn) -> float:
    """The share of the question's words that the turn has."""
    if not words:
        return 0.0
    there = set(index_words(own_words(turn.said))) | set(index_words(turn.answered or ""))
    return sum(word in there for word in words) / len(words)


def _passes(found: Recollection) -> bool:
    return found.cosine >= _LEAST_COSINE or found.coverage >= _LEAST_COVERAGE


def _without_repetition(found: list[Recollection]) -> list[Recollection]:
    first = {one.turn.said.casefold().strip(): one for one in reversed(found)}
    return [one for one in found if first[one.turn.said.casefold().strip()] is one]
