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
from engine.language.model import Cancellation

_MOST_TOKENS = 160
_WISH = "Describe this picture."


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
        from transformers import AutoModelForImageTextToText, AutoProcessor

        from engine.language.loading import choose_device, choose_weight_dtype, told_plainly

        loaders: tuple[Any, Any] = (AutoModelForImageTextToText, AutoProcessor)
        place = choose_device(device)
        with told_plainly(folder, "it cannot be used to look at pictures"):
            model = loaders[0].from_pretrained(
                str(folder), dtype=choose_weight_dtype(place), local_files_only=True, use_safetensors=True
            )
            processor = loaders[1].from_pretrained(str(folder), local_files_only=True)
        if not getattr(processor, "chat_template", None):
            raise ModelUnavailableError(str(folder), "it has no chat template for pictures")
        return cls(model.to(place).eval(), processor)

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
