"""Stacked LoRA: many users' low-rank weights beside one frozen model, each batch row multiplied by its own.

The same layer serves and trains. W x + s B A x is Hu et al., "LoRA: Low-Rank Adaptation of Large Language
Models" (arXiv 2106.09685); a stack of A and B with an index per row is the plain form of Punica's gathered
product (arXiv 2310.18547).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from engine.errors import ModelUnavailableError
from engine.language.untouched import untouched_zeros

NO_ADAPTER = 0
"""The slot whose weights are zero: a row without an adapter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoraWeights:
    """One adapter: `a[module]` is [rank, in], `b[module]` is [out, rank]; `scaling` multiplies B A."""

    rank: int
    scaling: float
    a: Mapping[str, Tensor]
    b: Mapping[str, Tensor]


class RowSlots:
    """The slot of each batch row, shared by all stacked layers of one model."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self.index: Tensor | None = None

    def select(self, slots: Sequence[int]) -> None:
        """Set one slot per batch row; rows that all have no adapter skip the product."""
        used = any(slot != NO_ADAPTER for slot in slots)
        self.index = torch.tensor(slots, device=self._device) if used else None


class StackedLora(nn.Module):
    """A frozen linear layer with A [slots, in, rank] and B [slots, rank, out] beside it."""

    def __init__(self, base: nn.Linear, *, rows: RowSlots, slots: int, rank: int, dtype: torch.dtype) -> None:
        super().__init__()
        device = base.weight.device
        self.base = base
        self.scaling = 1.0
        self._rows = rows
        self.lora_a = nn.Parameter(
            torch.zeros(slots, base.in_features, rank, dtype=dtype, device=device), requires_grad=False
        )
        self.lora_b = nn.Parameter(
            torch.zeros(slots, rank, base.out_features, dtype=dtype, device=device), requires_grad=False
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map [rows, tokens, in] to [rows, tokens, out]."""
        out: Tensor = self.base(x)
        index = self._rows.index
        if index is None:
            return out
        by_row = x.reshape(index.shape[0], -1, x.shape[-1]).to(self.lora_a.dtype)
        low = torch.bmm(by_row, self.lora_a[index])
        if self.scaling != 1.0:
            low = low * self.scaling
        return out + torch.bmm(low, self.lora_b[index]).to(out.dtype).view_as(out)


class LoraStack:
    """All stacked layers of one model, by module name, and what is in their slots."""

    def __init__(self, layers: Mapping[str, StackedLora], *, rows: RowSlots, slots: int, rank: int) -> None:
        self.layers = layers
        self.rows = rows
        self.slots = slots
        self.rank = rank
        self.used: set[int] = set()
        """The slots that are not empty: to look for them takes longer than all else at a start."""
        self.version = 0
        """Changes whenever a slot does, so that copies of slots can tell that they are stale."""

    @property
    def shapes(self) -> dict[str, tuple[int, int]]:
        """(in, out) of each wrapped module."""
        return {
            name: (layer.base.in_features, layer.base.out_features) for name, layer in self.layers.items()
        }

    @property
    def dtype(self) -> torch.dtype:
        """Of A and B, and of the pass that serves with them."""
        return next(self.parameters()).dtype

    def slot_bytes(self, rank: int) -> int:
        """How much memory one adapter takes at this rank."""
        layer = next(iter(self.layers.values()))
        sizes = sum(size_in + size_out for size_in, size_out in self.shapes.values())
        return sizes * rank * layer.lora_a.element_size()

    @torch.no_grad()
    def write(self, slot: int, weights: LoraWeights) -> None:
        """Put an adapter into a slot, its scaling folded into B, its rank padded with zeros."""
        self.grow(weights.rank)
        self.clear(slot)
        self.used.add(slot)
        for name, a in weights.a.items():
            layer = self.layers[name]
            layer.lora_a[slot, :, : weights.rank] = a.T.to(layer.lora_a)
            b = weights.b[name].T.float() * (weights.scaling / layer.scaling)
            layer.lora_b[slot, : weights.rank] = b.to(layer.lora_b)

    @torch.no_grad()
    def read(self, slot: int, *, rank: int | None = None) -> LoraWeights:
        """A float32 copy of a slot, with the scaling of its layers."""
        rank = rank or self.rank
        scaling = next(iter(self.layers.values())).scaling
        a = {name: layer.lora_a[slot, :, :rank].T.float().cpu() for name, layer in self.layers.items()}
        b = {name: layer.lora_b[slot, :rank].T.float().cpu() for name, layer in self.layers.items()}
        return LoraWeights(rank=rank, scaling=scaling, a=_owned(a), b=_owned(b))

    @torch.no_grad()
    def clear(self, slot: int) -> None:
        """Make a slot mean "no adapter" again."""
        self.version += 1
        self.used.discard(slot)
        for layer in self.layers.values():
            layer.lora_a[slot].zero_()
            layer.lora_b[slot].zero_()

    @torch.no_grad()
    def grow(self, rank: int) -> None:
        """Make room for adapters of a higher rank; a smaller one costs only what it needs until then."""
        if rank <= self.rank:
            return
        for layer in self.layers.values():
            layer.lora_a.data = _padded(layer.lora_a, (0, rank - self.rank), self.used)
            layer.lora_b.data = _padded(layer.lora_b, (0, 0, 0, rank - self.rank), self.used)
        self.rank = rank
        self.version += 1

    @torch.no_grad()
    def widen(self, slots: int) -> None:
        """Add empty slots; in the memory of a CPU they cost nothing until they are written."""
        for layer in self.layers.values():
            for matrices in (layer.lora_a, layer.lora_b):
                size = (slots, *matrices.shape[1:])
                wide = untouched_zeros(size, dtype=matrices.dtype, device=matrices.device)
                wide[: self.slots] = matrices
                matrices.data = wide
        self.slots = slots
        self.version += 1

    @torch.no_grad()
    def initialise(self, slot: int, *, seed: int, rank: int | None = None) -> None:
        """Start a slot for training: A uniform within 1/sqrt(in), as PEFT draws it, and B zero.

        Beyond `rank` both are zero and stay so, for then neither has a gradient.
        """
        rank = rank or self.rank
        self.clear(slot)
        self.used.add(slot)
        generator = torch.Generator().manual_seed(seed)
        for layer in self.layers.values():
            bound = layer.base.in_features**-0.5
            drawn = torch.empty(layer.base.in_features, rank).uniform_(-bound, bound, generator=generator)
            layer.lora_a[slot, :, :rank] = drawn.to(layer.lora_a)

    def train(self, *, alpha: float, rank: int | None = None) -> None:
        """Let gradients reach every slot, with the scaling alpha / rank."""
        for layer in self.layers.values():
            layer.scaling = alpha / (rank or self.rank)
            layer.lora_a.requires_grad_(True)
            layer.lora_b.requires_grad_(True)

    def parameters(self) -> Iterator[nn.Parameter]:
        """A and B of every layer, for an optimizer."""
        for layer in self.layers.values():
            yield layer.lora_a
            yield layer.lora_b


def wrap_linears(model: nn.Module, *, slots: int, rank: int, dtype: torch.dtype | None = None) -> LoraStack:
    """Freeze a causal language model and stand a stacked layer around each linear of its decoder layers.

    `slots` counts slot 0, which stays zero. `dtype` is float32 for training, None for the layer's own. Raises
    ModelUnavailableError when there is nothing to wrap.
    """
    model.requires_grad_(False)
    targets = dict(decoder_linears(model))
    if not targets:
        raise ModelUnavailableError(type(model).__name__, "its layers have no linear modules to adapt")
    rows = RowSlots(next(iter(targets.values())).weight.device)
    layers: dict[str, StackedLora] = {}
    for name, linear in targets.items():
        layer = StackedLora(linear, rows=rows, slots=slots, rank=rank, dtype=dtype or linear.weight.dtype)
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, layer)
        layers[name] = layer
    return LoraStack(layers, rows=rows, slots=slots, rank=rank)


def decoder_linears(model: nn.Module) -> Iterator[tuple[str, nn.Linear]]:
    """The linears of the first list of blocks: neither the embedding nor the output head lies in it."""
    modules: dict[str, nn.Module] = {}
    modules.update(cast(Iterator[tuple[str, nn.Module]], model.named_modules()))
    blocks = next((name for name, module in modules.items() if isinstance(module, nn.ModuleList)), "")
    for name, module in modules.items():
        if name.startswith(f"{blocks}.") and isinstance(module, nn.Linear):
            yield name, module


def _padded(old: Tensor, padding: tuple[int, ...], used: Iterable[int]) -> Tensor:
    size = torch.nn.functional.pad(old[:1], padding).shape[1:]
    new = untouched_zeros((old.shape[0], *size), dtype=old.dtype, device=old.device)
    for slot in used:
        new[slot] = torch.nn.functional.pad(old[slot], padding)
    return new


def _owned(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.clone(memory_format=torch.contiguous_format) for name, tensor in tensors.items()}
