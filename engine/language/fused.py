"""Linear layers with one input as one product, with their adapters."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from engine.language.lora import NO_ADAPTER, StackedLora
from engine.language.untouched import untouched_zeros
from engine.language.weights import Form, FrozenLinear

_FEW_ROWS = 2
"""Above this, adding into a part of a wider result falls back to one product per row."""


class FusedLinear:
    """The base weights [outs, in] and A matrices [slots, in, layers * rank] of several layers side by side.

    The layers' own tensors become views of these, so nothing is kept twice and both may still be called.
    """

    def __init__(self, layers: Sequence[StackedLora]) -> None:
        self._layers = layers
        self._sizes = [layer.base.out_features for layer in layers]
        weight = torch.cat([layer.base.weight for layer in layers])
        for layer, part in zip(layers, _split(weight, self._sizes, 0), strict=True):
            layer.base.weight.data = part
        biases: list[Tensor | None] = [layer.base.bias for layer in layers]
        bias = None if None in biases else torch.cat([bias for bias in biases if bias is not None])
        self.base = FrozenLinear(weight, bias)
        self._a: Tensor | None = None
        self._b: list[Tensor] = []

    def fuse_adapters(self, used: Iterable[int]) -> None:
        """Lay the A matrices of the used slots side by side; again after the rank of the stack has grown."""
        first = self._layers[0].lora_a
        slots, size_in, rank = first.shape
        size = (slots, size_in, rank * len(self._layers))
        fused = untouched_zeros(size, dtype=first.dtype, device=first.device)
        for layer, part in zip(self._layers, _split(fused, [rank] * len(self._layers), 2), strict=True):
            for slot in used:
                part[slot] = layer.lora_a[slot]
            layer.lora_a.data = part
        self._fused_a = fused

    def select(self, slots: Sequence[int]) -> None:
        """Set the adapter slot of each row."""
        if all(slot == NO_ADAPTER for slot in slots):
            self._a, self._b = None, []
        elif len(set(slots)) == 1:
            # One adapter for all rows is two plain products, which take a third of the time of batched ones,
            # and the first of them is faster by half with its weights laid out as [out, in].
            self._a = self._fused_a[slots[0]].T.contiguous()
            parts = [layer.lora_b[slots[0]] for layer in self._layers]
            self._b = [torch.block_diag(*parts)]  # pyright: ignore[reportUnknownMemberType]
        else:
            self._a = _gather(self._fused_a, slots)
            self._b = [_gather(layer.lora_b, slots) for layer in self._layers]

    def __call__(self, x: Tensor, form: Form) -> Tensor:
        """Map [rows * tokens, in] to [rows * tokens, outs] by a form that the base weights are kept in."""
        out = self.base(x, form)
        if self._a is not None:
            self._add_adapters(x, out, self._a)
        return out

    def _add_adapters(self, x: Tensor, out: Tensor, a: Tensor) -> None:
        if a.dim() == 2:
            out.addmm_(torch.nn.functional.linear(x, a), self._b[0])
            return
        rows = a.shape[0]
        low = torch.bmm(x.view(rows, -1, x.shape[-1]), a)
        lows = low.chunk(len(self._layers), dim=-1)
        parts = _split(out.view(rows, -1, out.shape[-1]), self._sizes, -1)
        for part, low, b in zip(parts, lows, self._b, strict=True):
            if rows > _FEW_ROWS and len(parts) > 1:
                part.add_(torch.bmm(low, b))
            else:
                part.baddbmm_(low, b)


def _split(tensor: Tensor, sizes: list[int], dim: int) -> tuple[Tensor, ...]:
    return torch.split(tensor, sizes, dim)


def _gather(stacked: Tensor, slots: Sequence[int]) -> Tensor:
    """The slots of all rows: a view when they lie side by side, else a copy."""
    first = slots[0]
    if list(slots) == list(range(first, first + len(slots))):
        return stacked[first : first + len(slots)]
    return stacked[torch.tensor(slots, device=stacked.device)]
