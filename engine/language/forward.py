"""One forward pass of any causal model that `transformers` reads, over our own keys and values."""

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor
from transformers import Cache, DynamicCache

from engine.errors import ModelUnavailableError
from engine.language.cache import CacheShape, RowBlock, Strip
from engine.language.lora import RowSlots


class Forward(Protocol):
    """What a batch needs of a model."""

    shape: CacheShape

    def prefill(self, strip: Strip, token_ids: Sequence[int], slot: int) -> Tensor:
        """Append tokens to a strip under one adapter slot; float32 logits [vocabulary] after the last one."""
        ...

    def decode(self, block: RowBlock, token_ids: Sequence[int], slots: Sequence[int]) -> Tensor:
        """Append one token to every row of a block; float32 logits [rows, vocabulary]."""
        ...


class _StripCache(Cache):
    """Lets the attention of `transformers` append to a strip."""

    def __init__(self, strip: Strip, start: int) -> None:
        super().__init__(layers=[])
        self._strip = strip
        self._start = start

    def update(
        self, key_states: Tensor, value_states: Tensor, layer_idx: int, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        end = self._start + key_states.shape[-2]
        keys, values = self._strip.kv[layer_idx]
        keys[:, self._start : end] = key_states[0]
        values[:, self._start : end] = value_states[0]
        return keys[None, :, :end], values[None, :, :end]

    def get_seq_length(self, *_: Any, **__: Any) -> int:
        return self._start


class _BlockCache(Cache):
    """Lets the attention of `transformers` append one token to each row of a block."""

    def __init__(self, block: RowBlock, positions: Tensor) -> None:
        super().__init__(layers=[])
        self._block = block
        self._positions = positions
        self._rows = torch.arange(positions.shape[0], device=positions.device)
        self._longest = max(block.lengths) + 1

    def update(
        self, key_states: Tensor, value_states: Tensor, layer_idx: int, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        rows = self._rows.shape[0]
        keys, values = self._block.kv[layer_idx, :, :rows]
        keys[self._rows, :, self._positions] = key_states[:, :, 0]
        values[self._rows, :, self._positions] = value_states[:, :, 0]
        return keys[:, :, : self._longest], values[:, :, : self._longest]

    def get_seq_length(self, *_: Any, **__: Any) -> int:
        return self._longest - 1


class TransformersForward:
    """Runs the model's own `transformers` code; right for every architecture, at its pace."""

    def __init__(self, model: Any, rows: RowSlots, *, place: str) -> None:
        """Raises ModelUnavailableError when the model keeps anything but plain keys and values."""
        self._model = model
        self._rows = rows
        self._device: torch.device = model.device
        self._boolean_mask: bool = model.config._attn_implementation == "sdpa"
        self.shape = _measure_shape(model, place)

    def prefill(self, strip: Strip, token_ids: Sequence[int], slot: int) -> Tensor:
        """Append tokens to a strip under one adapter slot; float32 logits [vocabulary] after the last one."""
        start, end = len(strip.token_ids), len(strip.token_ids) + len(token_ids)
        strip.reserve(end)
        self._rows.select([slot])
        positions = torch.arange(start, end, device=self._device)
        mask = torch.arange(end, device=self._device) <= positions[:, None]
        logits = self._run(token_ids, (1, -1), positions[None], mask[None, None], _StripCache(strip, start))
        strip.token_ids += token_ids
        return logits[0]

    def decode(self, block: RowBlock, token_ids: Sequence[int], slots: Sequence[int]) -> Tensor:
        """Append one token to every row of a block; float32 logits [rows, vocabulary]."""
        longest = max(block.lengths) + 1
        block.reserve(longest)
        self._rows.select(slots)
        positions = torch.tensor(block.lengths, device=self._device)
        mask = torch.arange(longest, device=self._device) <= positions[:, None]
        cache = _BlockCache(block, positions)
        logits = self._run(token_ids, (-1, 1), positions[:, None], mask[:, None, None], cache)
        block.lengths = [length + 1 for length in block.lengths]
        return logits

    def _run(
        self, token_ids: Sequence[int], size: tuple[int, int], positions: Tensor, mask: Tensor, cache: Cache
    ) -> Tensor:
        if not self._boolean_mask:
            mask = torch.zeros_like(mask, dtype=self.shape.dtype).masked_fill_(~mask, float("-inf"))
        with torch.no_grad():
            output = self._model(
                input_ids=torch.tensor(token_ids, device=self._device).view(size),
                attention_mask=mask,
                position_ids=positions,
                cache=cache,
                use_cache=True,
                logits_to_keep=1,
            )
        return output.logits[:, -1].float()


def _measure_shape(model: Any, place: str) -> CacheShape:
    """Run one token and look at what the model keeps of it."""
    cache = DynamicCache()
    with torch.no_grad():
        model(input_ids=torch.zeros(1, 1, dtype=torch.long, device=model.device), cache=cache, use_cache=True)
    layers: list[Any] = list(cache.layers)
    kept: list[Tensor] = [tensor for layer in layers for tensor in (layer.keys, layer.values)]
    if len({tensor.shape for tensor in kept}) != 1:
        raise ModelUnavailableError(place, "its layers do not all keep keys and values of one size")
    return CacheShape(
        layers=len(layers),
        heads=kept[0].shape[1],
        head_dim=kept[0].shape[3],
        dtype=kept[0].dtype,
        device=kept[0].device,
    )
