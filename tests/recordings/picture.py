"""A chat as an SVG in the manner of Telegram: bubbles, formats, inline buttons (pure).

A picture cannot ask how wide a letter will be in the font of whoever looks at it, so widths are estimated
with room to spare.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from itertools import groupby

from tests.bot_api import ShownMessage

_WIDTH = 460
_MARGIN = 10
_PADDING = 10
_BUBBLE = 340
"""The most that a line of text takes."""

_FONT = 15
_LINE = 20
_BUTTON = 34
_HEADER = 50

_STYLES = {
    "bold": "b",
    "italic": "i",
    "code": "m",
    "pre": "m",
    "text_link": "l",
    "url": "l",
    "bot_command": "l",
    "mention": "l",
}
_CSS = (
    f"text{{font:{_FONT}px -apple-system,Roboto,'Segoe UI',sans-serif;fill:#111;white-space:pre}}"
    ".b{font-weight:600}.i{font-style:italic}.m{font-family:monospace}.l{fill:#2678b6}"
    ".time{font-size:11px;fill:#8a9a8a}.note,.button{fill:#fff;text-anchor:middle}"
    ".note{font-size:12px}.title{font-weight:600}"
)

Cell = tuple[str, str]
"""A character and its class in the style sheet."""


@dataclass(slots=True)
class _Canvas:
    """The elements so far, and where the next one begins."""

    y: int = _HEADER + _MARGIN
    elements: list[str] = field(default_factory=list)

    def box(self, x: float, width: float, height: float, fill: str, *, radius: int = 12) -> None:
        self.elements.append(
            f'<rect x="{x:.0f}" y="{self.y}" width="{width:.0f}" height="{height:.0f}" rx="{radius}"'
            f' fill="{fill}"/>'
        )

    def text(self, x: float, y: float, content: str, kind: str = "") -> None:
        self.elements.append(f'<text x="{x:.0f}" y="{y:.0f}" class="{kind}">{content}</text>')


def draw(title: str, shown: Sequence[ShownMessage | str]) -> str:
    """The messages below each other; a string is a line of the picture's own, such as what was left out."""
    canvas = _Canvas()
    for one in shown:
        if isinstance(one, str):
            _draw_note(canvas, one)
        else:
            _draw_message(canvas, one)
    head = (
        f'<rect width="{_WIDTH}" height="{_HEADER}" fill="#517da2"/>'
        f'<circle cx="28" cy="25" r="17" fill="#7fb2d9"/>'
        f'<text x="28" y="31" class="button">{escape(title[:1])}</text>'
        f'<text x="56" y="22" class="title" style="fill:#fff">{escape(title)}</text>'
        '<text x="56" y="39" style="fill:#d4e4f1;font-size:12px">bot</text>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {canvas.y}" width="{_WIDTH}"'
        f' height="{canvas.y}"><style>{_CSS}</style><rect width="{_WIDTH}" height="{canvas.y}"'
        f' fill="#a9c4a4"/>{head}\n' + "\n".join(canvas.elements) + "\n</svg>\n"
    )


def lines_of(message: ShownMessage) -> list[list[Cell]]:
    """The text with its formats, broken into lines that fit a bubble."""
    cells = _cells(message)
    lines: list[list[Cell]] = []
    for is_break, paragraph in groupby(cells, key=lambda cell: cell[0] == "\n"):
        if is_break:
            lines += [[] for _ in list(paragraph)[1:]]
        else:
            lines += _wrapped(list(paragraph))
    return lines


def width_of(cells: Sequence[Cell]) -> float:
    """About how many pixels these take."""
    return sum(_em(character, style) for character, style in cells) * _FONT


def _cells(message: ShownMessage) -> list[Cell]:
    """Each character with its class; offsets of entities count UTF-16 units."""
    styles: list[str] = [""] * (2 * len(message.text))
    for entity in message.entities:
        begin, end = entity["offset"], entity["offset"] + entity["length"]
        styles[begin:end] = [_STYLES.get(entity["type"], "")] * (end - begin)
    cells: list[Cell] = []
    units = 0
    for character in message.text:
        cells.append((character, styles[units]))
        units += 1 + (ord(character) > 0xFFFF)
    return cells


def _wrapped(cells: list[Cell]) -> Iterator[list[Cell]]:
    """One paragraph in lines, broken at spaces, and within a word where there is none."""
    while width_of(cells) > _BUBBLE:
        fits = next(end for end in range(len(cells), 0, -1) if width_of(cells[:end]) <= _BUBBLE)
        space = next((end for end in range(fits, 0, -1) if cells[end][0] == " "), None)
        yield cells[: space or fits]
        cells = cells[space + 1 :] if space else cells[fits:]
    yield cells


def _em(character: str, style: str) -> float:
    if unicodedata.east_asian_width(character) in ("W", "F"):
        return 1.3
    if style == "m":
        return 0.62
    if character in "iljtfrI.,:;'|!()[] ’“”":
        return 0.34
    if character in "mwMW@%…–":
        return 0.9
    return 0.68 if character.isupper() or character.isdigit() else 0.6


def _draw_note(canvas: _Canvas, note: str) -> None:
    width = 0.55 * 12 * len(note) + 20
    canvas.box((_WIDTH - width) / 2, width, 22, "#00000040", radius=11)
    canvas.text(_WIDTH / 2, canvas.y + 15, escape(note), "note")
    canvas.y += 22 + _MARGIN


def _draw_message(canvas: _Canvas, message: ShownMessage) -> None:
    lines = lines_of(message)
    said_at = f"{datetime.fromtimestamp(message.history[0].at, UTC):%H:%M}"
    stamp = f"edited {said_at}" if message.edits else said_at
    stamp_width = 6.2 * len(stamp)
    width = max(map(width_of, lines), default=0)
    has_room = width_of(lines[-1]) + stamp_width + 8 <= _BUBBLE if lines else False
    width = max(width, width_of(lines[-1]) + stamp_width + 8 if has_room else stamp_width) + 2 * _PADDING
    height = (len(lines) + (not has_room)) * _LINE + _PADDING
    x = _MARGIN if message.from_bot else _WIDTH - _MARGIN - width
    canvas.box(x, width, height, "#ffffff" if message.from_bot else "#e1ffc7")
    for number, line in enumerate(lines):
        canvas.text(x + _PADDING, canvas.y + _LINE * (number + 1) - 1, _spans(line))
    canvas.text(x + width - stamp_width - 6, canvas.y + height - 7, stamp, "time")
    canvas.y += height + 4
    for row in (message.history[-1].markup or {}).get("inline_keyboard", []):
        _draw_buttons(canvas, x, max(width, 200), [button["text"] for button in row])
    canvas.y += _MARGIN - 4


def _draw_buttons(canvas: _Canvas, x: float, width: float, labels: Sequence[str]) -> None:
    each = (width - 4 * (len(labels) - 1)) / len(labels)
    for number, label in enumerate(labels):
        left = x + number * (each + 4)
        canvas.box(left, each, _BUTTON, "#00000040", radius=8)
        canvas.text(left + each / 2, canvas.y + 22, escape(label), "button")
    canvas.y += _BUTTON + 4


def _spans(line: Sequence[Cell]) -> str:
    return "".join(
        f'<tspan class="{style}">{escape("".join(character for character, _ in cells))}</tspan>'
        for style, cells in groupby(line, key=lambda cell: cell[1])
    )
