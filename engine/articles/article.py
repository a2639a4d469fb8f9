"""What is left of a page once everything but the article is gone."""

import re
from dataclasses import dataclass
from datetime import date

_WIDE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORDS = re.compile(rf"[{_WIDE}]|[^\W_{_WIDE}]+(?:['’.,-][^\W_{_WIDE}]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What a server gave to ask later whether its page has changed."""

    etag: str | None = None
    last_modified: str | None = None


NO_VALIDATORS = Validators()


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """The text of one page and what the page says of itself. Paragraphs are lines; `language` is ISO 639-1.

    `partial` says that the text goes on where it was not read (the length limits of `extract`).
    """

    url: str
    site: str
    title: str
    author: str | None
    published: date | None
    language: str | None
    text: str
    words: int
    partial: bool = False
    validators: Validators = NO_VALIDATORS


def count_words(text: str) -> int:
    """Words; in Chinese and Japanese, where words have no borders, characters."""
    return sum(1 for _ in _WORDS.finditer(text))
