"""Splits a formatted text into messages: never over a limit, nothing lost, cut where a reader would pause."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from bot.graphemes import cut_before

_SENTENCE_END = re.compile(r"[.!?…][)\"'”’»\]]*(?=\s)|[。！？][」』”’）]*")

_INVISIBLE = frozenset(("Cc", "Cf", "Zl", "Zp", "Zs"))


@dataclass(frozen=True, slots=True)
class Span:
    """One format over text[start:end] (Python indices), of a `kind` in Telegram's words."""

    start: int
    end: int
    kind: str
    url: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """One message: its text and the spans inside it."""

    text: str
    spans: tuple[Span, ...]


def unit_offsets(text: str) -> Sequence[int]:
    """The offset in UTF-16 units of each index of the text, its end included."""
    if text.isascii():
        return range(len(text) + 1)
    return [0, *accumulate(2 if character > "\uffff" else 1 for character in text)]


def split(text: str, spans: Sequence[Span], *, max_units: int, max_spans: int) -> Iterator[Piece]:
    """The messages in order, each visible and trimmed.

    `spans` are sorted by start, and fewer than `max_spans` / 2 of them lie over any one character: so each
    cut makes progress. The time is linear in the text and the spans.
    """
    offsets = unit_offsets(text)
    open_spans: list[Span] = []
    position = next_span = 0
    while position < len(text):
        end = bisect_right(offsets, offsets[position] + max_units) - 1
        beyond = next_span + max_spans - len(open_spans)
        if beyond < len(spans):
            end = min(end, spans[beyond].start)
        blocks = [span for span in open_spans if span.kind == "pre"]
        while next_span < len(spans) and spans[next_span].start < end:
            open_spans.append(spans[next_span])
            blocks += [spans[next_span]] if spans[next_span].kind == "pre" else []
            next_span += 1
        end = _boundary(text, position, end, blocks)
        piece = _piece(text, position, end, open_spans)
        if _is_visible(piece.text):
            yield piece
        while next_span and spans[next_span - 1].start >= end:
            next_span -= 1
        open_spans = [span for span in open_spans if span.start < end < span.end]
        position = end


def _boundary(text: str, start: int, end: int, blocks: list[Span]) -> int:
    """The best cut in (start, end]: before a code block, else the last of the coarsest kind near the end."""
    if end == len(text):
        return end
    block = next((block for block in blocks if block.start < end < block.end), None)
    if block is not None and block.start > start + (end - start) // 4:
        return block.start
    lowest = start + (end - start) // 2
    separators = ("\n",) if block is not None else ("\n\n", "\n")
    for separator in separators:
        if (found := text.rfind(separator, lowest + 1, end + len(separator))) >= 0:
            return found
    if block is None:
        sentences = [match.end() for match in _SENTENCE_END.finditer(text, lowest, end + 1)]
        if cuts := [cut for cut in sentences if lowest < cut <= end]:
            return cuts[-1]
    if (found := text.rfind(" ", lowest + 1, end + 1)) >= 0:
        return found
    return cut_before(text, start=start, lowest=lowest, end=end)


def _piece(text: str, start: int, end: int, spans: list[Span]) -> Piece:
    """text[start:end] without the space around it."""
    start, end = _trimmed(text, start, end, spans)
    clipped = (
        Span(max(span.start, start) - start, min(span.end, end) - start, span.kind, span.url, span.language)
        for span in spans
        if span.start < end and span.end > start
    )
    return Piece(text[start:end], tuple(clipped))


def _trimmed(text: str, start: int, end: int, spans: list[Span]) -> tuple[int, int]:
    """The range without space at its edges; inside a code block, indentation is not space to lose."""
    raw = text[start:end]
    block = next((span for span in spans if span.kind == "pre" and span.end > start), None)
    if block is None or block.start > start:
        first = end - len(raw.lstrip())
        first = first if block is None else min(first, block.start)
    else:
        first = end - len(raw.lstrip("\n"))
    return first, max(first, start + len(raw.rstrip()))


def _is_visible(text: str) -> bool:
    """Whether Telegram would not call it empty."""
    return any(unicodedata.category(character) not in _INVISIBLE for character in text)
