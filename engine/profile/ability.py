"""Which models are shown what was recalled: the one place for that decision."""

from pathlib import Path

from engine.language.size import is_as_large_as

SMALLEST_READER_BYTES = 900_000_000
"""Half a billion parameters at two bytes each, until measured otherwise."""


def uses_recall(folder: Path) -> bool:
    """Whether the model in this folder is large enough."""
    return is_as_large_as(folder, SMALLEST_READER_BYTES)
