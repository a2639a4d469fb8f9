"""Rendering never breaks a limit, never loses a letter, and shows what was meant."""

from collections import Counter
from collections.abc import Iterable

import pytest
import telegramify_markdown
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.render import Part, render
from tests.bot.parts import assert_sendable, covered

MARKUP = [
    *("*", "**", "_", "__", "~", "~~", "`", "||", "|", "# ", "- ", "* ", "1. ", "> ", "- [ ] ", "---", "="),
    *("\n", "\n\n", "\n    ", "\n```\n", "\n~~~\n", "\n|a|b|\n|-|-|\n", "<b>", "</b>", "<", ">", "&", "!"),
    *("[", "]", "(", ")", "\\", ":", " ", ". ", "\t", "a", "bc", "7", "中文", "“", "。", "שלום", "e\u0301"),
    *("\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea", "\u200d", "\ud83d"),
]

markdown = st.lists(st.sampled_from(MARKUP) | st.text(max_size=5), max_size=60).map("".join)
prose = st.lists(st.sampled_from(MARKUP), max_size=60).map("".join)

REPLY = """# Plan

Take **care** with `x < 1` and 2*3*4; see [the page](https://example.org/a_b).

- one
- **two** 👍🏽

| Name | Cost |
|---|---:|
| tea | $2 |

```python
def f(a):
    return a * 2
```

> a quote, **done**.
"""


def letters(texts: Iterable[str]) -> Counter[str]:
    return Counter(character for text in texts for character in text if character.isalpha())


def shown(source: str) -> str:
    return "\n".join(part.text for part in render(source))


@given(markdown)
@settings(deadline=None)
def test_any_markdown_gives_sendable_parts(source: str) -> None:
    assert_sendable(render(source))


@given(markdown, st.integers(20, 400))
@settings(deadline=None)
def test_long_markdown_gives_sendable_parts(source: str, times: int) -> None:
    assert_sendable(render(source * times))


@given(prose)
@settings(max_examples=300, deadline=None)
def test_no_letter_is_lost(source: str) -> None:
    parts = render(source)
    languages = [entity.language or "" for part in parts for entity in part.entities]
    assert letters([source]) <= letters([part.text for part in parts]) + letters(languages)


def test_every_prefix_of_a_stream_is_sendable_and_grows() -> None:
    for end in range(len(REPLY) + 1):
        parts = render(REPLY[:end])
        assert_sendable(parts)
        assert len(parts) == (1 if REPLY[:end].strip() else 0)
        assert letters([REPLY[:end].split("](")[0].split("```")[0]]) <= letters(
            [parts[0].text if parts else ""]
        )


def test_shows_a_reply_as_meant() -> None:
    (part,) = render(REPLY)
    assert part.text == (
        "Plan\n\nTake care with x < 1 and 2*3*4; see the page.\n\n• one\n• two 👍🏽\n\n"
        "Name | Cost\n-----+-----\ntea  |   $2\n\n"
        "def f(a):\n    return a * 2\n\na quote, done."
    )
    assert covered(part, "bold") == ["Plan", "care", "two", "done"]
    assert covered(part, "code") == ["x < 1"]
    assert covered(part, "text_link") == ["the page"]
    assert covered(part, "pre") == ["Name | Cost\n-----+-----\ntea  |   $2", "def f(a):\n    return a * 2"]
    assert covered(part, "blockquote") == ["a quote, done."]
    assert [entity.language for entity in part.entities if entity.language] == ["python"]


@pytest.mark.parametrize(
    "source", ["", " \n\t", "\u200b", "\u200d\u200d", "<think>hm", "<think>hm</think>\n"]
)
def test_nothing_visible_gives_no_part(source: str) -> None:
    assert render(source) == []


@pytest.mark.parametrize(
    "source",
    [
        "2*3*4, a*b*c, (a)*(b)*(c), x**2 + y**2, 2**n - 3**n",
        "snake_case_name, __init__.py, _private",
        "<b>bold</b> and <script>alert(1)</script><br>",
        "<div>\nblock\n</div>",
        "a || b || c, | x | y |",
        "~5 to ~6 minutes",
        "It costs $5 (or £4), that is US$7; $HOME/bin:$PATH",
        "[1]: https://example.org",
        "Here is a list\n-",
        "#hashtag @name /command",
        "#",
        "```",
    ],
)
def test_stays_as_typed(source: str) -> None:
    assert render(source) == [Part(source, ())]


@pytest.mark.parametrize(
    ("source", "text", "kind", "covers"),
    [
        ("# Head", "Head", "bold", ["Head"]),
        ("`<b> 2*3*4 | $x$`", "<b> 2*3*4 | $x$", "code", ["<b> 2*3*4 | $x$"]),
        ("```x``` inline", "x inline", "code", ["x"]),
        ("~~gone~~", "gone", "strikethrough", ["gone"]),
        ("**「重点」**是**要点：**内容", "「重点」是要点：内容", "bold", ["「重点」", "要点："]),
        ("**重点:**内容", "重点:内容", "bold", ["重点:"]),
        ("[a](javascript:x) [b](./c) [d](tg://user?id=1)", "a b d", "text_link", []),
        ("[](https://a.org) ![x](https://b.org)", "https://a.org 🖼 x", "text_link", ["x"]),
        ("- [x] a\n- [ ] b", "☑ a\n☐ b", "bold", []),
        (r"\(\alpha^2\) and $x^2$ and \[1\]", "α² and x² and [1]", "code", ["α²", "x²"]),
        ("```cpp\nf([](x){}, [](){}, \\(a=b\\));\n```", "f([](x){}, [](){}, \\(a=b\\));", "bold", []),
        ("**Note:**<br>", "Note:<br>", "bold", ["Note:"]),
        ("> a\n> > b", "a\nb", "blockquote", ["a\nb"]),
        ("***both***", "both", "italic", ["both"]),
        ("a\n```", "a", "pre", []),
        ("a\n```py\nx", "a\nx", "pre", ["x"]),
        (r"`a \| b` a \| b", r"a \| b a | b", "code", [r"a \| b"]),
    ],
)
def test_formats(source: str, text: str, kind: str, covers: list[str]) -> None:
    (part,) = render(source)
    assert part.text == text
    assert covered(part, kind) == covers


def test_wide_characters_keep_a_table_aligned() -> None:
    table = "| 名 | n |\n|:-:|--:|\n| 茶茶 | 12 |\n| a | 👍 |"
    assert shown(table) == " 名  |  n\n-----+---\n茶茶 | 12\n a   | 👍"


def test_a_wide_table_becomes_rows_with_their_formats() -> None:
    head = "| Name | What it is for |\n|---|---|\n"
    (part,) = render(
        head + "| `tea` | [a drink](https://example.org) for cold days |\n| **salt** | x \\| y |"
    )
    assert (
        part.text == "Name: tea\nWhat it is for: a drink for cold days\n\nName: salt\nWhat it is for: x | y"
    )
    assert covered(part, "text_link") == ["a drink"]
    assert covered(part, "pre") == []


def test_no_table_is_wider_than_a_phone() -> None:
    for width in range(1, 60):
        (part,) = render(f"| a | b |\n|---|---|\n| {'x' * width} | y |")
        assert all(len(line) <= 40 for block in covered(part, "pre") for line in block.split("\n"))
        assert bool(covered(part, "pre")) == (width + 4 <= 40)


def test_a_table_inside_a_fence_stays_as_typed() -> None:
    table = "| a | b |\n|---|---|\n| 1 | 2 |"
    assert shown(f"```\n{table}\n```") == table


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("GPU هو معالج رسومي سريع", "\u200fGPU هو معالج رسومي سريع"),
        ("سلام means hello in Persian", "\u200eسلام means hello in Persian"),
        ("שלום עולם", "שלום עולם"),
        ("plain\n\n**API** היא ממשק תכנות", "plain\n\n\u200fAPI היא ממשק תכנות"),
    ],
)
def test_a_line_is_led_by_its_own_direction(source: str, text: str) -> None:
    (part,) = render(source)
    assert part.text == text
    assert covered(part, "bold") == (["API"] if "**" in source else [])


def test_code_gets_no_direction_mark() -> None:
    assert shown("```\nx = 'שלום עולם'\n```") == "x = 'שלום עולם'"


HOSTILE = [
    *"*_[]`~|$<>\\()&#-=+.!:{}\n\t 0a中😀م\u0301\u200d\u202e\x00\ud800",
    *("**a ", "*a _b ", "[a](", "![", "||a||", "\\(", "\\[", "\\(a=\\sqrt{", "$$\\sqrt{", "$a=", "~~a"),
    *("<a ", "<!--", "&amp", "> ", "- ", "1. ", "a|b\n-|-\n", "|a|b|\n", "<think>", "</think>", "```\n"),
    *("- ```\n", "[a]: b\n", "# a\n", "**“", "中**", "`` ` ", "\\sqrt", "__a_", "e\u0301\u0301"),
]


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("length", [5_000, 29_000, 200_000])
def test_hostile_lines_come_to_an_end(piece: str, length: int) -> None:
    parts = render(piece * (length // len(piece)))
    assert_sendable(parts)
    assert sum(len(part.text) for part in parts) <= 4 * length


class PanicException(BaseException):
    """Named as the parser's, which is no Exception."""


@pytest.mark.parametrize("error", [ValueError, RecursionError, PanicException])
def test_a_failing_converter_gives_plain_text(error: type[BaseException]) -> None:
    def fail(_markdown: str) -> tuple[str, list[telegramify_markdown.MessageEntity]]:
        raise error

    assert render("<think>hm</think>**a** | 2*3", convert=fail) == [Part("**a** | 2*3", ())]


def test_an_interruption_is_no_failed_conversion() -> None:
    def interrupt(_markdown: str) -> tuple[str, list[telegramify_markdown.MessageEntity]]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render("**a**", convert=interrupt)


@pytest.mark.parametrize(("offset", "length"), [(-1, 2), (0, 0), (0, 99), (99, 1), (1, 1), (0, 1), (0, -1)])
def test_an_entity_out_of_place_gives_plain_text(offset: int, length: int) -> None:
    def misplace(_markdown: str) -> tuple[str, list[telegramify_markdown.MessageEntity]]:
        return "😀a", [telegramify_markdown.MessageEntity("bold", offset, length)]

    assert render("**😀**a", convert=misplace) == [Part("**😀**a", ())]
