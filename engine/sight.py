"""What is to be seen in a picture, in words: a vision model that `transformers` reads, on this machine.

It stands beside the language model, which answers from what was seen with the user's own weights.
"""

import asyncio
import io
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, Self

from engine.errors import ModelUnavailableError, SightError
from engine.language.bundled import find_model
from engine.language.model import Cancellation

BLIND = "it cannot be used to look at pictures"

_MOST_TOKENS = 160
_WISH = "Describe this picture."


def find_viewer(setting: str, models_folder: Path) -> Path:
    """The folder of the vision model that a setting names. Raises ModelUnavailableError."""
    found = find_model(setting, models_folder)
    if found is None:  # the embedded model reads text alone
        raise ModelUnavailableError(setting, BLIND)
    return found.folder


def check_viewer(folder: Path) -> None:
    """Check config, weights and processor of a vision model, and load none. Raises ModelUnavailableError."""
    from transformers import AutoModelForImageTextToText

    from engine.language.checkup import check_weights, without_weights

    without_weights(folder, AutoModelForImageTextToText)
    check_weights(folder)
    _load_processor(folder)


def _load_processor(folder: Path) -> Any:
    """What makes a prompt of a picture and words. Raises ModelUnavailableError."""
    from transformers import AutoProcessor

    from engine.language.loading import told_plainly

    processors: Any = AutoProcessor
    with told_plainly(folder, BLIND):
        processor = processors.from_pretrained(str(folder), local_files_only=True)
    if not getattr(processor, "chat_template", None):
        raise ModelUnavailableError(str(folder), "it has no chat template for pictures")
    return processor


class Viewer(Protocol):
    """Says what is to be seen in a picture."""

    async def describe(self, picture: bytes, question: str, cancellation: Cancellation) -> str:
        """What is to be seen, with an eye to a question, which may be empty. Raises SightError."""
        ...


class VisionModel:
    """One picture at a time, on a thread of its own; what is said is drawn greedily."""

    def __init__(self, model: Any, processor: Any) -> None:
        self._model = model
        self._processor = processor
        self._lock = asyncio.Lock()

    @classmethod
    def load(cls, *, folder: Path, device: str = "auto") -> Self:
        """Read a model folder; blocks for seconds. Raises ModelUnavailableError, DeviceUnavailableError."""
        from transformers import AutoModelForImageTextToText

        from engine.language.loading import choose_device, choose_weight_dtype, told_plainly

        models: Any = AutoModelForImageTextToText
        place = choose_device(device)
        with told_plainly(folder, BLIND):
            model = models.from_pretrained(
                str(folder), dtype=choose_weight_dtype(place), local_files_only=True, use_safetensors=True
            )
        return cls(model.to(place).eval(), _load_processor(folder))

    async def describe(self, picture: bytes, question: str, cancellation: Cancellation) -> str:
        """What is to be seen; nothing, soon after a cancellation. Raises SightError."""
        async with self._lock:
            return await asyncio.to_thread(self._describe, picture, question, cancellation)

    def _describe(self, picture: bytes, question: str, cancellation: Cancellation) -> str:
        import torch

        image = _opened(picture)
        try:
            asked = [{"type": "image"}, {"type": "text", "text": f"{_WISH} {question}".strip()}]
            prompt = self._processor.apply_chat_template(
                [{"role": "user", "content": asked}], add_generation_prompt=True
            )
            inputs = self._processor(text=prompt, images=[image], return_tensors="pt")
            inputs = inputs.to(self._model.device, self._model.dtype)
            with torch.inference_mode(), _given_up_after(cancellation, self._model):
                said = self._model.generate(**inputs, max_new_tokens=_MOST_TOKENS, do_sample=False)
        except _GivenUpError:
            return ""
        except (ValueError, RuntimeError, TypeError, IndexError) as error:
            raise SightError("The vision model could not make anything of the picture.") from error
        [words] = self._processor.batch_decode(
            said[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True
        )
        return words.strip()


class _GivenUpError(Exception):
    """Nobody waits for what is to be seen any more."""


@contextmanager
def _given_up_after(cancellation: Cancellation, model: Any) -> Generator[None]:
    """End the work of a model before its next step: to read a large picture takes longer than a stop may."""

    def step(_module: Any, _inputs: Any) -> None:
        if cancellation.cancelled:
            raise _GivenUpError

    steps = [module for module in model.modules() if next(module.children(), None) is None]
    hooks = [module.register_forward_pre_hook(step) for module in steps]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _opened(picture: bytes) -> Any:
    """The picture in colours. Raises SightError for what is none, or too large to unpack."""
    from PIL import Image

    try:
        return Image.open(io.BytesIO(picture)).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise SightError("The picture could not be read.") from error
