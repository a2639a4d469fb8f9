"""The fastest right forward pass for a model on this hardware, by measuring it as it is loaded."""

import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from engine.language.cache import RowBlock, Strip
from engine.language.choice import Choice, ChoiceFile
from engine.language.forward import Forward, TransformersForward
from engine.language.lean import LeanForward
from engine.language.lora import NO_ADAPTER, LoraStack
from engine.language.weights import Form, FrozenLinear, half_is_supported

_log = logging.getLogger(__name__)

_TRIED_TOKENS = (1, 2, 4, 8, 16, 64)
"""What wins for the most of these is taken to win for any number."""
_TRIED_BYTES = 128 << 20
_REPEATS = 3
_CLEARLY = 0.8
"""A form must win by a fifth: it also costs memory, and int8 a little precision."""


def choose_forward(model: Any, stack: LoraStack, *, place: str, probe: Sequence[int]) -> Forward:
    """The lean pass where it gives the numbers of `transformers`.

    Raises ModelUnavailableError when the model cannot be served at all.
    """
    reference = TransformersForward(model, stack.rows, place=place)
    if not LeanForward.supports(model):
        return reference
    lean = LeanForward(model, stack, shape=replace(reference.shape, dtype=stack.dtype))
    if not _agree(lean, reference, probe):
        _log.warning("the lean pass differs from transformers for %s, which serves instead", place)
        return reference
    return lean


def tune(forward: Forward, *, probe: Sequence[int], remembered: ChoiceFile | None) -> int:
    """Have a pass use the forms that are fastest, and return the number of threads that is.

    Both are as `remembered`, or measured and remembered.
    """
    choice = remembered.read() if remembered is not None else None
    if choice is None:
        forms: dict[Form, int] = {}
        if isinstance(forward, LeanForward) and forward.shape.device.type == "cpu":
            forms = _fastest_forms(forward.weights, forward.shape.dtype)
            forward.use(forms)
        choice = Choice(threads=choose_threads(forward, probe), forms=forms)
        if remembered is not None:
            remembered.write(choice)
    elif isinstance(forward, LeanForward):
        forward.use(choice.forms)
    return choice.threads


def choose_threads(forward: Forward, probe: Sequence[int]) -> int:
    """How many threads write one reply fastest, of all cores, half of them, and so on."""
    most = torch.get_num_threads()
    candidates = [most >> halvings for halvings in range(most.bit_length())]
    strip = Strip(forward.shape)
    forward.prefill(strip, probe, NO_ADAPTER)

    def seconds(threads: int) -> float:
        torch.set_num_threads(threads)
        block = RowBlock(forward.shape, rows=1)
        block.join(strip)
        return _best_seconds(lambda: forward.decode(block, [probe[0]], [NO_ADAPTER]), clock=time.perf_counter)

    try:
        return min(candidates, key=seconds)
    finally:
        torch.set_num_threads(most)


def _agree(lean: Forward, reference: Forward, probe: Sequence[int]) -> bool:
    tolerance = 1e-3 if reference.shape.dtype == torch.float32 else 0.1
    for left, right in zip(_sample(lean, probe), _sample(reference, probe), strict=True):
        if not bool((left - right).abs().max() <= tolerance * right.abs().max()):
            return False
    return True


def _sample(forward: Forward, probe: Sequence[int]) -> list[Tensor]:
    strip, block = Strip(forward.shape), RowBlock(forward.shape, rows=2)
    prefilled = forward.prefill(strip, probe[:-1], NO_ADAPTER)
    block.join(strip)
    continued = forward.prefill(strip, probe[-1:], NO_ADAPTER)
    block.join(strip)
    return [prefilled, continued, forward.decode(block, probe[-2:], [NO_ADAPTER, NO_ADAPTER])]


def _fastest_forms(weights: Sequence[FrozenLinear], dtype: torch.dtype) -> dict[Form, int]:
    """The forms that beat all more precise ones, each with the most tokens at which it does."""
    tried = list(_enough(weights))
    packed = [Form.HALF, Form.INT8] if half_is_supported(dtype) else [Form.INT8]
    for weight in tried:
        weight.keep(set(packed))

    def seconds(form: Form, tokens: int) -> float:
        inputs = [torch.ones(tokens, weight.weight.shape[1], dtype=dtype) for weight in tried]
        # On one thread, by what the processor spent on it, which other work on the cores disturbs least.
        return _best_seconds(
            lambda: [weight(x, form) for weight, x in zip(tried, inputs, strict=True)], clock=time.thread_time
        )

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        most_tokens: dict[Form, int] = {}
        for tokens in _TRIED_TOKENS:
            least = seconds(Form.PLAIN, tokens)
            for form in list(packed):
                taken = seconds(form, tokens)
                if taken < _CLEARLY * least:
                    most_tokens[form] = tokens if tokens < _TRIED_TOKENS[-1] else sys.maxsize
                else:
                    packed.remove(form)
                least = min(least, taken)
        return most_tokens
    finally:
        torch.set_num_threads(threads)


def _enough(weights: Sequence[FrozenLinear]) -> Iterator[FrozenLinear]:
    """The first weights, enough of them that they do not stay in the processor's cache."""
    size_bytes = 0
    for weight in weights:
        if size_bytes < _TRIED_BYTES:
            size_bytes += weight.weight.nbytes
            yield weight


def _best_seconds(work: Callable[[], object], *, clock: Callable[[], float]) -> float:
    work()
    seconds: list[float] = []
    for _ in range(_REPEATS):
        start = clock()
        work()
        seconds.append(clock() - start)
    return min(seconds)
