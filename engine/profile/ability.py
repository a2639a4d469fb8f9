"""Which models are shown what was recalled and a card of the profile, and which are asked for proposals.

The one place for that.
"""

from pathlib import Path

from engine.language.size import is_as_large_as

SMALLEST_READER_BYTES = 900_000_000
"""Half a billion parameters at two bytes each, until measured otherwise."""

SMALLEST_PROPOSER_BYTES = 1_800_000_000
"""A billion parameters at two bytes each, give or take what makers call a billion; not measured."""


def uses_recall(folder: Path) -> bool:
    """Whether the model in this folder is large enough to be shown what was recalled."""
    return is_as_large_as(folder, SMALLEST_READER_BYTES)


def uses_card(folder: Path) -> bool:
    """Whether the model in this folder is large enough to be shown a card of the profile.

    Measured with the bundled 135M model: a card changes nothing (docs/profile.md).
    """
    return is_as_large_as(folder, SMALLEST_READER_BYTES)


def proposes(folder: Path) -> bool:
    """Whether the model in this folder is large enough to be asked what messages say of their author."""
    return is_as_large_as(folder, SMALLEST_PROPOSER_BYTES)
