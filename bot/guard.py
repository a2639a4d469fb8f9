"""Keeps the Markdown parser from reading as markup what people mean as text.

Characters that would be misread are replaced before parsing by stand-ins, Unicode noncharacters that no text
may hold, and put back in the parsed text. A stand-in is as long as its character: entity offsets stay right.
"""

import re

from bot.formulas import format_formulas
from engine.language.code_spans import CodeSpans

_PROTECTED = "<>*_|~$-=+.):“”‘’「」（）《》【】：，。！？"
_STAND_INS = {character: chr(0xFDD0 + index) for index, character in enumerate(_PROTECTED)}
_ORIGINALS = {ord(stand_in): character for character, stand_in in _STAND_INS.items()}
_PROTECT = str.maketrans(_STAND_INS)

_UNENCODABLE = re.compile("[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")

# Latin, Greek and Cyrillic words stand apart by spaces; Chinese ones do not, so stars inside are markup.
_WORD = r"[0-9A-Za-z\u00c0-\u058f]"
_LITERAL = re.compile(
    rf"(?<={_WORD})(?<!\*)\*(?={_WORD})"  # 2*3*4, a*b
    r"|(?<=[)\]])\*(?=[(\[])"  # (a)*(b)*(c)
    r"|(?<=\d)\*\*(?=[0-9A-Za-z(])|(?<=[A-Za-z)])\*\*(?=\d)"  # x**2, 2**n
    r"|(?<!\w)__[a-z0-9]+(?:_[a-z0-9]+)*__(?!\w)"  # __init__
    r"|(?<!~)~(?!~)"  # ~5 minutes
    r"|(?<=\]):"  # a link definition would vanish
    r"|^ {0,3}(?:-{1,2}|={1,2})[ \t]*$"  # a list that begins to stream, not the underline of a heading
    r"|[<$]",
    re.MULTILINE,
)

# CommonMark follows Western habits: between Chinese punctuation and a letter, stars neither open nor close.
# A tag's stand-in counts as a letter to it, too.
_BESIDE_BOLD = re.compile(
    r"[“”‘’「」（）《》【】：，。！？](?=\*\*)|(?<=\*\*)[“”‘’「」（）《》【】：，。！？]"
)
_CLOSES_BOLD = re.compile(r"[:!?.](?=\*\*[<\u2e80-\u9fff\uac00-\ud7af])")

_RULE = re.compile(r"^[ \t]*([-*_])(?:[ \t]*\1){2,}[ \t]*$")
_DEEP_NESTING = re.compile(r"^(?:[ \t]*+(?:>|[-+*](?=\s)|\d{1,9}[.)](?=\s))){6,}.*$", re.MULTILINE)
_MARKERS = re.compile(r"[>*.)+-]")

_ESCAPED = re.compile(r"\\([<|~$])")
_BARE_LINK = re.compile(r"!?\[\]\((https?://[^()\s]+)\)")


def clean(text: str) -> str:
    """The text without what no message can carry: lone surrogates, noncharacters, control characters."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii():
        text = _UNENCODABLE.sub("\ufffd", text)
    return _CONTROL.sub(" ", text)


def protect(markdown: str) -> str:
    """Cleaned Markdown with stand-ins for all that is to be shown as typed, but for the pipes of tables."""
    markdown = _outside_code(markdown)
    markdown = _DEEP_NESTING.sub(_flatten, markdown)
    if not markdown.isascii():
        markdown = _BESIDE_BOLD.sub(_stand_in, markdown)
    markdown = _CLOSES_BOLD.sub(_stand_in, markdown)
    return _LITERAL.sub(_stand_in, markdown)


def protect_pipes(markdown: str) -> str:
    """Pipes that are no table's: neither a spoiler nor another parser's idea of a table."""
    return markdown.replace("|", _STAND_INS["|"])


def restore(text: str) -> str:
    """The parsed text with its own characters again."""
    return text if text.isascii() else text.translate(_ORIGINALS)


def _stand_in(match: re.Match[str]) -> str:
    return match[0].translate(_PROTECT)


def _outside_code(markdown: str) -> str:
    """Formulas as code, links without text as addresses, no backslash before a stand-in; code as it is."""
    if not any(sign in markdown for sign in ("\\", "$", "[](")):
        return markdown
    pieces: list[str] = []
    position = 0
    for start, end in CodeSpans(markdown):
        pieces += _typed(markdown[position:start]), markdown[start:end]
        position = end
    return "".join([*pieces, _typed(markdown[position:])])


def _typed(text: str) -> str:
    text = _BARE_LINK.sub(r"\1", format_formulas(text))
    return _ESCAPED.sub(lambda match: _STAND_INS[match[1]], text)


def _flatten(match: re.Match[str]) -> str:
    """Containers nested deeper than anyone reads, as text: each level would indent all lines below it."""
    line = match[0]
    return line if _RULE.match(line) else _MARKERS.sub(_stand_in, line)
