"""The terminal as a chat window: lines that are typed, and messages in their formats that grow in place.

On a terminal a reply is visible while it is written; into a pipe each message goes once, in its final form.
"""

import asyncio
import codecs
import contextlib
import os
import shutil
import threading
import unicodedata
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TextIO

PROMPT = "> "
TYPING = "…"

LOOKS = {
    "bold": "b",
    "italic": "i",
    "code": "c",
    "pre": "c",
    "text_link": "u",
    "url": "u",
    "bot_command": "c",
}
"""One letter for the look of each kind of entity that a terminal can show."""

_DIM = "d"
_CODES = {"b": "1", "i": "3", "u": "4", "c": "36", _DIM: "2"}

_READ_BYTES = 65_536


async def read_lines(stream: TextIO) -> AsyncGenerator[str]:
    """The lines of a terminal, pipe or file until it ends, read in a thread that never delays the exit."""
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    reader = threading.Thread(
        target=_read, args=(stream.fileno(), loop, lines.put_nowait), name="typed lines", daemon=True
    )
    reader.start()
    while (line := await lines.get()) is not None:
        yield line


def _read(descriptor: int, loop: asyncio.AbstractEventLoop, put: Callable[[str | None], None]) -> None:
    """Reads past the stream, whose lock, held while waiting, would break the exit of the interpreter."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest = ""
    # The loop may be closed by the time that a line comes.
    with contextlib.suppress(RuntimeError):
        while chunk := _chunk(descriptor):
            *lines, rest = (rest + decoder.decode(chunk)).split("\n")
            for line in lines:
                loop.call_soon_threadsafe(put, line.rstrip("\r"))
        if rest := rest + decoder.decode(b"", final=True):
            loop.call_soon_threadsafe(put, rest)
        loop.call_soon_threadsafe(put, None)


def _chunk(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _READ_BYTES)
    except OSError:  # a terminal that has gone away ends the input like any other end
        return b""


@dataclass(frozen=True, slots=True)
class Styled:
    """A text, and for each of its characters a letter that says how it looks, a space for nothing special."""

    text: str = ""
    looks: str = ""

    @classmethod
    def alike(cls, text: str, look: str = " ") -> "Styled":
        """All of a text in one look."""
        return cls(text, look * len(text))

    def __add__(self, other: "Styled") -> "Styled":
        return Styled(self.text + other.text, self.looks + other.looks)

    def since(self, begin: int) -> "Styled":
        """What comes after so many characters."""
        return Styled(self.text[begin:], self.looks[begin:])

    def continues(self, other: "Styled") -> bool:
        """Whether this begins with the other, in the same looks."""
        return self.text.startswith(other.text) and self.looks.startswith(other.looks)

    def with_codes(self) -> str:
        """The text with the escape codes of its looks."""
        runs = groupby(zip(self.looks, self.text, strict=True), key=lambda cell: cell[0])
        return "".join(_coded(look, "".join(character for _, character in run)) for look, run in runs)


def _coded(look: str, text: str) -> str:
    return f"\x1b[{_CODES[look]}m{text}\x1b[0m" if look in _CODES else text


@dataclass(slots=True)
class _Block:
    """The message at the bottom of the screen. Of its text, what lies before `begin` stands further up."""

    message_id: int | None
    text: Styled
    choices: tuple[str, ...]
    begin: int = 0
    drawn: Styled = Styled()

    @property
    def frame(self) -> Styled:
        """What the block should look like."""
        text = self.text.since(self.begin)
        if self.begin and text.text:
            text = Styled.alike(TYPING) + text
        choices = Styled.alike("  ".join(("", *self.choices)).rstrip(), _DIM)
        return text + Styled.alike("\n") + choices if text.text and choices.text else text + choices


class Screen:
    """Shows one chat. `live` shows messages while they grow; `ansi` may redraw what has changed."""

    def __init__(
        self, stream: TextIO, *, live: bool, ansi: bool, size: Callable[[], os.terminal_size]
    ) -> None:
        self.live = live
        self._stream = stream
        self._ansi = ansi
        self._size = size
        self._block: _Block | None = None
        self._closed: dict[int, tuple[Styled, tuple[str, ...]]] = {}
        self._prompted = False

    @classmethod
    def on(cls, stream: TextIO, environ: Mapping[str, str]) -> "Screen":
        """The screen that suits a stream: no escape codes into a pipe, nor where NO_COLOR asks for none."""
        live = stream.isatty()
        ansi = live and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
        return cls(stream, live=live, ansi=ansi, size=shutil.get_terminal_size)

    def show(self, message_id: int, text: str | Styled, choices: Sequence[str] = ()) -> None:
        """Show a message, or what has become of it; `choices` are its numbered buttons."""
        styled = _printable(Styled.alike(text) if isinstance(text, str) else text)
        block = self._block_for(message_id, styled, tuple(_plain(choice) for choice in choices))
        if block is not None and self.live:
            self._draw(block)

    def show_typing(self) -> None:
        """Show that an answer is being written, until it is there."""
        if self._ansi and self._block is None and not self._prompted:
            self._block = _Block(None, Styled.alike(TYPING, _DIM), ())
            self._draw(self._block)

    def remove(self, message_id: int) -> None:
        """Take a message back, as far as it can still be reached."""
        block = self._block
        if block is not None and block.message_id == message_id and (self._ansi or not block.drawn.text):
            self._erase(block)
            self._block = None

    def notice(self, text: str) -> None:
        """Print one line that is no message."""
        self._close()
        self._clear_prompt()
        self._write(Styled.alike(f"({_plain(text)})", _DIM) + Styled.alike("\n"))

    def settle(self) -> None:
        """What is shown is final: into a pipe it is printed now, on a terminal the next line is asked for."""
        self._close()
        if self.live and not self._prompted:
            self._write(Styled.alike(f"\n{PROMPT}"))
            self._prompted = True

    def entered(self) -> None:
        """A line has been typed: the cursor stands at the start of the next one."""
        if self._block is not None:
            self._close(echoed=self.live)
        self._prompted = False

    def _block_for(self, message_id: int, text: Styled, choices: tuple[str, ...]) -> _Block | None:
        """The block to draw, None when nothing new would be seen."""
        block = self._block
        if block is not None and block.message_id in (message_id, None):
            block.message_id, block.text, block.choices = message_id, text, choices
            return block
        begin = 0
        if message_id in self._closed:
            shown, shown_choices = self._closed[message_id]
            if text.text == shown.text and choices in ((), shown_choices):
                return None
            begin = len(shown.text) if text.text.startswith(shown.text) else 0
        self._close()
        self._block = _Block(message_id, text, choices, begin)
        return self._block

    def _draw(self, block: _Block) -> None:
        self._clear_prompt()
        frame = block.frame
        if not self._continues(frame, block.drawn):
            if self._ansi and self._rows(block.drawn.text) < self._size().lines:
                self._erase(block)
            else:
                self._write(Styled.alike("\n"))
                block.drawn = Styled()
        self._write(frame.since(len(block.drawn.text)))
        block.drawn = frame

    def _erase(self, block: _Block) -> None:
        if not block.drawn.text:
            return
        up = self._rows(block.drawn.text) - 1
        self._send("\r" + (f"\x1b[{up}A" if up else "") + "\x1b[J")
        block.drawn = Styled()

    def _close(self, *, echoed: bool = False) -> None:
        """Leave the block for good; the terminal's echo of Enter has ended its last line already."""
        block, self._block = self._block, None
        if block is None:
            return
        if block.message_id is None:
            self._erase(block)
            return
        self._closed[block.message_id] = (block.text, block.choices)
        rest = block.frame.since(len(block.drawn.text))
        self._write(rest if echoed else rest + Styled.alike("\n"))

    def _clear_prompt(self) -> None:
        if self._prompted:
            self._send("\r\x1b[K" if self._ansi else "\n")
            self._prompted = False

    def _rows(self, frame: str) -> int:
        columns = self._size().columns
        return sum(_rows_of(line, columns) for line in frame.split("\n"))

    def _continues(self, frame: Styled, drawn: Styled) -> bool:
        return frame.continues(drawn) if self._ansi else frame.text.startswith(drawn.text)

    def _write(self, styled: Styled) -> None:
        self._send(styled.with_codes() if self._ansi else styled.text)

    def _send(self, text: str) -> None:
        # The reader of a pipe may have gone; the chat goes on to its end all the same.
        with contextlib.suppress(BrokenPipeError):
            self._stream.write(text)
            self._stream.flush()


def _printable(styled: Styled) -> Styled:
    """Without control characters: a message must not move the cursor or rename the window."""
    kept = [
        (character, look)
        for one, look in zip(styled.text, styled.looks, strict=True)
        for character in one.replace("\t", _TAB)
        if character == "\n" or ord(character) not in _CONTROLS
    ]
    return Styled("".join(character for character, _ in kept), "".join(look for _, look in kept))


def _plain(text: str) -> str:
    return _printable(Styled.alike(text)).text


_TAB = " " * 4
_CONTROLS = frozenset({*range(0x20), *range(0x7F, 0xA0)})


def _rows_of(line: str, columns: int) -> int:
    """The rows that a line takes; a wide character that does not fit at the edge goes into the next row."""
    rows, column = 1, 0
    for character in line:
        width = _columns_of(character)
        column += width
        if column > columns:
            rows, column = rows + 1, width
    return rows


def _columns_of(character: str) -> int:
    """Marks and joiners take no column, wide characters two."""
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
