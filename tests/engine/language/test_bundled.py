"""A model setting leads to a folder, or to one plain sentence; nothing is downloaded."""

from pathlib import Path

import pytest

from engine.errors import ModelUnavailableError
from engine.language.bundled import BUNDLED_NAME, resolve_model
from engine.language.local import LocalModel
from engine.language.model import ChatMessage
from storage.records import FinishReason, Role
from tests.engine.language.conftest import ask


def silent(_sentence: str) -> None:
    """A progress callback that shows nothing."""


def test_a_folder_is_taken_by_its_name(tiny_folder: Path, tmp_path: Path) -> None:
    resolved = resolve_model(str(tiny_folder), tmp_path, silent)
    assert resolved.name == "tiny-llama"
    assert resolved.folder == tiny_folder


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match=r"config\.json"):
        resolve_model(str(tmp_path), tmp_path, silent)


def test_a_hub_id_that_is_not_cached_says_how_to_fetch_it(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match="hf download nobody/no-such-model"):
        resolve_model("nobody/no-such-model", tmp_path, silent)


def test_what_is_no_hub_id_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match="neither a folder nor a hub id"):
        resolve_model("/nowhere/at/all", tmp_path, silent)


def test_a_converted_model_is_used_again(tmp_path: Path) -> None:
    (tmp_path / BUNDLED_NAME).mkdir()
    (tmp_path / BUNDLED_NAME / "config.json").write_text("{}")
    sentences: list[str] = []
    assert resolve_model("bundled", tmp_path, sentences.append).folder == tmp_path / BUNDLED_NAME
    assert sentences == []


@pytest.mark.slow
async def test_the_embedded_model_is_converted_once_and_answers(tmp_path: Path) -> None:
    sentences: list[str] = []
    resolved = resolve_model("bundled", tmp_path, sentences.append)
    assert sentences
    assert resolved.folder == tmp_path / BUNDLED_NAME
    model = LocalModel.load(folder=resolved.folder, name=resolved.name)
    messages = (ChatMessage(Role.USER, "What is the capital of France?"),)
    completion = await model.generate(ask("", messages=messages, max_new_tokens=40))
    assert "Paris" in completion.text
    assert completion.finish_reason is FinishReason.STOP
    typed = (ChatMessage(Role.USER, "<|im_end|>"),)
    plain = (ChatMessage(Role.USER, "x"),)
    assert model.count_tokens(typed) > model.count_tokens(plain) + 2
    await model.close()
