"""What a reasoning model thinks aloud between think tags: never shown, stored or trained on."""

import re

from engine.language.code_spans import CODE_START, CodeSpans

_TAG = r"<(?P<slash>/?)think(?:ing)?[ \t]*>"
_TAGS = re.compile(_TAG, re.IGNORECASE)
_TOKENS = re.compile(rf"{CODE_START}|(?P<tag>{_TAG})", re.IGNORECASE | re.MULTILINE)
_BEGUN_TAG = re.compile(r"\s*<t(?:h(?:i(?:n(?:k(?:i(?:n(?:g)?)?)?)?)?)?)?", re.IGNORECASE)


def strip_thoughts(text: str) -> str:
    """The reply without its thoughts; an unfinished one, as while streaming, hides all that follows.

    Tags inside code are text. A closing tag on a line's edge without an opening one ends a thought too, since
    some chat templates put the opening tag into the prompt.
    """
    if "<" not in text:
        return text
    if _BEGUN_TAG.fullmatch(text):
        return ""
    kept = _spoken(text)
    return "".join(kept).strip() if len(kept) > 1 else text


def _spoken(text: str) -> list[str]:
    """The pieces around the thoughts, in order; one piece: there was no thought."""
    code = CodeSpans(text)
    kept: list[str] = []
    begin = position = 0
    while (token := _TOKENS.search(text, position)) is not None:
        if token["tag"] is None:
            position = max(code.end(token), token.end())
        elif not token["slash"]:
            kept.append(text[begin : token.start()])
            begin = position = _thought_end(text, token.end())
        else:
            position = token.end()
            if _on_line_edge(text, token):
                kept, begin = [""], position
    return [*kept, text[begin:]]


def _thought_end(text: str, position: int) -> int:
    depth = 1
    for tag in _TAGS.finditer(text, position):
        depth += -1 if tag["slash"] else 1
        if depth == 0:
            return tag.end()
    return len(text)


def _on_line_edge(text: str, tag: re.Match[str]) -> bool:
    before = text[tag.start() - 1 : tag.start()]
    after = text[tag.end() : tag.end() + 1]
    return before in ("", "\n") or after in ("", "\n")
