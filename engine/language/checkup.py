"""A look at a model folder that loads no weights: for telling what is wrong before it is needed."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from engine.errors import ModelUnavailableError
from engine.language.bundled import quiet_transformers
from engine.language.loading import load_tokenizer
from engine.language.lora import decoder_linears

_INDEX_NAME = "model.safetensors.index.json"


def check_model(folder: Path) -> dict[str, tuple[int, int]]:
    """Check config, weights and tokenizer; returns (in, out) of each module that an adapter may change.

    Raises ModelUnavailableError.
    """
    model = _without_weights(folder)
    for file in _weight_files(folder):
        _check_file(folder, file)
    load_tokenizer(folder, model)
    return {name: (linear.in_features, linear.out_features) for name, linear in decoder_linears(model)}


def _without_weights(folder: Path) -> Any:
    from transformers import AutoConfig, AutoModelForCausalLM

    configs: Any = AutoConfig
    models: Any = AutoModelForCausalLM
    try:
        with quiet_transformers(), torch.device("meta"):
            return models.from_config(configs.from_pretrained(str(folder), local_files_only=True))
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
        raise ModelUnavailableError(
            str(folder), f"its config.json cannot be used ({type(error).__name__})"
        ) from error


def _weight_files(folder: Path) -> list[Path]:
    """The files that hold the weights, as the index names them if there is one."""
    index = folder / _INDEX_NAME
    if index.is_file():
        try:
            names: set[str] = set(json.loads(index.read_text())["weight_map"].values())
        except (OSError, ValueError, KeyError, AttributeError) as error:
            raise ModelUnavailableError(str(folder), f"{_INDEX_NAME} cannot be read") from error
        return [folder / name for name in sorted(names)]
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise ModelUnavailableError(str(folder), "it has no weights as safetensors")
    return files


def _check_file(folder: Path, file: Path) -> None:
    """Opening it compares its header with its length."""
    open_file: Any = safe_open
    try:
        with open_file(str(file), framework="pt"):
            pass
    except FileNotFoundError as error:
        raise ModelUnavailableError(str(folder), f"{file.name} is missing") from error
    except (OSError, SafetensorError) as error:
        raise ModelUnavailableError(str(folder), f"{file.name} is damaged") from error
