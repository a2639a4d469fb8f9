"""Whether a generated sentence stays with its source (pure): small models invent names and numbers."""

import re

from engine.articles.salience import terms

_NUMBERS = re.compile(r"\d+(?:[.,]\d+)*")
_NAMES = re.compile(r"(?<!^)(?<![.!?:\"“] )\b[A-ZÀ-Þ][\w'’-]+")
_FEWEST_SHARED = 0.5


def is_supported(sentence: str, source: str) -> bool:
    """Every number and every name of the sentence stands in the source, and so do half of its other words."""
    in_source = set(terms(source))
    source_numbers = {_plain(number) for number in _NUMBERS.findall(source)}
    if any(_plain(number) not in source_numbers for number in _NUMBERS.findall(sentence)):
        return False
    lowered = source.casefold()
    if any(name.casefold() not in lowered for name in _NAMES.findall(sentence)):
        return False
    own = terms(sentence)
    return bool(own) and sum(term in in_source for term in own) / len(own) >= _FEWEST_SHARED


def _plain(number: str) -> str:
    return re.sub(r"[.,](?=\d{3}\b)", "", number)
