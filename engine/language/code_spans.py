"""Where Markdown source is code, found in linear time on any input."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator

CODE_START = r"^ {0,3}(?P<fence>`{3,}(?=[^`\n]*$)|~{3,})|(?P<ticks>`+)"
"""The start of a fence (only at a line start) or of inline code; to be compiled with re.MULTILINE."""

_START = re.compile(CODE_START, re.MULTILINE)


class CodeSpans:
    """The code of one text; inline code needs a closing run of as many backticks in the same paragraph."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._runs: defaultdict[int, list[int]] = defaultdict(list)
        for run in re.finditer("`+", text):
            self._runs[run.end() - run.start()].append(run.start())

    def end(self, start: re.Match[str]) -> int:
        """The index behind the code that this match of `CODE_START` opens; an open fence runs to the end."""
        if start["fence"] is not None:
            return self._fence_end(start)
        ticks = start.end() - start.start()
        closing = self._closing_run(ticks, start.end())
        return start.end() if closing is None else closing + ticks

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """The (start, end) of each piece of code, in order."""
        position = 0
        while (start := _START.search(self._text, position)) is not None:
            position = self.end(start)
            if position > start.end() or start["fence"] is not None:
                yield start.start(), position

    def _fence_end(self, start: re.Match[str]) -> int:
        mark = start["fence"]
        closing = re.compile(rf"^ {{0,3}}{mark[0]}{{{len(mark)},}}[ \t]*$", re.MULTILINE)
        found = closing.search(self._text, start.end())
        return len(self._text) if found is None else found.end()

    def _closing_run(self, ticks: int, position: int) -> int | None:
        runs = self._runs[ticks]
        index = bisect_left(runs, position)
        if index == len(runs) or self._text.find("\n\n", position, runs[index]) >= 0:
            return None
        return runs[index]
