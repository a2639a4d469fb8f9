"""How large a model is, told from its files alone."""

from pathlib import Path


def is_as_large_as(folder: Path, weight_bytes: int) -> bool:
    """Whether the model in this folder has so many bytes; one whose weights lie elsewhere is thought to."""
    size = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    return size == 0 or size >= weight_bytes
