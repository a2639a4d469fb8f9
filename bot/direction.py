"""Leads each line of mixed scripts by the direction of most of its letters.

Telegram's clients lay a line out by its first strong letter, so an Arabic sentence that begins with a Latin
name would run the wrong way.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from bot.split import Span

_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001eeff]"
)
_MARKS = {True: "\u200f", False: "\u200e"}


def lead(text: str, spans: Sequence[Span]) -> tuple[str, Sequence[Span]]:
    """The text with a direction mark before each line that needs one, code apart; its spans move along."""
    marks = dict(_marks(text, spans))
    if not marks:
        return text, spans
    indices = list(marks)
    pieces = [marks[start] + text[start:end] for start, end in pairwise([*indices, len(text)])]
    moved = [
        replace(
            span,
            start=span.start + bisect_right(indices, span.start),
            end=span.end + bisect_left(indices, span.end),
        )
        for span in spans
    ]
    return "".join([text[: indices[0]], *pieces]), moved


def _marks(text: str, spans: Sequence[Span]) -> Iterator[tuple[int, str]]:
    """The (index of the line's start, mark) of each line that needs one."""
    if not _RIGHT_TO_LEFT.search(text):
        return
    blocks = [span for span in spans if span.kind == "pre"]
    starts = [block.start for block in blocks]
    start = 0
    for line in text.split("\n"):
        block = bisect_right(starts, start) - 1
        in_code = block >= 0 and start < blocks[block].end
        if not in_code and (mark := _mark(line)) is not None:
            yield start, mark
        start += len(line) + 1


def _mark(line: str) -> str | None:
    if not _RIGHT_TO_LEFT.search(line):
        return None
    directions = [kind != "L" for kind in map(unicodedata.bidirectional, line) if kind in ("L", "R", "AL")]
    rightward = sum(directions) * 2 > len(directions)
    return _MARKS[rightward] if directions and directions[0] != rightward else None
