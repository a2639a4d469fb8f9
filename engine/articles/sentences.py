"""A text cut into its sentences (pure)."""

import re
from collections.abc import Iterator

_MAY_END = re.compile(
    r"(?<=[.!?…])[\"”’»)\]']*\s+|(?<=[。！？])(?![。！？])[”’」』）]*|\n+",
)
_LAST_WORD = re.compile(r"(?:[^\W\d_]+\.)+$")
_GOES_ON = re.compile(r"[\"”’»)\]']\s+[a-zß-ÿ]")
"""“What?” he said: a small letter goes on with the sentence that a quotation has begun."""

_TITLES = "Mr Ms Mrs Dr St Jr Sr Gen Sen Rep Gov Prof Lt Col Sgt Capt Hon Rev"
_MONTHS = "Jan Feb Aug Sept Oct Nov Dec"
_STATES = """
    Ala Ariz Ark Calif Colo Conn Del Fla Ga Ill Ind Kan Ky Md Mass Mich Minn Miss Mont Neb Nev Okla Ore Pa
    Tenn Tex Va Vt Wis Wyo
"""
_OTHERS = "No Inc Ltd Corp Co Fig Figs Nr Tbsp vs fig tsp tbsp oz approx al e.g i.e a.m p.m bzw ca z.B d.h"
_ABBREVIATIONS = frozenset(f"{_TITLES} {_MONTHS} {_STATES} {_OTHERS}".split())
_INITIALS = re.compile(r"(?:[A-ZÀ-Þ]\.)+$")


def split_sentences(text: str) -> list[str]:
    """The sentences of a text, in order, each with the quotation marks that close it, without empty ones."""
    return [stripped for part in _parts(text) if (stripped := part.strip())]


def _parts(text: str) -> Iterator[str]:
    start = 0
    for match in _MAY_END.finditer(text):
        if "\n" in match[0] or not _is_inside(text, start, match):
            yield text[start : match.end()]
            start = match.end()
    yield text[start:]


def _is_inside(text: str, start: int, match: re.Match[str]) -> bool:
    """Whether what looks like an end is a full stop of an abbreviation, or a quotation within a sentence."""
    if _GOES_ON.match(text, match.start()):
        return True
    word = _LAST_WORD.search(text, max(start, match.start() - 20), match.start())
    if word is None:
        return False
    plain = word[0].removesuffix(".")
    known = plain.capitalize() if plain.isupper() else plain
    return bool(_INITIALS.match(word[0])) or known in _ABBREVIATIONS
