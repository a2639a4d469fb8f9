"""The screen shows each message once and in place; typed lines come from terminals, pipes and files."""

import asyncio
import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.terminal import LOOKS, Screen, Styled, read_lines
from tests.bot.emulator import Emulator


def live_screen(window: Emulator, *, ansi: bool = True) -> Screen:
    return Screen(window, live=True, ansi=ansi, size=window.size)


def test_a_growing_reply_is_visible_and_grows_in_place() -> None:
    window = Emulator()
    screen = live_screen(window)
    screen.show(1, "Hel")
    assert window.rows == ["Hel"]
    screen.show(1, "Hello, how are you today? I am very well indeed.")
    assert window.rows == ["Hello, how are you today? I am very well", " indeed."]


def test_a_reply_that_changes_is_redrawn_in_place() -> None:
    window = Emulator(columns=10)
    screen = live_screen(window)
    screen.show(1, "one two three four\nfive")
    screen.show(1, "six", ["[1] 👍", "[2] 👎"])
    assert window.rows == ["six", "  [1] 👍", "[2] 👎"]


def test_formats_are_seen_and_come_in_where_the_text_stands_already() -> None:
    window = Emulator()
    screen = live_screen(window)
    screen.show(1, "some **bold")
    screen.show(1, Styled("some bold code", "     bbbb cccc"), ["[1] 👍"])
    screen.show(1, Styled("some bold code", "     bbbb iiii"), ["[1] 👍"])
    assert window.rows == ["some bold code", "  [1] 👍"]
    assert window.looks == {"some": 0, "bold": 1, "code": 3, "[1]": 2, "👍": 2}


CHARACTERS = st.sampled_from(["a", "b", " ", "\n", "鳥", "👍", "e\u0301"])
TEXTS = st.lists(st.tuples(CHARACTERS, st.sampled_from([" ", *LOOKS.values()])), max_size=50).map(
    lambda cells: Styled(
        "".join(character for character, _ in cells),
        "".join(look * len(character) for character, look in cells),
    )
)


@given(st.lists(TEXTS, min_size=1, max_size=6))
def test_after_any_changes_the_last_text_stands_alone(texts: list[Styled]) -> None:
    changed, fresh = Emulator(columns=9, lines=100), Emulator(columns=9, lines=100)
    screen = live_screen(changed)
    for text in texts:
        screen.show(1, text)
    live_screen(fresh).show(1, texts[-1])
    assert (changed.rows, changed.looks) == (fresh.rows, fresh.looks)


def test_without_escape_codes_a_changed_reply_is_printed_again() -> None:
    window = Emulator()
    screen = live_screen(window, ansi=False)
    screen.show(1, "one")
    screen.show(1, "one two")
    screen.show(1, "three")
    assert window.rows == ["one two", "three"]


def test_a_reply_taller_than_the_window_is_printed_again() -> None:
    window = Emulator(lines=3)
    screen = live_screen(window)
    screen.show(1, "a\nb\nc\nd")
    screen.show(1, "e")
    assert window.rows == ["a", "b", "c", "d", "e"]


def test_typing_is_shown_until_the_answer_comes() -> None:
    window = Emulator()
    screen = live_screen(window)
    screen.show_typing()
    assert window.rows == ["…"]
    screen.show_typing()
    screen.show(1, "Hello")
    assert window.rows == ["Hello"]


def test_typing_without_an_answer_leaves_nothing() -> None:
    window = Emulator()
    screen = live_screen(window)
    screen.show_typing()
    screen.notice("stopped")
    assert window.rows == ["(stopped)"]


def test_the_next_line_is_asked_for_once_the_reply_is_final() -> None:
    window = Emulator()
    screen = live_screen(window)
    screen.settle()
    window.write("hello\n")
    screen.entered()
    screen.show(1, "Hi!")
    screen.settle()
    screen.settle()
    assert window.rows == ["", "> hello", "Hi!", "", ">"]


def test_a_message_out_of_turn_takes_the_place_of_the_prompt() -> None:
    window = Emulator()
    screen = live_screen(window)
    screen.settle()
    screen.show(1, "Good morning")
    screen.settle()
    assert window.rows == ["", "Good morning", "", ">"]


def test_a_reply_goes_on_below_a_line_typed_meanwhile() -> None:
    window = Emulator()
    screen = live_screen(window)
    screen.show(1, "One two")
    window.write("/stop\n")
    screen.entered()
    screen.show(1, "One two three", ["[1] 👍"])
    assert window.rows == ["One two/stop", "… three", "  [1] 👍"]


def test_of_a_finished_message_only_news_is_printed() -> None:
    window = Emulator()
    screen = live_screen(window)
    screen.show(1, "Hi!", ["[1] 👍"])
    screen.show(2, "Another")
    screen.show(1, "Hi!", ["[1] 👍"])
    screen.show(1, "Hi!", [])
    assert window.rows == ["Hi!", "  [1] 👍", "Another"]
    screen.show(1, "Hi!", ["[1] 👍 ✓"])
    assert window.rows[3:] == ["  [1] 👍 ✓"]


def test_a_deleted_message_is_erased() -> None:
    window = Emulator()
    screen = live_screen(window)
    screen.show(1, "oops")
    screen.remove(1)
    assert window.rows == []


def test_a_message_cannot_send_escape_codes_to_the_terminal() -> None:
    window = io.StringIO()
    screen = Screen(window, live=True, ansi=True, size=lambda: os.terminal_size((40, 24)))
    screen.show(1, "a\x1b]0;title\x07b\x9b2Jc\rd\te", ["\x1b[31m"])
    screen.notice("\x1b[2J")
    assert window.getvalue() == "a]0;titleb2Jcd    e\n\x1b[2m  [31m\x1b[0m\n\x1b[2m([2J)\x1b[0m\n"


def piped_screen() -> tuple[io.StringIO, Screen]:
    pipe = io.StringIO()
    return pipe, Screen.on(pipe, {})


def test_into_a_pipe_a_message_goes_once_in_its_final_form() -> None:
    pipe, screen = piped_screen()
    screen.show_typing()
    screen.show(1, "Hel")
    screen.show(1, "Hello")
    assert pipe.getvalue() == ""
    screen.show(1, "Hello!", ["[1] 👍"])
    screen.settle()
    screen.settle()
    assert pipe.getvalue() == "Hello!\n  [1] 👍\n"


def test_into_a_pipe_a_later_message_ends_the_one_before() -> None:
    pipe, screen = piped_screen()
    screen.show(1, "part one")
    screen.show(2, "part two")
    assert pipe.getvalue() == "part one\n"
    screen.settle()
    assert pipe.getvalue() == "part one\npart two\n"


def test_a_message_that_is_taken_back_never_goes_into_the_pipe() -> None:
    pipe, screen = piped_screen()
    screen.show(1, "oops")
    screen.remove(1)
    screen.settle()
    assert pipe.getvalue() == ""


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_escape_codes_where_none_are_wanted(environ: dict[str, str]) -> None:
    window = Emulator()
    screen = Screen.on(window, environ)
    screen.show_typing()
    screen.show(1, "one")
    screen.show(1, "two")
    assert window.rows == ["one", "two"]


async def collect(descriptor: int) -> list[str]:
    with os.fdopen(descriptor, encoding="utf-8") as stream:
        return [line async for line in read_lines(stream)]


async def test_lines_of_a_pipe_end_with_it() -> None:
    reading, writing = os.pipe()
    os.write(writing, "one\r\ntwo \U0001f426"[:-1].encode() + "\U0001f426".encode()[:2])
    lines = asyncio.create_task(collect(reading))
    await asyncio.sleep(0)
    os.write(writing, "\U0001f426".encode()[2:] + b"\n\nlast")
    os.close(writing)
    assert await lines == ["one", "two \U0001f426", "", "last"]


async def test_lines_of_a_file_end_with_it(tmp_path: Path) -> None:
    path = tmp_path / "script.txt"
    path.write_text("one\ntwo\n")
    assert await collect(os.open(path, os.O_RDONLY)) == ["one", "two"]


async def test_lines_of_a_terminal_end_when_it_goes_away() -> None:
    master, slave = pty.openpty()
    os.write(master, b"one\n")
    with os.fdopen(slave) as stream:
        lines = read_lines(stream)
        assert await anext(lines) == "one"
        os.close(master)
        assert [line async for line in lines] == []


def test_waiting_for_a_line_never_delays_the_exit() -> None:
    program = (
        "import asyncio, sys\n"
        "from bot.terminal import read_lines\n"
        "async def main():\n"
        "    async for line in read_lines(sys.stdin):\n"
        "        return line\n"
        "print(asyncio.run(main()))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdin.write("one\n")
        child.stdin.flush()
        assert child.wait(timeout=30) == 0
        assert (child.stdout.read(), child.stderr.read()) == ("one\n", "")
