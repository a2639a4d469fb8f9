from pathlib import Path

import pytest
import torch

from engine.errors import TuningError
from engine.tuning.room import WORKING_BYTES, check_room

CARD = torch.device("cuda:0")


def folder_with(path: Path, size: int) -> Path:
    (path / "model.safetensors").write_bytes(bytes(size))
    return path


def test_a_card_must_have_room_for_the_weights_and_the_work(tmp_path: Path):
    folder = folder_with(tmp_path, 1000)
    check_room(folder, CARD, free_bytes=lambda _card: WORKING_BYTES + 1000)
    with pytest.raises(
        TuningError, match=r"The graphics card has 2\.1 GB free, and training takes 2\.1 GB\."
    ):
        check_room(folder, CARD, free_bytes=lambda _card: WORKING_BYTES + 999)


def test_a_processor_is_not_asked(tmp_path: Path):
    check_room(tmp_path, torch.device("cpu"), free_bytes=lambda _device: 0)
