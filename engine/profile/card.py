"""The profile card of a prompt: how the user wants to be answered, and what of them bears on it (pure)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.profile.confidence import confidence, is_faded
from engine.profile.facts import ANSWER_LENGTH
from engine.profile.keys import index_words, query_words
from engine.profile.matters import bears_on
from engine.profile.profile import Profile
from engine.profile.slots import half_life, slot_as_said
from storage.beliefs import SELF, Belief, BeliefKind

MOST_TOKENS = 200

_MOST_LEFT_OUT = 4
"""After so many lines that do not fit the card is full: counting tokens for hundreds delays the reply."""

_UNASKED = 0.25
"""The relevance of a belief with which a question shares nothing: who one is may always matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Lines of a card: `wishes` about answers, and what is `known`, stable facts first."""

    wishes: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    beliefs: tuple[Belief, ...] = ()

    def __len__(self) -> int:
        return len(self.beliefs)


def draw_card(profile: Profile, question: str, now: datetime, *, fits: Callable[[Card], bool]) -> Card:
    """The card with the most of what is held that fits.

    Wishes about answers are chosen first, the newest before older ones, each whole or not at all; then the
    other beliefs by relevance to the question times confidence, stable ones first among equals.
    """
    chosen: list[Belief] = []
    left_out = 0
    for belief in _ranked(profile, question, now):
        if fits(_card_of([*chosen, belief])):
            chosen.append(belief)
        else:
            left_out += 1
            if left_out == _MOST_LEFT_OUT:
                break
    return _card_of(chosen)


def echoes(card: Card, reply: str, prompt: str) -> int:
    """How many known things of a card a reply tells that the rest of the prompt does not."""
    said = set(index_words(reply))
    values = [set(index_words(one.value)) for one in card.beliefs if not _is_wish(one)]
    told = [value for value in values if value and value <= said]
    if not told:
        return 0  # a prompt is long, and seldom has to be looked through
    there = set(index_words(prompt))
    return sum(not value <= there for value in told)


def _ranked(profile: Profile, question: str, now: datetime) -> list[Belief]:
    # A wish for the length stands in the prompt anyway.
    held = [one for one in profile.held if one.slot != ANSWER_LENGTH and not is_faded(one, now)]
    wishes = sorted(filter(_is_wish, held), key=lambda one: one.last_seen, reverse=True)
    others = [one for one in held if not _is_wish(one)]
    asked = set(query_words(question))
    others.sort(
        key=lambda one: (-_relevance(one, question, asked) * confidence(one, now), not _is_stable(one))
    )
    return [*wishes, *others]


def _relevance(belief: Belief, question: str, asked: set[str]) -> float:
    """From a quarter to 1: 1 when the question asks for it, else by the share of its words that are named."""
    if bears_on(belief, question):
        return 1.0
    words = set(query_words(f"{belief.slot} {belief.value}"))
    shared = len(words & asked) / len(words) if words else 0.0
    return _UNASKED + (1.0 - _UNASKED) * shared


def _is_wish(belief: Belief) -> bool:
    """Whether a belief says how to answer: an instruction, or what was remarked of a reply."""
    return belief.kind is BeliefKind.INSTRUCTION or belief.slot.startswith("answer ")


def _is_stable(belief: Belief) -> bool:
    return half_life(belief.kind) is None


def _card_of(beliefs: Sequence[Belief]) -> Card:
    wishes = [one for one in beliefs if _is_wish(one)]
    known = [one for one in beliefs if not _is_wish(one)]
    known.sort(key=lambda one: not _is_stable(one))
    return Card(
        wishes=tuple(map(_line, wishes)),
        known=tuple(map(_line, known)),
        beliefs=(*wishes, *known),
    )


def _line(belief: Belief) -> str:
    if belief.kind is BeliefKind.INSTRUCTION:
        return belief.value
    whose = "" if belief.subject == SELF else f"{belief.subject}, "
    return f"{whose}{slot_as_said(belief)}: {belief.value}"
