"""A terminal that knows just enough escape codes to say what a person would see."""

import io
import os
import re
import unicodedata
from itertools import groupby

_TOKENS = re.compile(r"\x1b\[(\d*)([A-Za-z])|\r|\n|.", re.DOTALL)


class Emulator(io.StringIO):
    """A stream whose `rows` are the lines of a terminal window without an upper end."""

    def __init__(self, columns: int = 40, lines: int = 24) -> None:
        super().__init__()
        self.columns = columns
        self.height = lines
        self._cells: list[list[tuple[str, int]]] = [[]]
        self._row = 0
        self._column = 0
        self._look = 0

    def size(self) -> os.terminal_size:
        """The size of the window."""
        return os.terminal_size((self.columns, self.height))

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        for token in _TOKENS.finditer(text):
            if token.group(2):
                self._escape(token.group(2), int(token.group(1) or 1))
            elif token.group() == "\r":
                self._column = 0
            elif token.group() == "\n":
                self._line_feed()
            else:
                self._put(token.group())
        return len(text)

    @property
    def rows(self) -> list[str]:
        """The lines as they stand, without trailing empty ones."""
        rows = ["".join(character for character, _ in cells).rstrip() for cells in self._cells]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    @property
    def looks(self) -> dict[str, int]:
        """The number of the look in which each word stands; of one that stands there again, the last."""
        words: dict[str, int] = {}
        for cells in self._cells:
            for is_space, run in groupby(cells, key=lambda cell: cell[0].isspace()):
                word = list(run)
                if not is_space:
                    words["".join(character for character, _ in word)] = word[-1][1]
        return words

    def _escape(self, code: str, number: int) -> None:
        if code == "A":
            self._row = max(self._row - number, 0)
        elif code == "J":
            del self._cells[self._row][self._column :], self._cells[self._row + 1 :]
        elif code == "K":
            del self._cells[self._row][self._column :]
        elif code == "m":
            self._look = number
        else:
            raise AssertionError(f"escape code {code} is not expected")

    def _line_feed(self) -> None:
        self._row += 1
        self._column = 0
        if self._row == len(self._cells):
            self._cells.append([])

    def _put(self, character: str) -> None:
        if unicodedata.combining(character):
            base, look = self._cells[self._row][-1]
            self._cells[self._row][-1] = (base + character, look)
            return
        width = 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
        if self._column + width > self.columns:
            self._line_feed()
        cells = self._cells[self._row]
        cells[self._column : self._column + width] = [
            (character, self._look),
            *[("", self._look)] * (width - 1),
        ]
        self._column += width
