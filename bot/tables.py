"""Markdown tables for a phone: aligned columns where they fit, else one short paragraph a row."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.graphemes import is_extender
from bot.guard import restore
from engine.language.code_spans import CodeSpans

_MAX_COLUMNS = 40
_SEPARATOR = " | "
_DELIMITER = re.compile(r"^[ \t>]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_PREFIX = re.compile(r"[ \t>]*")
_CELL_END = re.compile(r"(?<!\\)\|")
_INLINE_MARKUP = re.compile(r"[*_`~\\&$\[!]")
_LINK = re.compile(r"\]\(")

PlainText = Callable[[str], str]
"""Inline Markdown to the text that is seen."""


@dataclass(frozen=True, slots=True)
class _Table:
    """One table; `aligns` holds `<`, `^` or `>` per column, `rows` as many cells each."""

    prefix: str
    header: list[str]
    aligns: list[str]
    rows: list[list[str]]


def format_tables(markdown: str, plain: PlainText) -> str:
    """The Markdown with its tables written as fences or as rows; tables inside fences stay as they are."""
    if "|" not in markdown or "-" not in markdown:
        return markdown
    return "\n".join(_format_lines(markdown, plain))


def _format_lines(markdown: str, plain: PlainText) -> Iterator[str]:
    lines = markdown.split("\n")
    code = _code_lines(markdown)
    index = 0
    while index < len(lines):
        table = None if index in code else _table_at(lines, index)
        if table is None:
            yield lines[index]
            index += 1
        else:
            yield from (table.prefix + line for line in _format(table, plain))
            index += 2 + len(table.rows)


def _code_lines(markdown: str) -> set[int]:
    """Numbers of the lines that lie inside code of several lines."""
    inside: set[int] = set()
    line = position = 0
    for start, end in CodeSpans(markdown):
        line += markdown.count("\n", position, start)
        height = markdown.count("\n", start, end)
        if height:
            inside.update(range(line, line + height + 1))
        line, position = line + height, end
    return inside


def _table_at(lines: list[str], index: int) -> _Table | None:
    if index + 1 >= len(lines) or "|" not in lines[index] or not _DELIMITER.match(lines[index + 1]):
        return None
    header, delimiters = _cells(lines[index]), _cells(lines[index + 1])
    if len(header) != len(delimiters) or "|" not in lines[index + 1]:
        return None
    rows: list[list[str]] = []
    for line in lines[index + 2 :]:
        if "|" not in line:
            break
        rows.append(_padded(_cells(line), len(header)))
    prefix = _PREFIX.match(lines[index])
    return _Table(prefix[0] if prefix else "", header, [_align(cell) for cell in delimiters], rows)


def _cells(line: str) -> list[str]:
    inner = line.lstrip(" \t>").rstrip().removeprefix("|")
    cells = _CELL_END.split(inner)
    if len(cells) > 1 and not cells[-1].strip():
        cells.pop()
    return [cell.strip().replace("\\|", "|") for cell in cells]


def _padded(cells: list[str], count: int) -> list[str]:
    """Exactly `count` cells; what is too much stays in the last one, so that nothing is lost."""
    if len(cells) > count:
        return [*cells[: count - 1], _SEPARATOR.join(cells[count - 1 :])]
    return cells + [""] * (count - len(cells))


def _align(delimiter: str) -> str:
    if delimiter.endswith(":"):
        return "^" if delimiter.startswith(":") else ">"
    return "<"


def _format(table: _Table, plain: PlainText) -> list[str]:
    has_links = any(_LINK.search(cell) for row in [table.header, *table.rows] for cell in row)
    cells = [[_seen(cell, plain) for cell in row] for row in [table.header, *table.rows]]
    widths = [max(map(display_width, column)) for column in zip(*cells, strict=True)]
    if has_links or sum(widths) + len(_SEPARATOR) * (len(widths) - 1) > _MAX_COLUMNS:
        return _as_rows(table, cells[0])
    lines = [_SEPARATOR.join(map(_pad, row, widths, table.aligns)).rstrip() for row in cells]
    lines.insert(1, "-+-".join("-" * width for width in widths))
    fence = "`" * (3 + max(map(len, re.findall("`+", "".join(lines))), default=0))
    return ["", fence, *lines, fence, ""]


def _seen(cell: str, plain: PlainText) -> str:
    if not _INLINE_MARKUP.search(cell):
        return cell
    return " ".join(plain(cell).split())


def _as_rows(table: _Table, names: list[str]) -> list[str]:
    """A blank line, then `name: cell` lines, for each row; with no rows yet, the names."""
    if not table.rows:
        return ["", _SEPARATOR.join(table.header), ""]
    lines = [""]
    for row in table.rows:
        pairs = zip(names, row, strict=True)
        lines += [f"**{name}:** {cell}" if name else cell for name, cell in pairs if name or cell]
        lines.append("")
    return lines


def _pad(text: str, width: int, align: str) -> str:
    space = width - display_width(text)
    before = {"<": 0, "^": space // 2, ">": space}[align]
    return " " * before + text + " " * (space - before)


def display_width(text: str) -> int:
    """Columns of a monospaced font: two for East Asian wide characters and emoji, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(map(_character_width, restore(text)))


def _character_width(character: str) -> int:
    if is_extender(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
