from pathlib import Path

import pytest
import torch

from engine.errors import ModelUnavailableError, TuningError
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


def test_what_the_index_does_not_name_takes_no_room(tmp_path: Path):
    folder = folder_with(tmp_path, 1000)
    (folder / "consolidated.safetensors").write_bytes(bytes(1000))
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "model.safetensors"}}')

    check_room(folder, CARD, free_bytes=lambda _card: WORKING_BYTES + 1000)


@pytest.mark.parametrize("index", ["", "[]", "{}", '{"weight_map": []}'])
def test_an_index_that_cannot_be_read_is_told(tmp_path: Path, index: str):
    folder = folder_with(tmp_path, 1000)
    (folder / "model.safetensors.index.json").write_text(index)

    with pytest.raises(ModelUnavailableError, match="cannot be read"):
        check_room(folder, CARD, free_bytes=lambda _card: WORKING_BYTES + 1000)


def test_a_processor_is_not_asked(tmp_path: Path):
    check_room(tmp_path, torch.device("cpu"), free_bytes=lambda _device: 0)
