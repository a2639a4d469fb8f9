"""How a reader likes their summaries, from what they said of the last ones (pure)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from engine.articles.wish import Length

Form = tuple[Length, bool]
"""A length, and whether in bullets."""

_FADING = 0.5
"""Each older opinion counts this much of the next newer one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What was said of one summary: a thumb (+1, -1, 0 for none), or the wish for a shorter or longer one.

    `steps` is -1 for shorter, +1 for longer.
    """

    form: Form
    value: int = 0
    steps: int = 0


def preferred_form(opinions: Sequence[Opinion], usual: Form) -> Form:
    """The form to write in next, from opinions, newest first; `usual` while nothing speaks against it.

    Whatever was disliked gives way to the nearest form that was not, a shorter one before a longer one.
    """
    scores: defaultdict[Form, float] = defaultdict(float)
    weight = 1.0
    for opinion in opinions:
        length, bullets = opinion.form
        scores[opinion.form] += weight * opinion.value
        if opinion.steps:
            scores[opinion.form] -= weight
            scores[length.stepped(opinion.steps), bullets] += weight
        weight *= _FADING
    forms = [(length, bullets) for length in Length for bullets in (True, False)]
    return max(forms, key=lambda form: (scores[form], -_distance(form, usual)))


def _distance(form: Form, usual: Form) -> float:
    lengths = list(Length)
    steps = lengths.index(form[0]) - lengths.index(usual[0])
    return abs(steps) + (0.1 if steps > 0 else 0.0) + (0.5 if form[1] != usual[1] else 0.0)
