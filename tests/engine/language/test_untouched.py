"""Zeros that take no memory until they are written."""

import resource
from pathlib import Path

import pytest
import torch

from engine.language.untouched import untouched_zeros

ROOM_BYTES = 1 << 28


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no count of resident pages here")
def test_room_takes_memory_only_where_it_is_written() -> None:
    before = resident_bytes()
    room = untouched_zeros((256, 1 << 19), dtype=torch.bfloat16, device=torch.device("cpu"))
    assert room.nbytes == ROOM_BYTES
    assert resident_bytes() - before < ROOM_BYTES // 8
    room[7] = 1.0
    assert resident_bytes() - before < ROOM_BYTES // 8
    assert room[7].sum() == 1 << 19
    assert not room[6].any()
    assert not room[8].any()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_room_is_as_torch_makes_it(dtype: torch.dtype) -> None:
    room = untouched_zeros((3, 5, 7), dtype=dtype, device=torch.device("cpu"))
    assert torch.equal(room, torch.zeros(3, 5, 7, dtype=dtype))
    assert room.is_contiguous()
    assert room.data_ptr() % 64 == 0
