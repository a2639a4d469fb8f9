"""Whether a generated sentence stays with its source (pure): small models invent names and numbers."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise

from engine.articles.languages import LITTLE_WORDS, language_of
from engine.articles.salience import content_terms
from engine.articles.sentences import split_sentences

_NUMBERS = re.compile(r"\d+(?:[.,:]\d+)*")
_SPELLED = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
_NUMBER_WORDS = {word: str(value) for value, word in enumerate(_SPELLED.split())}
_MAGNITUDES = ("hundred", "thousand", "million", "billion", "trillion", "dozen", "percent", "half", "third")
_CHINESE_NUMERALS = re.compile(r"(?<=\d)[万亿]|[〇零一二两三四五六七八九十百千万亿]{2,}")
_MILLION = re.compile(r"\bmilli?[oó]n|\bmilio|\bmilh|\bмиллион", re.IGNORECASE)
_BILLION = re.compile(r"\bbillion", re.IGNORECASE)
_MILLIARD = re.compile(r"\bmilliard|\bmiliard|\bmil mil|\bbilh|\bмиллиард", re.IGNORECASE)
_WORDS = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_QUOTED = re.compile(r"[“„«「]([^”“»」]{3,})[”“»」]|\"([^\"]{3,})\"")
_FEWEST_SHARED = 0.5
_OPENERS_OF_SENTENCES = """
    although however overall additionally moreover furthermore meanwhile according despite because since while
    after before during these those another each every both many most several article finally then thus few
    here even like still yet under over
"""
_OPENERS = frozenset(_OPENERS_OF_SENTENCES.split())


class Source:
    """A text that sentences are checked against, folded once. A `title` is no passage."""

    def __init__(self, text: str, *, title: str = "") -> None:
        self.sentences: Sequence[str] = split_sentences(text)
        text = f"{title}\n{text}"
        self._words = _folded_words(text)
        self._known = frozenset(self._words) | frozenset(content_terms(text))
        self._pairs = frozenset(pairwise(self._words))
        self._numbers = numbers(text)
        self._flat = _flat(text)
        self._sentence_terms = [set(content_terms(sentence)) for sentence in self.sentences]

    def supports(self, sentence: str) -> bool:
        """Every number, name and quotation of the sentence stands here, and so do half of its other words."""
        own = content_terms(sentence)
        return (
            bool(own)
            and numbers(sentence) <= self._numbers
            and all(_flat(quote) in self._flat for quote in quotations(sentence))
            and all(self._has_name(name) for name in names(sentence))
            and sum(term in self._known for term in own) / len(own) >= _FEWEST_SHARED
        )

    def passage(self, sentence: str, *, but: Iterable[int] = ()) -> int | None:
        """The place of the source sentence that shares most with this one; None when none shares anything."""
        own = set(content_terms(sentence))
        taken = set(but)
        shared = [
            (len(own & there) / (len(there) + 5), -place)
            for place, there in enumerate(self._sentence_terms)
            if place not in taken and own & there
        ]
        return -max(shared)[1] if shared else None

    def _has_name(self, name: Sequence[str]) -> bool:
        if len(name) == 1:
            return name[0] in self._known
        return all(pair in self._pairs for pair in pairwise(name))


def quotations(text: str) -> list[str]:
    """What stands between quotation marks."""
    return [first or second for first, second in _QUOTED.findall(text)]


def names(sentence: str) -> list[tuple[str, ...]]:
    """Runs of capitalised words, folded; the word that opens the sentence counts unless it is common."""
    found: list[tuple[str, ...]] = []
    run: list[str] = []
    end = 0
    for place, match in enumerate(_WORDS.finditer(sentence)):
        word = match.group()
        folded = _folded(word)
        touching = not sentence[end : match.start()].strip()
        common = folded in LITTLE_WORDS or folded in _OPENERS or folded in _NUMBER_WORDS
        if run and not touching:
            found.append(tuple(run))
            run = []
        if word[0].isupper() and not (common and (place == 0 or not run)):
            run.append(folded)
        elif run:
            found.append(tuple(run))
            run = []
        end = match.end()
    return [*found, tuple(run)] if run else found


def numbers(text: str) -> set[str]:
    """The numbers of a text in digits, its words for magnitudes, and Chinese numerals as they stand."""
    digits = {_plain(number) for number in _NUMBERS.findall(text)}
    words = {match.casefold() for match in _WORDS.findall(text)}
    spelled = {_NUMBER_WORDS[word] for word in words & _NUMBER_WORDS.keys() if word != "one"}
    magnitudes = {each for each in _MAGNITUDES if words & {each, f"{each}s"}}
    return digits | spelled | magnitudes | set(_CHINESE_NUMERALS.findall(text))


def same_numbers(text: str, translation: str, *, language: str) -> bool:
    """Whether a translation into a language has the numbers of an English or other text.

    Separators differ ("4.2", "4,2"), and what is a billion here is a Milliarde there. Whatever else is
    spelled out, as "two thirds", cannot be compared across languages and so does not count as the same.
    """
    return _figures(text, language_of(text)) == _figures(translation, language)


def _figures(text: str, language: str | None) -> set[str]:
    found = {re.sub(r"[.,:]", "", number) for number in numbers(text)} - {"million", "billion"}
    if _MILLION.search(text):
        found.add("million")
    if (_BILLION if language == "en" else _MILLIARD).search(text):
        found.add("billion")
    return found


def _plain(number: str) -> str:
    return re.sub(r"[.,](?=\d{3}\b)", "", unicodedata.normalize("NFKC", number))


def _folded(word: str) -> str:
    return re.sub(r"['’]s$|['’]$", "", word).replace("’", "'").casefold()


def _folded_words(text: str) -> list[str]:
    return [_folded(word) for word in _WORDS.findall(text)]


def _flat(text: str) -> str:
    """Letters and digits only, so that other quotation marks and spaces make no difference."""
    return "".join(character for character in text.casefold() if character.isalnum())
