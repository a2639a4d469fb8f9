"""Hidden wishes of simulated users, each known by nobody but an oracle, and the questions that they ask.

A wish turns a plain answer into the one that its user would rather have read, and tells whether a reply is
like that. To add one takes a line.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.test_loop import LESSONS


@dataclass(frozen=True, slots=True)
class Wish:
    """`write` makes the wished reply of plain sentences; `holds` tells whether a reply fulfils the wish."""

    name: str
    write: Callable[[list[str]], str]
    holds: Callable[[str], bool]


def sentences(text: str) -> list[str]:
    """The sentences of a plain answer, without marks of lists and emphasis; at least one."""
    plain = re.sub(r"[*#_`]|^\s*(?:[-•]|\d+\.)\s+", "", text, flags=re.MULTILINE)
    found = re.findall(r"[^.!?\n]{8,}[.!?]", " ".join(plain.split()))
    return [one.strip() for one in found] or [plain.strip()]


_ENDS = re.compile(r"[.!?](?:\s|$)")


def _words(text: str) -> int:
    return len(re.findall(r"\w+", text))


def _without(text: str, *marks: str) -> str:
    for mark in marks:
        text = text.replace(mark, "")
    return text


def _says_something(text: str, *marks: str) -> bool:
    """Whether something is left beside the marks of a manner."""
    return _words(_without(text, *marks)) >= 3


def _is_one_sentence(text: str) -> bool:
    return "\n" not in text.strip() and len(sentences(text)) == 1


def _lines_all(text: str, pattern: str) -> bool:
    lines = [line for line in text.splitlines() if line.strip()]
    return len(lines) >= 2 and all(re.match(pattern, line.strip()) for line in lines)


def _ends(text: str, mark: str) -> bool:
    return text.rstrip().endswith(mark) and text.count(mark) == 1 and _says_something(text, mark)


def _begins(text: str, mark: str) -> bool:
    return text.startswith(mark) and text.count(mark) == 1 and _says_something(text, mark)


def _numbered(lines: list[str]) -> str:
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines[:3], start=1))


def _two(lines: list[str]) -> list[str]:
    """At least two lines, the first one shortened for a second when there is but one."""
    return lines if len(lines) > 1 else [*lines, "That is all there is to it."]


WISHES = (
    Wish("sign-off", lambda s: f"{s[0]} Aye, captain.", lambda r: _ends(r, "Aye, captain.")),
    Wish("form of address", lambda s: f"My friend, {s[0]}", lambda r: _begins(r, "My friend,")),
    Wish("one short sentence", lambda s: s[0], lambda r: _is_one_sentence(r) and _words(r) <= 20),
    Wish(
        "bullets",
        lambda s: "\n".join(f"- {line}" for line in _two(s)[:3]),
        lambda r: _lines_all(r, r"- \S"),
    ),
    Wish("numbered list", lambda s: _numbered(_two(s)), lambda r: _lines_all(r, r"\d+\. \S")),
    Wish("lower case", lambda s: s[0].lower(), lambda r: r == r.lower() and _says_something(r)),
    Wish("capitals", lambda s: s[0].upper(), lambda r: r == r.upper() and _says_something(r)),
    Wish("an emoji at the end", lambda s: f"{s[0]} 🌿", lambda r: _ends(r, "🌿")),
    Wish("a question back", lambda s: f"{s[0]} Shall I say more?", lambda r: _ends(r, "Shall I say more?")),
    Wish("a formal close", lambda s: f"{s[0]}\n\nYours sincerely", lambda r: _ends(r, "Yours sincerely")),
    Wish("a bold head", lambda s: f"**Answer:** {s[0]}", lambda r: _begins(r, "**Answer:**")),
    Wish("quotation marks", lambda s: f"“{s[0]}”", lambda r: r.startswith("“") and _ends(r, "”")),
    Wish(
        "no final full stop",
        lambda s: s[0].rstrip(".!?"),
        lambda r: r[-1:].isalnum() and _is_one_sentence(r + "."),
    ),
    Wish(
        "a last line in short",
        lambda s: f"{' '.join(s[:2])}\n\nIn short: {s[0]}",
        lambda r: r.splitlines()[-1].startswith("In short:") and _says_something(r, "In short:"),
    ),
    Wish("a greeting in Spanish", lambda s: f"¡Hola! {s[0]}", lambda r: _begins(r, "¡Hola!")),
    Wish(
        "exclamation",
        lambda s: re.sub(r"[.?]", "!", s[0]),
        lambda r: r.endswith("!") and "." not in r and _says_something(r),
    ),
)

SOMETIMES = (
    Wish("at most 40 words", lambda s: s[0], lambda r: 3 <= _words(r) <= 40),
    Wish("at most two sentences", lambda s: " ".join(s[:2]), lambda r: 0 < len(_ENDS.findall(r)) <= 2),
    Wish("the matter first", lambda s: f"The short of it: {s[0]}", lambda r: r.startswith("The ")),
)
"""Wishes that a plain answer fulfils now and then, so that thumbs alone can tell them."""

ASKED = (
    *LESSONS,
    "What is the tallest mountain?",
    "Who painted the Mona Lisa?",
    "How do I remove a stain from a shirt?",
    "What does a doctor do?",
    "Where does chocolate come from?",
    "Which animal has a trunk?",
    "How can I save money?",
    "Why do we dream?",
    "What is a triangle?",
    "How do birds fly?",
    "What is the capital of Spain?",
    "What should I take along to the beach?",
    "How do I grow tomatoes?",
    "What is a good gift for a friend?",
    "Who invented the telephone?",
    "Why is exercise good for me?",
    "What is the opposite of early?",
    "How do I stay calm before a test?",
    "What do you call a baby dog?",
    "Where do kangaroos live?",
)
