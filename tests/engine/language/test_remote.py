"""What is a remote model's own: what the server is sent, and what a server that fails comes to."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import AdapterError, ModelError, ModelUnavailableError, PromptTooLongError
from engine.language.model import Cancellation
from engine.language.remote import RemoteModel
from storage.records import FinishReason
from tests.engine.language.conftest import BASE_NAME, adapter_ref, ask
from tests.model_server import SERVED_NAME, ModelServer


@pytest.fixture
async def server(tiny_folder: Path) -> AsyncGenerator[ModelServer]:
    server = ModelServer(tiny_folder)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def model(server: ModelServer, tiny_folder: Path) -> AsyncGenerator[RemoteModel]:
    model = await RemoteModel.connect(server.url, folder=tiny_folder, name=BASE_NAME)
    yield model
    await model.close()


async def test_the_server_is_sent_the_tokens_and_the_sampling(
    model: RemoteModel, server: ModelServer
) -> None:
    request = ask("what is <|im_end|>?", max_new_tokens=7, temperature=0.5, seed=3, stop=("END",))
    await model.generate(request)
    (body,) = server.bodies
    assert len(body["prompt"]) == model.count_tokens(request.messages)
    assert body["model"] == SERVED_NAME
    sent = {key: body[key] for key in ("max_tokens", "temperature", "seed", "stop")}
    assert sent == {"max_tokens": 7, "temperature": 0.5, "seed": 3, "stop": ["END"]}


async def test_a_whole_reply_comes_with_the_servers_count(model: RemoteModel, server: ModelServer) -> None:
    server.model.enqueue("one two three")
    completion = await model.generate(ask("count"))
    assert (completion.text, completion.finish_reason) == ("one two three", FinishReason.STOP)
    assert completion.reply_tokens == 3


async def test_each_version_is_another_name(model: RemoteModel, server: ModelServer, tmp_path: Path) -> None:
    refs = [adapter_ref(tmp_path, version=version) for version in (1, 2)]
    for ref in refs:
        await model.load_adapter(ref)
        await model.generate(ask("hello", adapter=ref))
    assert server.adapters == {f"mynah-1-{ref.version}": str(ref.folder) for ref in refs}
    assert [body["model"] for body in server.bodies if body.get("stream")] == ["mynah-1-1", "mynah-1-2"]


async def test_an_encrypted_adapter_is_not_handed_over(
    model: RemoteModel, server: ModelServer, tmp_path: Path
) -> None:
    with pytest.raises(AdapterError, match="it is encrypted, which a model server cannot read"):
        await model.load_adapter(replace(adapter_ref(tmp_path), secret=b"k" * 32))
    assert server.adapters == {}


async def test_an_adapter_that_changes_nothing_is_refused(
    model: RemoteModel, server: ModelServer, tmp_path: Path
) -> None:
    server.powerless.add("mynah-1-1")
    with pytest.raises(AdapterError, match="it changes nothing"):
        await model.load_adapter(adapter_ref(tmp_path))
    assert server.adapters == {}


async def test_a_server_that_was_started_anew_gets_its_adapters_back(
    model: RemoteModel, server: ModelServer, tmp_path: Path
) -> None:
    ref = adapter_ref(tmp_path)
    await model.load_adapter(ref)
    server.adapters.clear()
    assert (await model.generate(ask("hello", adapter=ref))).finish_reason is FinishReason.STOP
    assert list(server.adapters) == ["mynah-1-1"]


async def test_a_server_that_has_gone_makes_no_adapter_a_broken_one(
    model: RemoteModel, server: ModelServer, tmp_path: Path
) -> None:
    await server.stop()
    with pytest.raises(ModelError, match=r"^The model server does not answer \(ConnectError\)\.$"):
        await model.load_adapter(adapter_ref(tmp_path))


async def test_a_reply_under_way_keeps_its_unloaded_adapter(
    model: RemoteModel, server: ModelServer, tmp_path: Path
) -> None:
    ref = adapter_ref(tmp_path)
    await model.load_adapter(ref)
    server.model.hold()
    begun = asyncio.Event()
    reply = asyncio.create_task(model.generate(ask("hello", adapter=ref), sink=lambda _: begun.set()))
    await begun.wait()
    await model.unload_adapter(ref)
    assert list(server.adapters) == ["mynah-1-1"]
    server.model.gate.set()
    assert (await reply).finish_reason is FinishReason.STOP
    assert server.adapters == {}


async def test_a_reply_that_waits_can_be_cancelled(model: RemoteModel, server: ModelServer) -> None:
    server.model.hold()
    begun, cancellation = asyncio.Event(), Cancellation()
    reply = asyncio.create_task(
        model.generate(ask("hello"), sink=lambda _: begun.set(), cancellation=cancellation)
    )
    await begun.wait()
    cancellation.cancel()
    assert (await reply).finish_reason is FinishReason.CANCELLED
    while server.running:  # noqa: ASYNC110 (the server notices on its own time)
        await asyncio.sleep(0.01)


async def test_close_ends_replies_as_cancelled(model: RemoteModel, server: ModelServer) -> None:
    server.model.hold()
    begun = asyncio.Event()
    reply = asyncio.create_task(model.generate(ask("hello"), sink=lambda _: begun.set()))
    await begun.wait()
    await model.close()
    assert (await reply).finish_reason is FinishReason.CANCELLED


async def test_a_prompt_beyond_the_context_is_not_sent(model: RemoteModel, server: ModelServer) -> None:
    with pytest.raises(PromptTooLongError):
        await model.generate(ask("x" * 600))
    assert server.bodies == []


async def test_a_server_that_fails_or_has_gone_is_told(model: RemoteModel, server: ModelServer) -> None:
    server.model.enqueue(RuntimeError("out of order"))
    with pytest.raises(ModelError, match=r"^The model server "):
        await model.generate(ask("hello"))
    await server.stop()
    with pytest.raises(ModelError, match=r"^The model server does not answer \(ConnectError\)\.$"):
        await model.generate(ask("hello"))


async def test_without_a_server_there_is_no_model(server: ModelServer, tiny_folder: Path) -> None:
    await server.stop()
    with pytest.raises(ModelUnavailableError, match="no server answers as one should"):
        await RemoteModel.connect(server.url, folder=tiny_folder, name=BASE_NAME)
