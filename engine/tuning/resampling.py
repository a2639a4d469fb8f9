"""Bootstrap intervals over turns that resemble each other within a conversation (pure).

Conversations are drawn first, and then turns within each of them (the two-stage bootstrap of Davison and
Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8); with a single conversation that is the
bootstrap over turns.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

_RESAMPLES = 2000
_CONFIDENCE = 0.95

Value = TypeVar("Value")


def interval(
    kinds: Sequence[Iterable[tuple[int, Value]]],
    statistic: Callable[[Sequence[Sequence[Value]]], float],
    *,
    seed: int,
) -> tuple[float, float]:
    """The 95 % interval of a statistic of one or more kinds of turns, each with its conversation.

    Every kind is resampled by itself.
    """
    draw = random.Random(seed)
    groups = [_by_conversation(turns) for turns in kinds]
    found = sorted(statistic([_resampled(group, draw) for group in groups]) for _ in range(_RESAMPLES))
    cut = round(_RESAMPLES * (1 - _CONFIDENCE) / 2)
    return found[cut], found[-1 - cut]


def _by_conversation(turns: Iterable[tuple[int, Value]]) -> list[list[Value]]:
    found: defaultdict[int, list[Value]] = defaultdict(list)
    for conversation_id, value in turns:
        found[conversation_id].append(value)
    return list(found.values())


def _resampled(conversations: Sequence[Sequence[Value]], draw: random.Random) -> list[Value]:
    drawn = draw.choices(conversations, k=len(conversations))
    return [value for turns in drawn for value in draw.choices(turns, k=len(turns))]
