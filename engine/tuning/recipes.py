"""A chosen recipe as it is kept: only what was searched for, so that everything else follows the defaults."""

import json
from dataclasses import asdict, replace

from engine.tuning.job import Recipe

_SEARCHED = ("rank", "alpha", "learning_rate", "steps")


def write_recipe(recipe: Recipe) -> str:
    """What was chosen, as JSON."""
    chosen = asdict(recipe)
    return json.dumps({name: chosen[name] for name in _SEARCHED})


def read_recipe(document: str | None) -> Recipe:
    """The recipe of a base; the default one when nothing was chosen for it."""
    return Recipe() if document is None else replace(Recipe(), **json.loads(document))
