"""Text that a reader cannot see is taken out of a page before anything reads it.

Extraction libraries let most hiding tricks through, and hidden text is where instructions to a model are put.
"""

import re

from lxml.html import HtmlElement

_NEVER_SHOWN = "//template | //svg | //noscript | //*[@hidden] | //*[@aria-hidden='true']"
_FOR_SCREEN_READERS = frozenset(
    {
        "sr-only",
        "visually-hidden",
        "visuallyhidden",
        "screen-reader-text",
        "screen-reader-only",
        "assistive-text",
    }
)
_INVISIBLE_STYLE = re.compile(
    r"""
    (?:^|;|\s) (?:
      display\s*:\s*none | visibility\s*:\s*(?:hidden|collapse)
    | opacity\s*:\s*0*(?:\.0+)?\s*(?:;|!|$)
    | font-size\s*:\s*0*(?:\.0+)?\s*(?:px|r?em|pt|%)?\s*(?:;|!|$)
    | clip(?:-path)?\s*:\s*(?: rect\(\s*[01](?:px)?(?:[\s,]+[01](?:px)?){3}\s*\) | inset\((?:50|100)% )
    | text-indent\s*:\s*-\d{3,}
    | transform\s*:\s*scale\(\s*0\s*\)
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_OFF_SCREEN = re.compile(
    r"(?:^|;|\s|-)(?:left|top|right|bottom|margin-left|margin-top)\s*:\s*-\d{3,}", re.IGNORECASE
)
_RULE = re.compile(r"([^{}]*)\{([^{}]*)\}")
_SIMPLE_SELECTOR = re.compile(r"[.#][\w-]+")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_AT_BLOCK = re.compile(r"@[\w-]+[^{};]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")

# Not for readers of a text, but legitimate: cleaners of formatting, soft hyphens, marks of direction, tags.
_INVISIBLE_CHARACTERS = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def strip_hidden(tree: HtmlElement) -> None:
    """Remove elements that a browser would not show, with what they hold; the text after them stays."""
    names = _hidden_names(tree)
    doomed: list[HtmlElement] = list(tree.xpath(_NEVER_SHOWN))
    doomed += [element for element in tree.xpath("//*[@style]") if _is_invisible(element.get("style", ""))]
    doomed += [
        element for element in tree.xpath("//*[@class or @id]") if not names.isdisjoint(_names(element))
    ]
    for element in doomed:
        if element.tag not in ("html", "body") and element.getparent() is not None:
            element.drop_tree()


def visible_text(text: str) -> str:
    """Text without zero-width, direction-changing and control characters."""
    return _CONTROLS.sub(" ", _INVISIBLE_CHARACTERS.sub("", text))


def _is_invisible(style: str) -> bool:
    return bool(_INVISIBLE_STYLE.search(style) or _OFF_SCREEN.search(style))


def _names(element: HtmlElement) -> set[str]:
    names = {f".{name}" for name in element.get("class", "").split()}
    return names | {f"#{element.get('id', '')}"}


def _hidden_names(tree: HtmlElement) -> set[str]:
    """Classes and ids that the page's own style blocks hide, and those that are hidden by custom."""
    found = {f".{name}" for name in _FOR_SCREEN_READERS}
    for block in tree.xpath("//style/text()"):
        # Rules for print or for small screens say nothing about this reader.
        rules = _AT_BLOCK.sub(" ", _COMMENT.sub(" ", str(block)[:200_000]))
        for selectors, body in _RULE.findall(rules):
            if _is_invisible(body):
                found.update(
                    part.strip() for part in selectors.split(",") if _SIMPLE_SELECTOR.fullmatch(part.strip())
                )
    return found
