"""LaTeX formulas as Unicode: a chat cannot typeset them, and a parser must not see their stars."""

import re

from telegramify_markdown.latex_escape.helper import LatexToUnicodeHelper

_MATH = re.compile(
    r"\\\((?P<inline>(?:[^\\\n]|\\[^()\[\]\n]){1,400})\\\)"
    r"|\\\[(?P<display>(?:[^\\]|\\[^()\[\]]){1,2000})\\\]"
    r"|\$\$(?P<dollars>[^$]{1,2000})\$\$"
    r"|\$(?![\s$])(?P<dollar>[^$\n]{1,400})(?<!\s)\$(?![\w$])"
)
_LOOKS_LIKE_ONE = re.compile(r"\\[A-Za-z]|[\^=]|_\{|^\s*[A-Za-z]\s*$")
_OVERLAY = re.compile(r"\\(?:sqrt|over|under|widehat|widetilde|[bx]?cancel|sout)")
_MAX_OVERLAYS = 4
_MAX_COMMANDS = 100
_MAX_DEPTH = 8

_to_unicode = LatexToUnicodeHelper().convert


def format_formulas(markdown: str) -> str:
    """Markdown without code, its formulas written as code in Unicode; prices stay as they are."""
    return _MATH.sub(_code, markdown) if "\\" in markdown or "$" in markdown else markdown


def _code(match: re.Match[str]) -> str:
    latex = next(group for group in match.groups() if group is not None)
    if not _is_formula(latex):
        return match[0]
    text = _to_unicode(latex.strip()).strip()
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    at_line_start = match.start() == 0 or match.string[match.start() - 1] == "\n"
    if "\n" in text and at_line_start:
        return f"{fence}``\n{text}\n{fence}``\n"
    text = " ".join(text.split())
    return f"{fence}{text}{fence}" if text else match[0]


def _is_formula(latex: str) -> bool:
    """Whether it is one, and a harmless one: each overlay doubles the text below it."""
    if not _LOOKS_LIKE_ONE.search(latex) or "\n\n" in latex:
        return False
    harmless = len(_OVERLAY.findall(latex)) <= _MAX_OVERLAYS and latex.count("\\") <= _MAX_COMMANDS
    return harmless and _is_balanced(latex)


def _is_balanced(latex: str) -> bool:
    depth = 0
    for brace in re.findall("[{}]", latex):
        depth += 1 if brace == "{" else -1
        if not 0 <= depth <= _MAX_DEPTH:
            return False
    return depth == 0
