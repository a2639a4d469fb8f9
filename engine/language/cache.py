"""Keys and values: one strip per chat, kept between turns, and the joint block that a batch decodes in.

A strip is filled by prefill, copied into a row of the block when its reply starts, and gets the reply's own
part back when it ends. So the rows of a batch lie side by side, and a kept prefix costs no row.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.language.model import AdapterRef

_STEP_TOKENS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheShape:
    """What one token's keys and values need."""

    layers: int
    heads: int
    head_dim: int
    dtype: torch.dtype
    device: torch.device

    @property
    def token_bytes(self) -> int:
        """Bytes of one token's keys and values in all layers."""
        return 2 * self.layers * self.heads * self.head_dim * self.dtype.itemsize

    def zeros(self, tokens: int, *rows: int) -> Tensor:
        """Room for keys and values: [layers, 2, *rows, heads, tokens, head_dim]."""
        size = (self.layers, 2, *rows, self.heads, tokens, self.head_dim)
        # Not `torch.empty`: what is masked still takes part as zero times itself, and memory may hold a NaN.
        return torch.zeros(size, dtype=self.dtype, device=self.device)


def _rounded(tokens: int) -> int:
    return -(-tokens // _STEP_TOKENS) * _STEP_TOKENS


class Strip:
    """The keys and values of one token sequence: `kv` is [layers, 2, heads, capacity, head_dim]."""

    def __init__(self, shape: CacheShape) -> None:
        self._shape = shape
        self.token_ids: list[int] = []
        self.kv = shape.zeros(0)

    @property
    def size_bytes(self) -> int:
        """Memory held."""
        return self.kv.shape[-2] * self._shape.token_bytes

    def common_prefix(self, token_ids: Sequence[int]) -> int:
        """How many of the first tokens are computed already."""
        pairs = zip(self.token_ids, token_ids, strict=False)
        shorter = min(len(self.token_ids), len(token_ids))
        return next((place for place, (mine, other) in enumerate(pairs) if mine != other), shorter)

    def truncate(self, tokens: int) -> None:
        """Keep only the first tokens."""
        del self.token_ids[tokens:]

    def reserve(self, tokens: int) -> None:
        """Make room for a length in all."""
        if tokens <= self.kv.shape[-2]:
            return
        used, old = len(self.token_ids), self.kv
        self.kv = self._shape.zeros(_rounded(tokens))
        self.kv[..., :used, :] = old[..., :used, :]


class RowBlock:
    """The rows that decode together: `kv` is [layers, 2, rows, heads, capacity, head_dim], row i has
    `lengths[i]` tokens.
    """

    def __init__(self, shape: CacheShape, *, rows: int) -> None:
        self._shape = shape
        self._rows = rows
        self.lengths: list[int] = []
        self.kv = shape.zeros(0, rows)

    def join(self, strip: Strip) -> None:
        """Copy a strip into the next free row."""
        length = len(strip.token_ids)
        self.reserve(length + 1)
        row = len(self.lengths)
        self.lengths.append(length)
        self.kv[:, :, row, :, :length] = strip.kv[..., :length, :]

    def store(self, row: int, strip: Strip, token_ids: Sequence[int]) -> None:
        """Copy what a row holds beyond its strip, the keys and values of these tokens, back to the strip."""
        start, end = len(strip.token_ids), self.lengths[row]
        strip.reserve(end)
        strip.kv[..., start:end, :] = self.kv[:, :, row, :, start:end]
        strip.token_ids += token_ids[: end - start]

    def wipe(self, row: int) -> None:
        """Zero a row that holds a NaN, which would spoil whoever has this row next."""
        self.kv[:, :, row, :, : self.lengths[row]] = 0

    def remove(self, row: int) -> None:
        """Free a row; the last one takes its place."""
        length = self.lengths[-1]
        last = len(self.lengths) - 1
        if row != last:
            self.kv[:, :, row, :, :length] = self.kv[:, :, last, :, :length]
            self.lengths[row] = length
        self.lengths.pop()

    def reserve(self, tokens: int) -> None:
        """Make room for a length in every row."""
        capacity = self.kv.shape[-2]
        if tokens <= capacity:
            return
        rows, used, old = len(self.lengths), max(self.lengths, default=0), self.kv
        self.kv = self._shape.zeros(_rounded(max(tokens, capacity + capacity // 2)), self._rows)
        self.kv[:, :, :rows, :, :used] = old[:, :, :rows, :, :used]


class PrefixCache:
    """Strips kept between turns within a memory budget, the least recently used dropped first.

    A strip belongs to a chat and to the exact adapter version that computed it: under other weights the same
    tokens have other keys and values.
    """

    def __init__(self, shape: CacheShape, *, budget_bytes: int) -> None:
        self._shape = shape
        self._budget_bytes = budget_bytes
        self._kept: OrderedDict[str, tuple[AdapterRef | None, Strip]] = OrderedDict()

    def take(self, cache_key: str | None, adapter: AdapterRef | None, token_ids: Sequence[int]) -> Strip:
        """A strip that holds as much of a prompt as was kept, but never its last token; now the caller's."""
        kept = self._kept.pop(cache_key, None) if cache_key is not None else None
        if kept is None or kept[0] != adapter:
            return Strip(self._shape)
        strip = kept[1]
        strip.truncate(min(strip.common_prefix(token_ids), len(token_ids) - 1))
        return strip

    def put(self, cache_key: str | None, adapter: AdapterRef | None, strip: Strip) -> None:
        """Keep a strip for the next turn, unless it belongs to no chat."""
        if cache_key is None:
            return
        self._kept.pop(cache_key, None)
        self._kept[cache_key] = (adapter, strip)
        while self.size_bytes > self._budget_bytes:
            self._kept.popitem(last=False)

    def drop(self, adapter: AdapterRef) -> None:
        """Forget what one adapter version computed."""
        for cache_key in [key for key, (owner, _) in self._kept.items() if owner == adapter]:
            del self._kept[cache_key]

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()

    @property
    def size_bytes(self) -> int:
        """Memory held by all kept strips."""
        return sum(strip.size_bytes for _, strip in self._kept.values())
