"""What every LanguageModel keeps, whatever runs behind it."""

import asyncio
from collections.abc import AsyncGenerator
from itertools import pairwise
from pathlib import Path

import pytest

from engine.errors import AdapterError
from engine.language.model import AdapterRef, Cancellation, ChatMessage, LanguageModel
from engine.language.remote import RemoteModel
from storage.records import FinishReason, Role
from tests.engine.language.conftest import BASE_NAME, adapter_ref, ask, load_tiny
from tests.model_server import ModelServer
from tests.scripted_model import ScriptedModel


@pytest.fixture
async def server(tiny_folder: Path) -> AsyncGenerator[ModelServer]:
    server = ModelServer(tiny_folder)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(params=["local", "scripted", "remote"])
async def model(
    request: pytest.FixtureRequest, tiny_folder: Path, server: ModelServer
) -> AsyncGenerator[LanguageModel]:
    model: LanguageModel
    match request.param:
        case "local":
            model = load_tiny(tiny_folder)
        case "remote":
            model = await RemoteModel.connect(server.url, folder=tiny_folder, name=BASE_NAME)
        case _:
            model = ScriptedModel()
    yield model
    await model.close()


@pytest.fixture
def adapter(tmp_path: Path) -> AdapterRef:
    return adapter_ref(tmp_path)


async def test_a_reply_is_streamed_and_returned(model: LanguageModel) -> None:
    shown: list[str] = []
    completion = await model.generate(ask("tell me a story"), sink=shown.append)
    assert shown
    assert completion.text.startswith(shown[-1])
    assert all(later.startswith(earlier) for earlier, later in pairwise(shown))
    assert completion.finish_reason in (FinishReason.STOP, FinishReason.LENGTH)
    assert 0 <= completion.first_token_seconds <= completion.total_seconds


async def test_prompt_tokens_are_those_counted(model: LanguageModel) -> None:
    request = ask("", messages=(ChatMessage(Role.SYSTEM, "be kind"), ChatMessage(Role.USER, "hello there")))
    completion = await model.generate(request)
    assert completion.prompt_tokens == model.count_tokens(request.messages)
    assert model.count_tokens(request.messages) > model.count_tokens(request.messages[1:])


async def test_a_cancelled_reply_returns_what_was_said(model: LanguageModel) -> None:
    cancellation = Cancellation()
    completion = await model.generate(
        ask("count to a thousand", max_new_tokens=400),
        sink=lambda _: cancellation.cancel(),
        cancellation=cancellation,
    )
    assert completion.finish_reason is FinishReason.CANCELLED
    assert completion.reply_tokens < 400


async def test_replies_may_be_asked_for_at_once(model: LanguageModel) -> None:
    completions = await asyncio.gather(*(model.generate(ask(f"question {i}", user_id=i)) for i in range(12)))
    assert len(completions) == 12


async def test_an_adapter_must_be_loaded_first(model: LanguageModel, adapter: AdapterRef) -> None:
    with pytest.raises(AdapterError):
        await model.generate(ask("hello", adapter=adapter))
    await model.load_adapter(adapter)
    await model.load_adapter(adapter)
    assert (await model.generate(ask("hello", adapter=adapter))).reply_tokens > 0


async def test_an_unloaded_adapter_serves_no_more(model: LanguageModel, adapter: AdapterRef) -> None:
    await model.load_adapter(adapter)
    await model.unload_adapter(adapter)
    await model.unload_adapter(adapter)
    with pytest.raises(AdapterError):
        await model.generate(ask("hello", adapter=adapter))


async def test_close_may_be_called_again(model: LanguageModel) -> None:
    await model.close()
    await model.close()
