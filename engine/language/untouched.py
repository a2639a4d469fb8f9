"""Zeros that take no memory until they are written."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

_ALIGNMENT = 64
"""Bytes; what `torch` gives its own tensors, for the widest loads of a processor."""


def untouched_zeros(shape: Sequence[int], *, dtype: torch.dtype, device: torch.device) -> Tensor:
    """A tensor of zeros. On a CPU the system gives a page only when it is written to.

    `torch.zeros` writes them all, which for room that may never be needed takes time and memory.
    """
    if device.type != "cpu":
        return torch.zeros(*shape, dtype=dtype, device=device)
    size = math.prod(shape) * dtype.itemsize
    room = np.zeros(size + _ALIGNMENT, np.uint8)
    begin = -room.ctypes.data % _ALIGNMENT
    raw: Tensor = torch.from_numpy(room[begin : begin + size])  # pyright: ignore[reportUnknownMemberType]
    return raw.view(dtype).view(*shape)
