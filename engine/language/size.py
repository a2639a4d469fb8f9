"""How large a model is, told from its files alone."""

import json
from pathlib import Path

from engine.errors import ModelUnavailableError

_INDEX_NAME = "model.safetensors.index.json"


def weight_files(folder: Path) -> list[Path]:
    """The files that hold the weights, as the index names them if there is one; some may be missing.

    Raises ModelUnavailableError for an index that cannot be read.
    """
    index = folder / _INDEX_NAME
    if not index.is_file():
        return sorted(folder.glob("*.safetensors"))
    try:
        names: set[str] = set(json.loads(index.read_text())["weight_map"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelUnavailableError(str(folder), f"{_INDEX_NAME} cannot be read") from error
    return [folder / name for name in sorted(names)]


def weight_bytes(folder: Path) -> int:
    """The bytes of all weights that are there. Raises ModelUnavailableError."""
    return sum(file.stat().st_size for file in weight_files(folder) if file.is_file())


def is_as_large_as(folder: Path, least_bytes: int) -> bool:
    """Whether the model in this folder has so many bytes; one whose weights lie elsewhere is thought to.

    Raises ModelUnavailableError.
    """
    size = weight_bytes(folder)
    return size == 0 or size >= least_bytes
