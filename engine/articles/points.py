"""From a model's text to points that their source bears out, each with its passage (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.articles.check import Source
from engine.articles.salience import choose
from engine.articles.sentences import split_sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One sentence of a summary and the source sentence that it rests on; they can be the same."""

    text: str
    passage: str

    @property
    def generated(self) -> bool:
        """Whether a model worded it."""
        return self.text != self.passage


def source_points(sentences: Sequence[str], *, count: int, interests: Sequence[str] = ()) -> list[Point]:
    """The source's own most telling sentences, in its order."""
    return [
        Point(text=sentences[place], passage=sentences[place])
        for place in sorted(choose(sentences, count=count, interests=interests))
    ]


FEWEST_SUPPORTED = 2


def checked_points(text: str, source: Source, *, cut_off: bool, most: int) -> list[Point]:
    """A model's sentences as far as the source bears them out; the others give way to source sentences.

    `cut_off` says that the last sentence is unfinished. Nothing is left when fewer than two of them hold.
    """
    written = split_sentences(text)[: -1 if cut_off else None][:most]
    points: list[Point] = []
    used: list[int] = []
    held = 0
    for sentence in (_unmarked(each) for each in written):
        supported = source.supports(sentence)
        place = source.passage(sentence, but=() if supported else used)
        if place is None:
            continue
        held += supported
        used.append(place)
        passage = source.sentences[place]
        points.append(Point(text=sentence if supported else passage, passage=passage))
    return points if held >= min(FEWEST_SUPPORTED, most) else []


def _unmarked(sentence: str) -> str:
    """Without the bullet or number that a model puts before a sentence."""
    return sentence.lstrip("-*•# \t").removeprefix("1. ").removeprefix("2. ").removeprefix("3. ")
