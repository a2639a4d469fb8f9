"""The local model: right tokens in any company, one user's failure no other's, and a clean end."""

import asyncio
from pathlib import Path

import pytest
import torch

from engine.errors import AdapterError, ModelError, ModelUnavailableError, PromptTooLongError, QueueFullError
from engine.language.local import LocalModel
from engine.language.model import AdapterRef, Cancellation
from storage.records import FinishReason
from tests.engine.language.conftest import (
    adapter_ref,
    ask,
    load_tiny,
    random_weights,
    save_adapter,
    tiny_model,
    tiny_tokenizer,
)


def greedy_reference(text: str, count: int) -> str:
    """What transformers itself generates."""
    tokenizer = tiny_tokenizer()
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": text}], add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    output = tiny_model().generate(**prompt, max_new_tokens=count, do_sample=False)
    return tokenizer.decode(output[0, prompt["input_ids"].shape[1] :], skip_special_tokens=True).replace(
        "\ufffd", ""
    )


async def test_a_reply_is_what_transformers_generates(model: LocalModel) -> None:
    completion = await model.generate(ask("What is this?", max_new_tokens=40))
    assert completion.text == greedy_reference("What is this?", 40)
    assert completion.reply_tokens == 40


async def test_replies_are_the_same_alone_and_together(model: LocalModel, tmp_path: Path) -> None:
    adapters = [None, *(adapter_ref(tmp_path, user_id=user_id) for user_id in (1, 2, 3))]
    for adapter in adapters[1:]:
        assert adapter is not None
        await model.load_adapter(adapter)
    requests = [
        ask("x" * (7 * place % 50), user_id=place, adapter=adapters[place % 4], max_new_tokens=5 + place % 9)
        for place in range(20)
    ]
    alone = [(await model.generate(request)).text for request in requests]
    together = await asyncio.gather(*(model.generate(request) for request in requests))
    assert [completion.text for completion in together] == alone
    assert len(set(alone)) > 10


async def test_who_waits_for_a_row_hears_their_place_on_the_loop(tiny_folder: Path) -> None:
    model = load_tiny(tiny_folder, rows=1)
    begun = asyncio.Event()
    first = asyncio.create_task(
        model.generate(ask("first", max_new_tokens=200), sink=lambda _text: begun.set())
    )
    await begun.wait()
    heard: list[int] = []

    def hear(place: int) -> None:
        asyncio.get_running_loop()
        heard.append(place)

    waiting = [
        model.generate(ask("next", user_id=user_id, max_new_tokens=5), on_place=hear) for user_id in (2, 3)
    ]
    await asyncio.gather(first, *waiting)
    await model.close()
    assert sorted(heard) == [1, 1, 2]


async def test_an_adapter_that_changes_nothing_is_refused(model: LocalModel, tmp_path: Path) -> None:
    weights = random_weights(1, scaling=0.0)
    adapter = AdapterRef(1, 2, save_adapter(tmp_path / "zero", weights))
    with pytest.raises(AdapterError, match="changes nothing"):
        await model.load_adapter(adapter)
    with pytest.raises(AdapterError, match="not loaded"):
        await model.generate(ask("hello", adapter=adapter))


async def test_an_adapter_that_overflows_is_refused(model: LocalModel, tmp_path: Path) -> None:
    weights = random_weights(1, scaling=1e38)
    with pytest.raises(AdapterError, match="breaks"):
        await model.load_adapter(AdapterRef(1, 2, save_adapter(tmp_path / "huge", weights)))


async def test_a_reply_under_way_keeps_its_unloaded_adapter(model: LocalModel, tmp_path: Path) -> None:
    old, new = adapter_ref(tmp_path, version=1), adapter_ref(tmp_path, version=2)
    await model.load_adapter(old)
    expected = (await model.generate(ask("story", adapter=old, max_new_tokens=200))).text
    started = asyncio.Event()
    reply = asyncio.create_task(
        model.generate(ask("story", adapter=old, max_new_tokens=200), sink=lambda _: started.set())
    )
    await started.wait()
    await model.load_adapter(new)
    await model.unload_adapter(old)
    assert (await model.generate(ask("story", adapter=new, max_new_tokens=200))).text != expected
    assert (await reply).text == expected


async def test_evicted_adapters_come_back_from_disk(tiny_folder: Path, tmp_path: Path) -> None:
    model = load_tiny(tiny_folder, rows=2, adapter_bytes=0)
    adapters = [adapter_ref(tmp_path, user_id=user_id) for user_id in range(1, 9)]
    first: list[str] = []
    for adapter in adapters:
        await model.load_adapter(adapter)
        first.append((await model.generate(ask("hello", adapter=adapter))).text)
    again = await asyncio.gather(*(model.generate(ask("hello", adapter=adapter)) for adapter in adapters))
    await model.close()
    assert [completion.text for completion in again] == first
    assert len(set(first)) == len(first)


async def test_an_evicted_adapter_whose_files_are_gone_fails_alone(tiny_folder: Path, tmp_path: Path) -> None:
    model = load_tiny(tiny_folder, rows=1, adapter_bytes=0)
    adapters = [adapter_ref(tmp_path, user_id=user_id) for user_id in range(1, 4)]
    for adapter in adapters:
        await model.load_adapter(adapter)
    (adapters[0].folder / "adapter_model.safetensors").unlink()
    results = await asyncio.gather(
        *(model.generate(ask("hello", adapter=adapter)) for adapter in adapters), return_exceptions=True
    )
    await model.close()
    assert isinstance(results[0], AdapterError)
    assert not any(isinstance(result, BaseException) for result in results[1:])


async def test_a_prompt_beyond_the_context_is_refused(model: LocalModel) -> None:
    with pytest.raises(PromptTooLongError) as caught:
        await model.generate(ask("x" * 600))
    assert caught.value.needed_tokens > 600
    assert caught.value.allowed_tokens < model.context_tokens


async def test_a_reply_ends_where_the_context_ends(model: LocalModel) -> None:
    completion = await model.generate(ask("x" * 450, max_new_tokens=400))
    assert completion.finish_reason is FinishReason.LENGTH
    assert completion.prompt_tokens + completion.reply_tokens == model.context_tokens


async def test_a_full_queue_refuses_and_recovers(tiny_folder: Path) -> None:
    model = load_tiny(tiny_folder, rows=1, queue_limit=2)
    results = await asyncio.gather(
        *(model.generate(ask("hello", user_id=i, max_new_tokens=60)) for i in range(8)),
        return_exceptions=True,
    )
    refused = [result for result in results if isinstance(result, QueueFullError)]
    assert refused
    assert len(results) - len(refused) >= 2
    assert (await model.generate(ask("hello"))).reply_tokens > 0
    await model.close()


async def test_cancelling_the_task_frees_its_place(tiny_folder: Path) -> None:
    model = load_tiny(tiny_folder, rows=1)
    started = asyncio.Event()
    long = asyncio.create_task(model.generate(ask("hello", max_new_tokens=400), sink=lambda _: started.set()))
    await started.wait()
    long.cancel()
    assert (await model.generate(ask("hello"))).reply_tokens == 12
    with pytest.raises(asyncio.CancelledError):
        await long
    await model.close()


async def test_a_waiting_request_can_be_cancelled(tiny_folder: Path) -> None:
    model = load_tiny(tiny_folder, rows=1)
    cancellation, started = Cancellation(), asyncio.Event()
    first = asyncio.create_task(
        model.generate(ask("hello", max_new_tokens=400), sink=lambda _: started.set())
    )
    await started.wait()
    asyncio.get_running_loop().call_later(0.01, cancellation.cancel)
    second = await model.generate(ask("hello", user_id=2), cancellation=cancellation)
    assert second.finish_reason is FinishReason.CANCELLED
    assert second.text == ""
    assert (await first).finish_reason is FinishReason.LENGTH
    await model.close()


async def test_a_sink_that_raises_spoils_no_reply(model: LocalModel) -> None:
    failures: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context["exception"]))

    def broken(_: str) -> None:
        raise LookupError

    completion = await model.generate(ask("hello"), sink=broken)
    assert completion.reply_tokens == 12
    assert failures


async def test_close_ends_replies_as_cancelled(tiny_folder: Path) -> None:
    model = load_tiny(tiny_folder, rows=1)
    started = asyncio.Event()
    replies = [
        asyncio.create_task(
            model.generate(ask("hello", user_id=i, max_new_tokens=450), sink=lambda _: started.set())
        )
        for i in range(3)
    ]
    await started.wait()
    await model.close()
    completions = await asyncio.gather(*replies)
    assert {completion.finish_reason for completion in completions} == {FinishReason.CANCELLED}
    assert any(completion.text for completion in completions)
    with pytest.raises(ModelError, match="closed"):
        await model.generate(ask("hello"))


async def test_a_seed_makes_sampling_reproducible(model: LocalModel) -> None:
    texts = [
        (await model.generate(ask("hello", temperature=1.0, seed=seed, max_new_tokens=30))).text
        for seed in (1, 1, 2)
    ]
    assert texts[0] == texts[1] != texts[2]


async def test_a_stop_string_ends_the_reply_and_is_not_shown(model: LocalModel) -> None:
    whole = (await model.generate(ask("What is this?", max_new_tokens=40))).text
    stop = whole[5:8]
    shown: list[str] = []
    completion = await model.generate(
        ask("What is this?", max_new_tokens=40, stop=(stop,)), sink=shown.append
    )
    assert completion.finish_reason is FinishReason.STOP
    assert completion.text == whole[: whole.index(stop)]
    assert all(completion.text.startswith(text) for text in shown)


def test_a_folder_that_is_no_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match="cannot be used"):
        LocalModel.load(folder=tmp_path, name="nothing", device="cpu", dtype=torch.float32)
