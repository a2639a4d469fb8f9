"""Reading a model folder with `transformers`, without a network, and saying plainly what is wrong with it."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from engine.errors import DeviceUnavailableError, ModelUnavailableError
from engine.language.bundled import quiet_transformers
from engine.language.tokens import ChatTokenizer

MOST_CONTEXT_TOKENS = 8192
"""Models that claim far more would need more memory per reply than their keeper expects."""


def choose_device(setting: str) -> torch.device:
    """The device of `MYNAH_DEVICE`; `auto` is CUDA where there is one. Raises DeviceUnavailableError."""
    if setting == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(setting)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:  # torch without CUDA asserts that it has it
        raise DeviceUnavailableError(setting) from error
    return device


def choose_weight_dtype(device: torch.device) -> torch.dtype:
    """Of the base weights: bf16 where the hardware multiplies it; elsewhere float32 is the faster one."""
    if device.type != "cpu":
        return torch.bfloat16
    capabilities = torch.cpu.get_capabilities()
    return (
        torch.bfloat16 if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") else torch.float32
    )


def choose_activation_dtype(device: torch.device) -> torch.dtype:
    """Of all else, adapters included: small products in bf16 take a CPU seven times as long as in float32."""
    return torch.float32 if device.type == "cpu" else torch.bfloat16


@contextmanager
def told_plainly(folder: Path, problem: str) -> Generator[None]:
    """Let `transformers` read a folder in silence; what it raises becomes ModelUnavailableError."""
    try:
        with quiet_transformers():
            yield
    except (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError) as error:
        raise ModelUnavailableError(str(folder), f"{problem} ({type(error).__name__})") from error


def load_model(folder: Path, *, device: torch.device, dtype: torch.dtype) -> Any:
    """A causal language model in evaluation mode. Raises ModelUnavailableError."""
    from transformers import AutoModelForCausalLM

    loader: Any = AutoModelForCausalLM
    with told_plainly(folder, "its files cannot be used"):
        model = loader.from_pretrained(str(folder), dtype=dtype, local_files_only=True, use_safetensors=True)
        return model.to(device).eval()


def load_tokenizer(folder: Path, model: Any = None) -> ChatTokenizer:
    """The tokenizer beside a model, with the ends that this one knows. Raises ModelUnavailableError."""
    from transformers import AutoTokenizer

    loader: Any = AutoTokenizer
    with told_plainly(folder, "its tokenizer cannot be used"):
        tokenizer = loader.from_pretrained(str(folder), local_files_only=True)
    end_ids = [] if model is None else _end_ids(model)
    return ChatTokenizer(tokenizer, place=str(folder), end_ids=end_ids)


def context_tokens(model: Any) -> int:
    """The most tokens that one sequence may have; a sliding window is not slid but kept within."""
    config = model.config.get_text_config()
    limits = [MOST_CONTEXT_TOKENS, config.max_position_embeddings]
    if getattr(config, "sliding_window", None):
        limits.append(config.sliding_window)
    return min(limits)


def _end_ids(model: Any) -> list[int]:
    ends: int | list[int] | None = model.generation_config.eos_token_id
    if ends is None:
        return []
    return [ends] if isinstance(ends, int) else ends
