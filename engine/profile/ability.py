"""Which models are shown what was recalled: the one place for that decision."""

from pathlib import Path

SMALLEST_READER_BYTES = 900_000_000
"""Half a billion parameters at two bytes each, until measured otherwise."""


def uses_recall(folder: Path) -> bool:
    """Whether the model in this folder is large enough; one whose weights lie elsewhere is thought to be."""
    size = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    return size == 0 or size >= SMALLEST_READER_BYTES
