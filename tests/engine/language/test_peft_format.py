"""A folder that is not a sound adapter for this base is refused with one plain reason."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.errors import AdapterError
from engine.language.lora import LoraWeights, wrap_linears
from engine.language.peft_format import CONFIG_NAME, PICKLE_NAME, WEIGHTS_NAME, read_adapter, write_adapter
from storage.sealing import new_secret
from tests.engine.language.conftest import BASE_NAME, random_weights, save_adapter, tiny_model

DOWN = "base_model.model.model.layers.0.mlp.down_proj.lora_A.weight"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return save_adapter(tmp_path / "adapter", random_weights(1, rank=4))


def read(folder: Path, *, max_rank: int = 8, secret: bytes | None = None) -> LoraWeights:
    shapes = wrap_linears(tiny_model(), slots=1, rank=1).shapes
    return read_adapter(folder, base_model=BASE_NAME, shapes=shapes, max_rank=max_rank, secret=secret)


def change_config(folder: Path, **options: object) -> None:
    path = folder / CONFIG_NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | options))


def change_tensors(folder: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    tensors = load_file(folder / WEIGHTS_NAME)
    change(tensors)
    save_file(tensors, folder / WEIGHTS_NAME)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"base_model_name_or_path": "another"}, "made for another"),
        ({"peft_type": "LOHA"}, "not a LoRA"),
        ({"use_dora": True}, "DoRA"),
        ({"modules_to_save": ["lm_head"]}, "whole modules"),
        ({"rank_pattern": {"q_proj": 2}}, "rank of its own"),
        ({"bias": "all"}, "biases"),
        ({"init_lora_weights": "pissa_niter_4"}, "start changed"),
        ({"r": 16}, "rank is 16"),
        ({"r": 0}, "rank is 0"),
        ({"r": "4"}, "rank is 4"),
        ({"r": 2}, "wrong shape"),
        ({"lora_alpha": "many"}, "lora_alpha"),
        ({"lora_alpha": float("inf")}, "lora_alpha"),
    ],
)
def test_an_unfit_config_is_refused(folder: Path, options: dict[str, object], reason: str) -> None:
    change_config(folder, **options)
    with pytest.raises(AdapterError, match=reason):
        read(folder)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda t: t[DOWN].fill_(float("nan")), "not finite"),
        (lambda t: t[DOWN].fill_(float("inf")), "not finite"),
        (lambda t: t.update({DOWN: torch.zeros(4, 5)}), "wrong shape"),
        (lambda t: t.update({DOWN: torch.zeros(4, 48, dtype=torch.int8)}), "not finite numbers"),
        (lambda t: t.pop(DOWN), "one half"),
        (lambda t: t.clear(), "one half"),
        (lambda t: t.update({"base_model.model.lm_head.lora_A.weight": torch.zeros(4, 32)}), "one half"),
        (lambda t: t.update({"embedding": torch.zeros(1)}), "unknown tensor"),
    ],
)
def test_unfit_tensors_are_refused(
    folder: Path, change: Callable[[dict[str, torch.Tensor]], object], reason: str
) -> None:
    change_tensors(folder, change)
    with pytest.raises(AdapterError, match=reason):
        read(folder)


def test_a_module_that_the_base_lacks_is_refused(folder: Path) -> None:
    def add(tensors: dict[str, torch.Tensor]) -> None:
        tensors["base_model.model.lm_head.lora_A.weight"] = torch.zeros(4, 32)
        tensors["base_model.model.lm_head.lora_B.weight"] = torch.zeros(259, 4)

    change_tensors(folder, add)
    with pytest.raises(AdapterError, match="no linear module lm_head"):
        read(folder)


def test_a_pickle_is_refused_unread(folder: Path) -> None:
    (folder / WEIGHTS_NAME).rename(folder / PICKLE_NAME)
    with pytest.raises(AdapterError, match="pickle"):
        read(folder)


def test_a_symbolic_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (folder / WEIGHTS_NAME).rename(tmp_path / "elsewhere")
    (folder / WEIGHTS_NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AdapterError, match="cannot be opened"):
        read(folder)


def test_an_oversized_file_is_not_read(folder: Path) -> None:
    with (folder / WEIGHTS_NAME).open("r+b") as file:
        file.truncate(1 << 30)
    with pytest.raises(AdapterError, match="larger"):
        read(folder)


@pytest.mark.parametrize("cut", [0, 4, 1000])
def test_a_truncated_file_is_refused(folder: Path, cut: int) -> None:
    with (folder / WEIGHTS_NAME).open("r+b") as file:
        file.truncate(cut)
    with pytest.raises(AdapterError, match="damaged"):
        read(folder)


@pytest.mark.parametrize("content", ["", "[]", "{", "[" * 100_000, '{"peft_type": "LORA"}'])
def test_a_broken_config_is_refused(folder: Path, content: str) -> None:
    (folder / CONFIG_NAME).write_text(content)
    with pytest.raises(AdapterError):
        read(folder)


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(AdapterError, match="missing"):
        read(tmp_path / "nowhere")


def test_sealed_weights_are_read_with_their_secret_alone(folder: Path, tmp_path: Path) -> None:
    secret, sealed = new_secret(), tmp_path / "sealed"
    sealed.mkdir()
    write_adapter(sealed, random_weights(1, rank=4), base_model=BASE_NAME, secret=secret)

    assert b"lora_A" in (folder / WEIGHTS_NAME).read_bytes()
    assert b"lora_A" not in (sealed / WEIGHTS_NAME).read_bytes()
    plain, opened = read(folder), read(sealed, secret=secret)
    assert all(torch.equal(plain.a[module], opened.a[module]) for module in plain.a)
    for wrong, reason in ((None, "its secret is not known"), (new_secret(), "another secret")):
        with pytest.raises(AdapterError, match=reason):
            read(sealed, secret=wrong)
