"""Entities are found where Telegram's apps find them, with offsets in UTF-16 units."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.entities import find_entities, utf16_length


def words(text: str) -> list[tuple[str, str]]:
    """Each entity as its type and the words it covers, cut by UTF-16 offsets as a client cuts them."""
    encoded = text.encode("utf-16-le")
    found: list[tuple[str, str]] = []
    for entity in find_entities(text):
        start = int(entity["offset"]) * 2
        piece = encoded[start : start + int(entity["length"]) * 2]
        found.append((str(entity["type"]), piece.decode("utf-16-le")))
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/start", [("bot_command", "/start")]),
        ("/feedback@mynah_bot shorter", [("bot_command", "/feedback@mynah_bot")]),
        ("either/or and a/b", []),
        ("read https://example.com/a?b=c.", [("url", "https://example.com/a?b=c")]),
        ("(see https://example.com/a_(b))", [("url", "https://example.com/a_(b)")]),
        ("www.example.com!", [("url", "www.example.com")]),
        ("http://127.0.0.1:8000/page", [("url", "http://127.0.0.1:8000/page")]),
        ("write to ann@example.com", [("email", "ann@example.com")]),
        ("hello @mynah_bot", [("mention", "@mynah_bot")]),
        ("\U0001f426\U0001f426 /stop", [("bot_command", "/stop")]),
        ("#birds and #1", [("hashtag", "#birds")]),
        ("plain words", []),
    ],
)
def test_entities_cover_the_right_words(text: str, expected: list[tuple[str, str]]) -> None:
    assert words(text) == expected


@given(st.text(alphabet="ab/@#:.)( \U0001f426httpswxyz\n", max_size=60))
def test_entities_of_any_text_lie_inside_it(text: str) -> None:
    end = 0
    for entity in find_entities(text):
        assert int(entity["offset"]) >= end
        assert int(entity["length"]) > 0
        end = int(entity["offset"]) + int(entity["length"])
    assert end <= utf16_length(text)
