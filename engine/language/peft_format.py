"""One adapter on disk in PEFT's format: `adapter_config.json` beside `adapter_model.safetensors`.

A folder may have been copied in by hand, so everything in it is checked before a number of it is used.
"""

import json
import math
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from engine.errors import AdapterError
from engine.language.lora import LoraWeights
from storage.errors import SealError
from storage.sealing import OVERHEAD_BYTES, seal, unseal

CONFIG_NAME = "adapter_config.json"
WEIGHTS_NAME = "adapter_model.safetensors"
PICKLE_NAME = "adapter_model.bin"

MAX_RANK = 64
"""The highest rank of an adapter that is served."""

_CONFIG_BYTES = 1 << 20
_HEADER_BYTES = 8 << 20
_PREFIX = "base_model.model."
_KEY = re.compile(r"base_model\.model\.(?P<module>.+)\.lora_(?P<half>[AB])\.weight")

_REFUSED_OPTIONS = {
    "use_dora": "it uses DoRA, which cannot share a batch",
    "modules_to_save": "it replaces whole modules of the base model",
    "rank_pattern": "it has a rank of its own per module",
    "alpha_pattern": "it has a scaling of its own per module",
    "layer_replication": "it repeats layers of the base model",
    "lora_bias": "it has biases",
    "target_parameters": "it changes parameters outside linear layers",
    "trainable_token_indices": "it changes the embedding",
}
_BASE_CHANGING_STARTS = ("pissa", "olora", "corda", "loftq")


def read_adapter(
    folder: Path,
    *,
    base_model: str,
    shapes: Mapping[str, tuple[int, int]],
    max_rank: int,
    secret: bytes | None = None,
) -> LoraWeights:
    """Read and check an adapter for a base with linear modules of these `shapes`.

    Weights that are sealed are decrypted in memory alone. Raises AdapterError.
    """
    config = _read_config(folder)
    _check_config(folder, config, base_model=base_model)
    rank = config.get("r")
    if not isinstance(rank, int) or not 1 <= rank <= max_rank:
        raise AdapterError(str(folder), f"its rank is {rank}, and only 1 to {max_rank} can be served")
    most_bytes = _HEADER_BYTES + 4 * max_rank * sum(
        size_in + size_out for size_in, size_out in shapes.values()
    )
    tensors = _read_tensors(folder, most_bytes, secret)
    a, b = _by_module(folder, tensors)
    _check_tensors(folder, a, b, shapes=shapes, rank=rank)
    return LoraWeights(rank=rank, scaling=_scaling(folder, config, rank), a=a, b=b)


def adapter_rank(folder: Path) -> int:
    """The rank that an adapter says it has; 0 when it cannot be read."""
    try:
        rank = _read_config(folder).get("r")
    except AdapterError:
        return 0
    return rank if isinstance(rank, int) else 0


def write_adapter(
    folder: Path, weights: LoraWeights, *, base_model: str, secret: bytes | None = None
) -> None:
    """Write an adapter, synced to disk, into an existing folder.

    PEFT reads it as its own unless a secret seals the weights; the config beside them holds nothing personal.
    """
    tensors: dict[str, Tensor] = {}
    for module, a in weights.a.items():
        tensors[f"{_PREFIX}{module}.lora_A.weight"] = a
        tensors[f"{_PREFIX}{module}.lora_B.weight"] = weights.b[module]
    config = {
        "base_model_name_or_path": base_model,
        "bias": "none",
        "inference_mode": True,
        "lora_alpha": weights.scaling * weights.rank,
        "lora_dropout": 0.0,
        "peft_type": "LORA",
        "r": weights.rank,
        "target_modules": sorted({module.rpartition(".")[2] for module in weights.a}),
        "task_type": "CAUSAL_LM",
    }
    _write(folder / WEIGHTS_NAME, seal(save(tensors, metadata={"format": "pt"}), secret))
    _write(folder / CONFIG_NAME, json.dumps(config, indent=2).encode())


def _read_config(folder: Path) -> dict[str, Any]:
    raw = _read_file(folder, CONFIG_NAME, _CONFIG_BYTES)
    try:
        config: Any = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise AdapterError(str(folder), f"{CONFIG_NAME} is not JSON") from error
    if not isinstance(config, dict):
        raise AdapterError(str(folder), f"{CONFIG_NAME} is not a JSON object")
    return cast(dict[str, Any], config)


def _check_config(folder: Path, config: dict[str, Any], *, base_model: str) -> None:
    if config.get("peft_type") != "LORA":
        raise AdapterError(str(folder), "it is not a LoRA adapter")
    made_for = config.get("base_model_name_or_path")
    if made_for != base_model:
        raise AdapterError(str(folder), f"it was made for {made_for}, not for {base_model}")
    for option, reason in _REFUSED_OPTIONS.items():
        if config.get(option):
            raise AdapterError(str(folder), reason)
    if config.get("bias", "none") != "none":
        raise AdapterError(str(folder), "it has biases")
    if str(config.get("init_lora_weights")).lower().startswith(_BASE_CHANGING_STARTS):
        raise AdapterError(str(folder), "its start changed the base model")


def _scaling(folder: Path, config: dict[str, Any], rank: int) -> float:
    alpha = config.get("lora_alpha", rank)
    if not isinstance(alpha, int | float) or not math.isfinite(alpha):
        raise AdapterError(str(folder), "its lora_alpha is not a number")
    # Kalajdzievski, "A Rank Stabilization Scaling Factor for Fine-Tuning with LoRA" (arXiv 2312.03732).
    return alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)


def _read_tensors(folder: Path, most_bytes: int, secret: bytes | None) -> dict[str, Tensor]:
    if not (folder / WEIGHTS_NAME).exists() and (folder / PICKLE_NAME).exists():
        raise AdapterError(str(folder), "its weights are a pickle, which may run code; safetensors is needed")
    raw = _read_file(folder, WEIGHTS_NAME, most_bytes + OVERHEAD_BYTES)
    try:
        return load(unseal(raw, secret))
    except SealError as error:
        raise AdapterError(str(folder), str(error)) from error
    except SafetensorError as error:
        raise AdapterError(str(folder), f"{WEIGHTS_NAME} is damaged") from error


def _by_module(folder: Path, tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    halves: dict[str, dict[str, Tensor]] = {"A": {}, "B": {}}
    for key, tensor in tensors.items():
        match = _KEY.fullmatch(key)
        if match is None:
            raise AdapterError(str(folder), f"it has an unknown tensor {key}")
        halves[match["half"]][match["module"]] = tensor
    return halves["A"], halves["B"]


def _check_tensors(
    folder: Path,
    a: Mapping[str, Tensor],
    b: Mapping[str, Tensor],
    *,
    shapes: Mapping[str, tuple[int, int]],
    rank: int,
) -> None:
    if not a or a.keys() != b.keys():
        raise AdapterError(str(folder), "some of its modules have only one half of their weights")
    for module in a:
        if module not in shapes:
            raise AdapterError(str(folder), f"the base model has no linear module {module}")
        size_in, size_out = shapes[module]
        if a[module].shape != (rank, size_in) or b[module].shape != (size_out, rank):
            raise AdapterError(str(folder), f"the weights of {module} have the wrong shape")
        for tensor in (a[module], b[module]):
            if not tensor.is_floating_point() or not bool(torch.isfinite(tensor).all()):
                raise AdapterError(str(folder), f"the weights of {module} are not finite numbers")


def _read_file(folder: Path, name: str, most_bytes: int) -> bytes:
    try:
        # A link could lead to any file of the keeper's, so the last step is never followed.
        descriptor = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        raise AdapterError(
            str(folder), f"{name} {'is missing' if missing else 'cannot be opened'}"
        ) from error
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise AdapterError(str(folder), f"{name} is not a file")
        if status.st_size > most_bytes:
            raise AdapterError(str(folder), f"{name} is larger than an adapter of this base can be")
        return file.read(most_bytes)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
