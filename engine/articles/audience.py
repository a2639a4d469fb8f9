"""For whom else a summary is, as it is typed beside a link: "for my boss", "给我老板看" (pure)."""

import re
from collections.abc import Sequence

_MOST_WORDS = 6
_MOST_CHARACTERS = 60

_NAMED = (
    re.compile(r"(?<!\w)for[ \t]+(?P<whom>[\w'’-]+(?:[ \t]+[\w'’-]+)*)", re.IGNORECASE),
    re.compile(
        # "给我" before any of the other verbs is "for me", as in "给我好好总结".
        r"写?给(?P<reader>\w{1,12}?)[看读听]的?|给(?P<other>(?![我咱])\w{1,12}?)(?:总结|概括|准备|写)的?"
        r"|写给(?P<addressee>\w{1,12})"
    ),
)
_SOMEBODY = re.compile(
    r"(?:my|our|your|his|her|their|an?|the|some|any) \w|(?:some|any|every)(?:one|body)\b"
    r"|(?!this\b)(?:\S+ ){0,2}\w{2,}(?:s|ren|people|folk)$|(?-i:[A-Z])|\W*[\u4e00-\u9fff]",
    re.IGNORECASE,
)
"""A person, a name, or people in the plural, and not "for now", "for example" or "for me"."""
_THE_READER = re.compile(r"我们?|咱们?|自己|大家")
_LINE_ENDS = re.compile(r"[ \t]*[:：\n]")


def taken_audience(text: str, wishes: Sequence[re.Pattern[str]]) -> tuple[str | None, str]:
    """Whom the words name, and the text without that; None when they name nobody.

    Only `wishes` may stand before it, so "They voted for a bridge" names nobody. Those behind the name, as in
    "for my boss in German", stay in the text. The name has letters, digits, spaces, hyphens and apostrophes
    alone, so it can stand in a prompt.
    """
    for pattern in _NAMED:
        match = pattern.search(text)
        if match is not None and _are_wishes(text[: match.start()], wishes):
            whom, rest = _read(match, wishes)
            if _is_somebody(whom):
                return whom, f"{text[: match.start()]} {rest} {text[match.end() :]}"
    return None, text


def leading_audience(text: str, wishes: Sequence[re.Pattern[str]]) -> tuple[str, str] | None:
    """The same of a line of its own before a text, typed in lower case."""
    for pattern in _NAMED:
        match = pattern.match(text)
        if match is not None and not text.startswith("F") and _LINE_ENDS.match(text, match.end()):
            whom, rest = _read(match, wishes)
            if _is_somebody(whom):
                return whom, f"{rest} {text[match.end() :]}"
    return None


def _are_wishes(words: str, wishes: Sequence[re.Pattern[str]]) -> bool:
    for wish in wishes:
        words = wish.sub(" ", words)
    return not words.strip()


def _read(match: re.Match[str], wishes: Sequence[re.Pattern[str]]) -> tuple[str, str]:
    """The name in what a pattern found, and the wishes behind it."""
    words = match[match.lastgroup or 0]
    whom = words
    while starts := [
        found.start()
        for wish in wishes
        for found in wish.finditer(whom)
        if found.end() == len(whom) and len(found[0]) > 1  # 长 and 短 end names, as in 校长
    ]:
        whom = whom[: min(starts)].rstrip()
    return " ".join(whom.split()), words[len(whom) :]


def _is_somebody(whom: str) -> bool:
    is_short = len(whom.split()) <= _MOST_WORDS and len(whom) <= _MOST_CHARACTERS
    return is_short and bool(_SOMEBODY.match(whom)) and not _THE_READER.fullmatch(whom)
