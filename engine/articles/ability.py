"""Which models may word a summary themselves: the one place for that measured decision."""

from pathlib import Path

from engine.language.size import is_as_large_as

SMALLEST_WRITER_BYTES = 900_000_000
"""Half a billion parameters at two bytes each.

Measured with the bundled 135M model (docs/articles.md): what it words covers less of an article than chosen
sentences do, after ten seconds instead of a hundredth of one.
"""


def words_its_own(folder: Path) -> bool:
    """Whether the model in this folder is large enough."""
    return is_as_large_as(folder, SMALLEST_WRITER_BYTES)
