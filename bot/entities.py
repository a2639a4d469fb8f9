"""Find in a typed text what Telegram's own apps mark in it: commands, mentions, links and addresses."""

import re

_PATTERN = re.compile(
    r"(?P<url>(?:https?://|www\.)[^\s<>\"]+)"
    r"|(?P<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?<![\w/])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?)(?![\w/])"
    r"|(?<!\w)(?P<mention>@[A-Za-z][A-Za-z0-9_]{2,31})(?!\w)"
    r"|(?<!\w)(?P<hashtag>#\w*[^\W\d]\w*)",
)
_CLOSING = ".,;:!?'\u2026\u3002\uff0c"
_PAIRS = {")": "(", "]": "[", "}": "{"}


def utf16_length(text: str) -> int:
    """The length as Telegram counts it, in UTF-16 code units."""
    return len(text) + sum(ord(character) > 0xFFFF for character in text)


def find_entities(text: str) -> list[dict[str, str | int]]:
    """The entities of a text without markup, as Bot API objects in the order of their offsets."""
    found: list[dict[str, str | int]] = []
    for match in _PATTERN.finditer(text):
        kind = match.lastgroup or ""
        word = _without_punctuation(match.group()) if kind == "url" else match.group()
        offset = utf16_length(text[: match.start()])
        found.append({"type": kind, "offset": offset, "length": utf16_length(word)})
    return found


def _without_punctuation(url: str) -> str:
    """A link ends before the sentence's punctuation, and before a bracket that it did not open itself."""
    while url[-1] in _CLOSING or (url[-1] in _PAIRS and url.count(url[-1]) > url.count(_PAIRS[url[-1]])):
        url = url[:-1]
    return url
