"""The fastest right forward pass for a model on this hardware, by measuring it as it is loaded."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from engine.language.cache import RowBlock, Strip
from engine.language.forward import Forward, TransformersForward
from engine.language.fused import FusedLinear
from engine.language.lean import LeanForward
from engine.language.lora import NO_ADAPTER, LoraStack

_log = logging.getLogger(__name__)

_TRIED_TOKENS = (1, 2, 4, 8, 16)
_TRIED_BYTES = 64 << 20
_REPEATS = 3
_CLEARLY = 0.8
"""int8 must win by a fifth: it also costs memory and a little precision."""


def choose_forward(model: Any, stack: LoraStack, *, place: str, exact: bool, probe: Sequence[int]) -> Forward:
    """The lean pass where it gives the numbers of `transformers`, in int8 where that pays unless `exact`.

    Raises ModelUnavailableError when the model cannot be served at all.
    """
    reference = TransformersForward(model, stack.rows, place=place)
    if not LeanForward.supports(model):
        return reference
    lean = LeanForward(model, stack, shape=reference.shape)
    if not _agree(lean, reference, probe):
        _log.warning("the lean pass differs from transformers for %s, which serves instead", place)
        return reference
    if not exact and reference.shape.device.type == "cpu":
        tokens = _int8_tokens(lean.linears, reference.shape.dtype)
        if tokens:
            lean.use_int8(tokens)
    return lean


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
        return _best_seconds(lambda: forward.decode(block, [probe[0]], [NO_ADAPTER]))

    try:
        return min(candidates, key=seconds)
    finally:
        torch.set_num_threads(most)


def _agree(one: Forward, other: Forward, probe: Sequence[int]) -> bool:
    tolerance = 1e-3 if one.shape.dtype == torch.float32 else 0.1
    for left, right in zip(_sample(one, probe), _sample(other, probe), strict=True):
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


def _int8_tokens(linears: Sequence[FusedLinear], dtype: torch.dtype) -> int:
    """The most tokens at which int8 products are clearly faster; 0 for never."""
    tried: list[FusedLinear] = []
    size_bytes = 0
    for linear in linears:
        # Fewer would all stay in the processor's cache, unlike those of the whole model.
        if size_bytes < _TRIED_BYTES:
            tried.append(linear)
            size_bytes += linear.size_bytes
            linear.quantise()

    def faster(tokens: int) -> bool:
        inputs = [torch.ones(tokens, linear.input_size, dtype=dtype) for linear in tried]

        def run(int8: bool) -> None:
            for linear, x in zip(tried, inputs, strict=True):
                linear(x, int8=int8)

        return _best_seconds(lambda: run(True)) < _CLEARLY * _best_seconds(lambda: run(False))

    most = torch.get_num_threads()
    # The kernels are compared on one thread, whose time other work on the cores disturbs least.
    torch.set_num_threads(1)
    try:
        return next((tokens for tokens in reversed(_TRIED_TOKENS) if faster(tokens)), 0)
    finally:
        torch.set_num_threads(most)


def _best_seconds(work: Callable[[], object]) -> float:
    work()
    seconds: list[float] = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)
