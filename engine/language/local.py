"""The language model that runs here: torch and transformers, one thread, one batch for everybody."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

import torch
from torch import Tensor

from engine.errors import EngineError
from engine.language.adapters import AdapterBank
from engine.language.cache import PrefixCache, Strip
from engine.language.choice import ChoiceFile
from engine.language.generation import Batcher
from engine.language.governor import ThreadGovernor
from engine.language.job import Job
from engine.language.loading import (
    choose_activation_dtype,
    choose_device,
    choose_weight_dtype,
    context_tokens,
    load_model,
    load_tokenizer,
)
from engine.language.lora import wrap_linears
from engine.language.model import (
    AdapterRef,
    Cancellation,
    ChatMessage,
    Completion,
    GenerationRequest,
    PlaceSink,
    TextSink,
    discard,
)
from engine.language.peft_format import MAX_RANK
from engine.language.reply_text import ReplyText
from engine.language.tokens import PROBE, ChatTokenizer
from engine.language.tuned import choose_forward, choose_threads, tune
from engine.language.worker import Worker

_START_RANK = 8
_PROBE_TOKENS = 8
_SWAP_PROBE_TOKENS = 2
"""Replies under way wait for the probe of a new adapter, which shows in the logits after any token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """A loaded model, ready to be stepped."""

    context_tokens: int
    tokenizer: ChatTokenizer
    bank: AdapterBank
    batcher: Batcher


class LocalModel:
    """Keeps the LanguageModel protocol for a model folder on this computer."""

    def __init__(self, *, name: str, parts: _Parts, worker: Worker) -> None:
        self.name = name
        self.context_tokens = parts.context_tokens
        self._tokenizer = parts.tokenizer
        self._bank = parts.bank
        self._batcher = parts.batcher
        self._worker = worker

    @classmethod
    def load(
        cls,
        *,
        folder: Path,
        name: str,
        device: str = "auto",
        dtype: torch.dtype | None = None,
        threads: int | None = None,
        rows: int = 8,
        adapter_bytes: int = 1 << 29,
        prefix_bytes: int = 1 << 30,
        queue_limit: int = 128,
        choices: Path | None = None,
    ) -> Self:
        """Read a model folder on a new thread, which then serves it. Blocks for seconds.

        At most `rows` replies are written at once. Resident adapters take at most `adapter_bytes`, though one
        for each row and one more always have room; kept prefixes of chats take `prefix_bytes`. With a `dtype`
        all numbers are computed in it; without, in the fastest that hardly differs, which is measured.
        `threads` None means measured, too. Both are remembered in the file `choices` until the next start.
        Raises ModelUnavailableError, DeviceUnavailableError.
        """
        worker = Worker()
        build = partial(
            _build,
            folder=folder,
            name=name,
            device=device,
            dtype=dtype,
            threads=threads,
            rows=rows,
            adapter_bytes=adapter_bytes,
            prefix_bytes=prefix_bytes,
            queue_limit=queue_limit,
            choices=choices,
        )
        try:
            parts = worker.run(build).result()
        except BaseException:
            worker.stop()
            raise
        worker.serve(parts.batcher)
        return cls(name=name, parts=parts, worker=worker)

    def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        """Tokens of these messages as a prompt, the template and the reply's header included."""
        return len(self._tokenizer.encode(messages))

    async def generate(
        self,
        request: GenerationRequest,
        *,
        sink: TextSink = discard,
        on_place: PlaceSink = discard,
        cancellation: Cancellation | None = None,
    ) -> Completion:
        """Write one reply. Raises PromptTooLongError, QueueFullError, AdapterError or ModelError."""
        prompt_ids = self._tokenizer.encode_prompt(request.messages, context_tokens=self.context_tokens)
        abandoned = Cancellation()
        reply = _PendingReply(sink, on_place)
        self._worker.submit(
            Job(
                request=request,
                prompt_ids=prompt_ids,
                limit=min(request.sampling.max_new_tokens, self.context_tokens - len(prompt_ids)),
                text=ReplyText(self._tokenizer, stop=request.sampling.stop),
                listener=reply,
                cancellations=(abandoned, cancellation or abandoned),
            )
        )
        try:
            return await reply.completion()
        finally:
            abandoned.cancel()

    async def load_adapter(self, adapter: AdapterRef) -> None:
        """Read, check and make resident one adapter, and see that it changes a probe. Raises AdapterError."""
        weights = await asyncio.to_thread(self._bank.read, adapter)
        await asyncio.wrap_future(self._worker.run(lambda: self._bank.add(adapter, weights)))

    async def unload_adapter(self, adapter: AdapterRef) -> None:
        """Let go of an adapter once no reply under way uses it; unknown ones are ignored."""
        await asyncio.wrap_future(self._worker.run(lambda: self._batcher.forget_adapter(adapter)))

    async def drop_prefixes(self) -> None:
        """Forget what is kept of chats between turns; the next turn of each computes its prompt anew."""
        await asyncio.wrap_future(self._worker.run(self._batcher.drop_prefixes))

    async def close(self) -> None:
        """End the replies under way as cancelled and free the model; calling it again does nothing."""
        self._worker.stop()
        await self._worker.join()


class _PendingReply:
    """Carries a reply from the model's thread to the event loop that waits for it."""

    def __init__(self, sink: TextSink, on_place: PlaceSink) -> None:
        self._sink = sink
        self._on_place = on_place
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[Completion] = self._loop.create_future()

    async def completion(self) -> Completion:
        """Wait for the end. Raises what the request failed with."""
        return await self._future

    def on_place(self, place: int) -> None:
        """Hand the place in the queue on, on the loop."""
        self._post(lambda: None if self._future.done() else self._on_place(place))

    def on_text(self, text: str) -> None:
        """Hand the text so far to the sink, on the loop."""
        self._post(lambda: None if self._future.done() else self._sink(text))

    def on_end(self, outcome: Completion | EngineError) -> None:
        """Settle the reply, on the loop."""
        self._post(lambda: self._settle(outcome))

    def _settle(self, outcome: Completion | EngineError) -> None:
        if self._future.done():
            return
        if isinstance(outcome, EngineError):
            self._future.set_exception(outcome)
        else:
            self._future.set_result(outcome)

    def _post(self, callback: Callable[[], None]) -> None:
        # A loop that has closed meanwhile has nobody left who waits.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(callback)


def _build(
    *,
    folder: Path,
    name: str,
    device: str,
    dtype: torch.dtype | None,
    threads: int | None,
    rows: int,
    adapter_bytes: int,
    prefix_bytes: int,
    queue_limit: int,
    choices: Path | None,
) -> _Parts:
    """Load, measure and wire a model on the thread that will run it."""
    place = choose_device(device)
    model = load_model(folder, device=place, dtype=dtype or choose_weight_dtype(place))
    tokenizer = load_tokenizer(folder, model)
    stack = wrap_linears(model, slots=1, rank=_START_RANK, dtype=dtype or choose_activation_dtype(place))
    stack.widen(1 + max(rows + 1, adapter_bytes // stack.slot_bytes(_START_RANK)))
    probe_ids = tokenizer.encode(PROBE)[-_PROBE_TOKENS:]
    forward = choose_forward(model, stack, place=str(folder), probe=probe_ids)
    most_threads = threads or torch.get_num_threads()
    if dtype is None:
        remembered = ChoiceFile(choices, model=folder, device=place) if choices is not None else None
        fastest = tune(forward, probe=probe_ids, remembered=remembered)
        threads = threads or fastest
    threads = threads or choose_threads(forward, probe_ids)
    torch.set_num_threads(threads)

    def probe(slot: int) -> Tensor:
        return forward.prefill(Strip(forward.shape), probe_ids[-_SWAP_PROBE_TOKENS:], slot)

    bank = AdapterBank(
        stack,
        base_model=name,
        max_rank=MAX_RANK,
        probe=probe,
        budget_bytes=adapter_bytes,
        fewest=rows + 1,
    )
    batcher = Batcher(
        forward=forward,
        bank=bank,
        prefixes=PrefixCache(forward.shape, budget_bytes=prefix_bytes),
        end_ids=tokenizer.end_ids,
        rows=rows,
        queue_limit=queue_limit,
        governor=ThreadGovernor(
            threads, most=most_threads, set_threads=torch.set_num_threads, now=time.monotonic
        ),
    )
    return _Parts(context_tokens=context_tokens(model), tokenizer=tokenizer, bank=bank, batcher=batcher)
