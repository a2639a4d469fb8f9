"""What every LanguageModel keeps, whatever runs behind it."""

import asyncio
from collections.abc import AsyncGenerator
from itertools import pairwise
from pathlib import Path

import pytest

from engine.errors import AdapterError
from engine.language.model import AdapterRef, Cancellation, ChatMessage, LanguageModel
from storage.records import FinishReason, Role
from tests.engine.language.conftest import adapter_ref, ask, load_tiny
from tests.scripted_model import ScriptedModel


@pytest.fixture(params=["local", "scripted"])
async def model(request: pytest.FixtureRequest, tiny_folder: Path) -> AsyncGenerator[LanguageModel]:
    model: LanguageModel = load_tiny(tiny_folder) if request.param == "local" else ScriptedModel()
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
