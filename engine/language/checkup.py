"""A look at a model folder that loads no weights: for telling what is wrong before it is needed."""

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from engine.errors import ModelUnavailableError
from engine.language.loading import load_tokenizer, told_plainly
from engine.language.lora import decoder_linears
from engine.language.size import weight_files


def check_model(folder: Path) -> dict[str, tuple[int, int]]:
    """Check config, weights and tokenizer; returns (in, out) of each module that an adapter may change.

    Raises ModelUnavailableError.
    """
    from transformers import AutoModelForCausalLM

    model = without_weights(folder, AutoModelForCausalLM)
    check_weights(folder)
    load_tokenizer(folder, model)
    return {name: (linear.in_features, linear.out_features) for name, linear in decoder_linears(model)}


def check_weights(folder: Path) -> None:
    """Check that the files of the weights are there and whole. Raises ModelUnavailableError."""
    files = weight_files(folder)
    if not files:
        raise ModelUnavailableError(str(folder), "it has no weights as safetensors")
    for file in files:
        _check_file(folder, file)


def without_weights(folder: Path, models: Any) -> Any:
    """A model of one of the auto classes of `transformers`, as its config describes it.

    Raises ModelUnavailableError.
    """
    from transformers import AutoConfig

    configs: Any = AutoConfig
    with told_plainly(folder, "its config.json cannot be used"), torch.device("meta"):
        return models.from_config(configs.from_pretrained(str(folder), local_files_only=True))


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
