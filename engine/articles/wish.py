"""What one reader wants of a summary, and how that is read from what they type (pure)."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from engine.articles.audience import leading_audience, taken_audience

Meaning = TypeVar("Meaning")


class Length(StrEnum):
    """How much a reader wants."""

    SHORT = "short"
    NORMAL = "normal"
    LONG = "long"

    @property
    def sentences(self) -> int:
        """The sentences of a summary of this length."""
        return {Length.SHORT: 2, Length.NORMAL: 4, Length.LONG: 9}[self]

    def stepped(self, steps: int) -> "Length":
        """The length so many steps further, as far as there are any; -1 is the next shorter one."""
        lengths = list(Length)
        return lengths[min(max(lengths.index(self) + steps, 0), len(lengths) - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What one reader wants: `language` is ISO 639-1, None where none was asked for; `interests` are words.

    `spoken` is the language that they are spoken to in, and so of what can be written for them.
    `audience` names whom the reader wants it for, in their words; None means themselves.
    """

    length: Length = Length.NORMAL
    bullets: bool = False
    language: str | None = None
    spoken: str | None = None
    interests: tuple[str, ...] = ()
    audience: str | None = None


USUAL = Wish()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was asked for in words; None where nothing was said. `steps` are -1 for shorter, +1 for longer.

    `rest` is what was not understood.
    """

    length: Length | None = None
    steps: int = 0
    bullets: bool | None = None
    language: str | None = None
    audience: str | None = None
    rest: str = ""

    @property
    def says_something(self) -> bool:
        """Whether any wish was understood."""
        return bool(self.length or self.steps or self.language or self.audience) or self.bullets is not None


NOTHING_WANTED = Wanted()

LANGUAGE_NAMES = {
    "en": ("english", "englisch", "anglais", "inglés", "ingles", "английски", "英文", "英语"),
    "zh": ("chinese", "chinesisch", "chinois", "chino", "китайски", "中文", "汉语"),
    "de": ("german", "deutsch", "allemand", "alemán", "德文", "德语"),
    "fr": ("french", "französisch", "français", "francais", "francés", "法文", "法语"),
    "es": ("spanish", "spanisch", "espagnol", "español", "espanol", "西班牙文", "西班牙语"),
    "it": ("italian", "italienisch", "italiano", "italien", "意大利文", "意大利语"),
    "pt": ("portuguese", "portugiesisch", "português", "portugues", "葡萄牙文", "葡萄牙语"),
    "ru": ("russian", "russisch", "русском", "русски", "russe", "俄文", "俄语"),
    "ja": ("japanese", "japanisch", "japonais", "日本語", "日文", "日语"),
}
"""The languages that can be asked for, in the words of those who ask."""


def _pattern(*words: str) -> re.Pattern[str]:
    """Any of these words; a Latin one stands alone, Chinese has no borders between words."""
    latin = sorted(
        (word for word in words if word.isascii() or not _WIDE.search(word)), key=len, reverse=True
    )
    wide = sorted((word for word in words if _WIDE.search(word)), key=len, reverse=True)
    parts = [rf"(?<!\w)(?:{'|'.join(latin)})(?!\w)"] if latin else []
    return re.compile("|".join([*parts, *wide]), re.IGNORECASE)


_WIDE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
_IN = r"(?:(?:in|into|auf|en|em|на|по)\s+|по-)?"

_STEPS = (
    (-1, _pattern("shorter", "too long", "kürzer", "再?短一?[点些]", "再短", "太长")),
    (
        1,
        _pattern(
            "longer",
            "too short",
            "more details?",
            "länger",
            "再?长一?[点些]",
            "再长",
            "太短",
            "详细一?[点些]",
        ),
    ),
)
_LENGTHS = (
    (Length.SHORT, _pattern("short", "brief(?:ly)?", "kurz", "简短", "短")),
    (Length.LONG, _pattern("long", "detailed", "in detail", "ausführlich", "lang", "详细", "长")),
    (Length.NORMAL, _pattern("normal")),
)
_FORMS = (
    (
        True,
        _pattern(
            "(?:as )?bullets?(?: points?)?", "points", "(?:as )?(?:a )?list", "stichpunkte", "要点", "列表"
        ),
    ),
    (False, _pattern("(?:as )?(?:prose|text|paragraphs?)", "fließtext", "段落")),
)
_LANGUAGES = tuple(
    (
        code,
        _pattern(
            *(f"{_IN}{name}" for name in names if not _WIDE.search(name)),
            *(f"[用以]?{name}" for name in names if _WIDE.search(name)),
        ),
    )
    for code, names in LANGUAGE_NAMES.items()
)
_FILLERS = re.compile(
    r"(?<!\w)(?:please|and|but|a|the|summary|summari[sz]e|article|it|this|make|again|for me|bitte|und|mal)"
    r"(?!\w)|[给帮为]我们?看?|这篇|文章|[请把地的吧]|总结|一下|[\s,;.:!，、。：；！]+",
    re.IGNORECASE,
)
_WISHES = (
    *(pattern for table in (_STEPS, _LENGTHS, _FORMS, _LANGUAGES) for _, pattern in table),
    _FILLERS,
)


def read_wishes(text: str) -> Wanted:
    """The wishes in a few words, in any order; what is left over is `rest`."""
    audience, text = taken_audience(text, _WISHES)
    steps, text = _taken(_STEPS, text)
    length, text = _taken(_LENGTHS, text)
    bullets, text = _taken(_FORMS, text)
    language, text = _taken(_LANGUAGES, text)
    rest = " ".join(text.split()) if _FILLERS.sub("", text) else ""
    return Wanted(
        length=length,
        steps=steps or 0,
        bullets=bullets,
        language=language,
        audience=audience,
        rest=rest,
    )


def read_leading_wishes(text: str) -> Wanted:
    """The wishes that stand before a pasted text, as typed in lower case; `rest` is the text.

    So a text that begins with "Short selling is …" keeps its first word.
    """
    wanted, rest = Wanted(), text.lstrip()
    while (one := _leading(rest)) is not None:
        wanted = Wanted(
            length=wanted.length or one.length,
            bullets=one.bullets if wanted.bullets is None else wanted.bullets,
            language=wanted.language or one.language,
            audience=wanted.audience or one.audience,
        )
        rest = one.rest.lstrip(" ,:;：\n")
    return replace(wanted, rest=rest)


def _leading(text: str) -> Wanted | None:
    """The wish at the very beginning, with the text behind it as its `rest`."""
    for length, pattern in _LENGTHS:
        if (match := pattern.match(text)) and match[0].islower() | bool(_WIDE.search(match[0])):
            return Wanted(length=length, rest=text[match.end() :])
    for bullets, pattern in _FORMS:
        if (match := pattern.match(text)) and match[0].islower():
            return Wanted(bullets=bullets, rest=text[match.end() :])
    for language, pattern in _LANGUAGES:
        match = pattern.match(text)
        if match and (" " in match[0] or match[0].startswith("用")):
            return Wanted(language=language, rest=text[match.end() :])
    if (named := leading_audience(text, _WISHES)) is not None:
        return Wanted(audience=named[0], rest=named[1])
    return None


def _taken(table: tuple[tuple[Meaning, re.Pattern[str]], ...], text: str) -> tuple[Meaning | None, str]:
    """The first meaning that a table finds in the text, and the text without its words."""
    for meaning, pattern in table:
        if pattern.search(text):
            return meaning, pattern.sub(" ", text, count=1)
    return None, text
