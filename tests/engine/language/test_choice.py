"""What is measured at a first start is remembered, and nothing that is remembered can break a start."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.language.choice import Choice, ChoiceFile
from engine.language.lean import LeanForward
from engine.language.local import LocalModel
from engine.language.lora import wrap_linears
from engine.language.tuned import choose_forward, tune
from engine.language.weights import Form
from tests.engine.language.conftest import BASE_NAME, ask, random_tokens, save_tiny, tiny_model

CPU = torch.device("cpu")
CHOICE = Choice(threads=1, forms={Form.INT8: 2})


def test_a_choice_is_read_as_it_was_written(tmp_path: Path, tiny_folder: Path) -> None:
    path = tmp_path / "new folder" / "measured.json"
    ChoiceFile(path, model=tiny_folder, device=CPU).write(CHOICE)
    assert ChoiceFile(path, model=tiny_folder, device=CPU).read() == CHOICE
    assert [file.name for file in path.parent.iterdir()] == ["measured.json"]


def test_a_choice_for_another_model_is_none(tmp_path: Path, tiny_folder: Path) -> None:
    path, other = tmp_path / "measured.json", save_tiny(tmp_path / "other")
    ChoiceFile(path, model=tiny_folder, device=CPU).write(CHOICE)
    config: dict[str, Any] = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(config | {"rms_norm_eps": 1e-5}))
    assert ChoiceFile(path, model=other, device=CPU).read() is None
    assert ChoiceFile(path, model=tiny_folder, device=torch.device("cuda")).read() is None


@pytest.mark.parametrize(
    "damage",
    [
        {"threads": 0},
        {"threads": "many"},
        {"threads": None},
        {"forms": {"int2": 4}},
        {"forms": ["int8"]},
        {"forms": {"int8": "few"}},
        {"made_for": None},
    ],
    ids=str,
)
def test_a_damaged_choice_is_none(tmp_path: Path, tiny_folder: Path, damage: dict[str, Any]) -> None:
    path = tmp_path / "measured.json"
    file = ChoiceFile(path, model=tiny_folder, device=CPU)
    file.write(CHOICE)
    path.write_text(json.dumps(json.loads(path.read_text()) | damage))
    assert file.read() is None


@pytest.mark.parametrize("content", [b"", b"[]", b"17", b"\xff\x00", b'{"threads": 1}'])
def test_what_is_no_choice_is_none(tmp_path: Path, tiny_folder: Path, content: bytes) -> None:
    path = tmp_path / "measured.json"
    path.write_bytes(content)
    assert ChoiceFile(path, model=tiny_folder, device=CPU).read() is None


def test_a_pass_is_tuned_as_remembered(tmp_path: Path, tiny_folder: Path) -> None:
    file = ChoiceFile(tmp_path / "measured.json", model=tiny_folder, device=CPU)
    model, probe = tiny_model(), random_tokens(8, seed=1)
    forward = choose_forward(model, wrap_linears(model, slots=2, rank=4), place="tiny", probe=probe)
    assert isinstance(forward, LeanForward)
    measured = tune(forward, probe=probe, remembered=file)
    assert file.read() == Choice(threads=measured, forms=forward.forms)
    file.write(CHOICE)
    assert tune(forward, probe=probe, remembered=file) == 1
    assert forward.forms == {Form.INT8: 2}


@pytest.mark.parametrize("place", ["measured.json", "a file/measured.json"])
async def test_a_start_survives_whatever_lies_there(tmp_path: Path, tiny_folder: Path, place: str) -> None:
    (tmp_path / "measured.json").mkdir()
    (tmp_path / "a file").touch()
    model = LocalModel.load(folder=tiny_folder, name=BASE_NAME, device="cpu", choices=tmp_path / place)
    assert (await model.generate(ask("hello"))).reply_tokens > 0
    await model.close()
