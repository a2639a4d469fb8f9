"""Which past turns bear on a question: likeness, words, beliefs and neighbours in one score (pure)."""

import math
from collections.abc import Mapping, Sequence

from engine.profile.keys import index_words, query_words
from engine.profile.matters import matters_in
from engine.profile.sentences import own_words, stated_clauses
from engine.profile.shelf import Likeness
from storage.memories import RememberedTurn

# Chosen on our own sessions and on half of MemoryBank's questions (docs/profile.md).
_BELIEF = 4.0
_ASKING = 0.5
_NEIGHBOUR = 0.9
_MARGIN = 0.25
_MOST_WORDS = 0.6

_LATER = 1e-3
"""So much a belief seen earlier is behind one seen later; it only settles ties."""


def scores(
    turns: Sequence[RememberedTurn],
    likeness: Likeness,
    *,
    by_words: Mapping[int, float],
    asked_for: Sequence[int],
) -> dict[int, float]:
    """A score for each turn, in standard deviations of the question's likeness to everything that was said.

    The best match by words gets one more, a turn that a belief in question rests on four; one that only asks
    gets half of one less. A statement that follows a better turn at once comes near to it, when it is itself
    more alike than the mean: people name a matter first and say then what there is to say.
    """
    most = max(by_words.values(), default=1.0)
    own = {
        turn.message_id: likeness.deviation(turn.message_id) + by_words.get(turn.message_id, 0.0) / most
        for turn in turns
    }
    for place, message_id in enumerate(asked_for):
        if message_id in own:
            own[message_id] += _BELIEF - place * _LATER
    stating = {turn.message_id for turn in turns if turn.states}
    own = {one: score if one in stating else score - _ASKING for one, score in own.items()}
    lifted = dict(own)
    for one, before in likeness.before.items():
        if one in stating and before in own and own[before] > own[one] > 0.0:
            lifted[one] = own[one] + _NEIGHBOUR * (own[before] - own[one])
    return lifted


def substance(turn: RememberedTurn) -> float:
    """How much a turn says by itself: the different words in what it states, and none in a question."""
    stated = " ".join(clause.text for clause in stated_clauses(turn.said))
    return float(len({*query_words(stated)}))


def gate(count: int) -> float:
    """The score below which likeness is chance: what chance gives the best of so many turns, and a bit.

    The greatest of n normal deviations is about the root of 2 ln n.
    """
    return math.sqrt(2.0 * math.log(max(1, count))) + _MARGIN


def has_words(turn: RememberedTurn, words: Sequence[str], question: str) -> bool:
    """Whether a turn has most words of a question; the mere name of a matter of the profile is not enough."""
    if not words or (len(words) == 1 and matters_in(question)):
        return False
    there = {*index_words(own_words(turn.said)), *index_words(turn.answered or "")}
    return sum(word in there for word in words) >= _MOST_WORDS * len(words)
