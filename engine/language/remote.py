"""A language model behind an OpenAI-compatible server that loads LoRA adapters while it runs, such as vLLM.

The server is sent token ids, not messages: so the name of a special token in a message stays text, and
prompts are counted as they are served.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

import httpx

from engine.errors import AdapterError, ModelError, ModelUnavailableError
from engine.language.checkup import check_model
from engine.language.loading import load_tokenizer
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
from engine.language.peft_format import MAX_RANK, read_adapter
from engine.language.tokens import PROBE, ChatTokenizer
from storage.records import FinishReason

MODELS_PATH = "/v1/models"
_COMPLETIONS = "/v1/completions"
_TIMEOUT = httpx.Timeout(10.0, read=300.0)
_WATCH_SECONDS = 0.1
"""How often a reply that waits for the server looks whether it is still wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModel:
    """The base model of a server: its name there, and the most tokens of a prompt and its reply."""

    name: str
    context_tokens: int


def open_client(url: str) -> httpx.AsyncClient:
    """A client for a model server. No proxy of the environment and no redirect may carry a chat elsewhere."""
    return httpx.AsyncClient(base_url=url, timeout=_TIMEOUT, trust_env=False, follow_redirects=False)


async def ask_served(client: httpx.AsyncClient) -> ServedModel:
    """What a server serves beside adapters.

    Raises httpx.HTTPError, and ValueError for what is no answer of a model server.
    """
    response = await client.get(MODELS_PATH, timeout=_TIMEOUT.connect)
    response.raise_for_status()
    try:
        served = next(model for model in response.json()["data"] if not model.get("parent"))
        return ServedModel(name=str(served["id"]), context_tokens=int(served["max_model_len"]))
    except (KeyError, TypeError, AttributeError, StopIteration) as error:
        raise ValueError("it names no base model") from error


class RemoteModel:
    """Keeps the LanguageModel protocol over HTTP. The server finds adapters under the paths that we do."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        name: str,
        served_name: str,
        context_tokens: int,
        tokenizer: ChatTokenizer,
        shapes: dict[str, tuple[int, int]],
    ) -> None:
        self.name = name
        self.context_tokens = context_tokens
        self._client = client
        self._served_name = served_name
        self._tokenizer = tokenizer
        self._shapes = shapes
        self._known: set[AdapterRef] = set()
        self._at_server: set[AdapterRef] = set()
        self._holds: Counter[AdapterRef | None] = Counter()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing = Cancellation()

    @classmethod
    async def connect(cls, url: str, *, folder: Path, name: str) -> Self:
        """Reach the server that serves the model of this folder. Raises ModelUnavailableError."""
        client = open_client(url)
        try:
            shapes = await asyncio.to_thread(check_model, folder)
            tokenizer = await asyncio.to_thread(load_tokenizer, folder)
            served = await ask_served(client)
            return cls(
                client,
                name=name,
                served_name=served.name,
                context_tokens=served.context_tokens,
                tokenizer=tokenizer,
                shapes=shapes,
            )
        except (httpx.HTTPError, ValueError) as error:
            await client.aclose()
            raise ModelUnavailableError(url, f"no server answers as one should ({_kind(error)})") from error
        except BaseException:
            await client.aclose()
            raise

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
        """Write one reply; a server does not tell places in its queue.

        Raises PromptTooLongError, AdapterError or ModelError.
        """
        prompt_ids = self._tokenizer.encode_prompt(request.messages, context_tokens=self.context_tokens)
        adapter = request.adapter
        if adapter is not None and adapter not in self._known:
            raise AdapterError(str(adapter.folder), "it is not loaded")
        reply = _Reply(sink, prompt_tokens=len(prompt_ids))
        flags = [self._closing, *([] if cancellation is None else [cancellation])]
        self._holds[adapter] += 1
        self._idle.clear()
        try:
            try:
                await self._write(request, prompt_ids, reply, flags)
            except _UnknownNameError:
                if adapter is None:
                    raise
                await self._install(adapter)  # the server was started anew, and nothing had been said yet
                await self._write(request, prompt_ids, reply, flags)
            if not reply.finished and not any(flag.cancelled for flag in flags):
                raise ModelError("The model server broke off in the middle of the reply.")
        finally:
            self._holds[adapter] -= 1
            if not any(self._holds.values()):
                self._idle.set()
            if adapter is not None:
                await self._let_go(adapter)
        return reply.completion()

    async def load_adapter(self, adapter: AdapterRef) -> None:
        """Check an adapter's files, have the server load them, and see that they change a probe.

        Raises AdapterError, for encrypted ones, too, and ModelError when the server does not answer.
        """
        if adapter in self._known:
            return
        if adapter.secret is not None:
            raise AdapterError(str(adapter.folder), "it is encrypted, which a model server cannot read")
        await asyncio.to_thread(
            read_adapter,
            adapter.folder,
            base_model=self.name,
            shapes=self._shapes,
            max_rank=MAX_RANK,
            secret=None,
        )
        if adapter not in self._at_server:
            await self._install(adapter)
        try:
            changed = await self._probe(_lora_name(adapter)) != await self._probe(self._served_name)
        except ModelError:
            await self._let_go(adapter)
            raise
        if not changed:
            await self._let_go(adapter)
            raise AdapterError(str(adapter.folder), "it changes nothing")
        self._known.add(adapter)

    async def unload_adapter(self, adapter: AdapterRef) -> None:
        """Let go of an adapter once no reply under way uses it; unknown ones are ignored."""
        self._known.discard(adapter)
        await self._let_go(adapter)

    async def drop_prefixes(self) -> None:
        """Nothing to forget here; what a server keeps of prompts it drops as it needs the room."""

    async def close(self) -> None:
        """End the replies under way as cancelled; calling it again does nothing."""
        self._closing.cancel()
        await self._idle.wait()
        await self._client.aclose()

    async def _write(
        self,
        request: GenerationRequest,
        prompt_ids: list[int],
        reply: "_Reply",
        flags: Sequence[Cancellation],
    ) -> None:
        async with aclosing(self._events(self._body(request, prompt_ids), flags)) as events:
            async for event in events:
                reply.take(event)

    async def _install(self, adapter: AdapterRef) -> None:
        """Have the server load an adapter. Raises AdapterError when it refuses, ModelError when it fails."""
        path = str(await asyncio.to_thread(adapter.folder.resolve))
        body = {"lora_name": _lora_name(adapter), "lora_path": path}
        response = await self._post("/v1/load_lora_adapter", body)
        status = response.status_code
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise ModelError(f"The model server failed with an adapter ({status}).")
        if status != HTTPStatus.OK and "already" not in response.text:
            raise AdapterError(str(adapter.folder), f"the model server refused it ({status})")
        self._at_server.add(adapter)

    async def _let_go(self, adapter: AdapterRef) -> None:
        """Have the server unload an adapter that is neither known nor used any more."""
        if adapter in self._known or self._holds[adapter] or adapter not in self._at_server:
            return
        del self._holds[adapter]
        self._at_server.discard(adapter)
        with suppress(ModelError):  # a server that has gone has unloaded everything
            await self._post("/v1/unload_lora_adapter", {"lora_name": _lora_name(adapter)})

    def _body(self, request: GenerationRequest, prompt_ids: list[int]) -> dict[str, Any]:
        sampling, adapter = request.sampling, request.adapter
        body: dict[str, Any] = {
            "model": self._served_name if adapter is None else _lora_name(adapter),
            "prompt": prompt_ids,
            "max_tokens": min(sampling.max_new_tokens, self.context_tokens - len(prompt_ids)),
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "repetition_penalty": sampling.repetition_penalty,
            "stop": list(sampling.stop),
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        return body if sampling.seed is None else body | {"seed": sampling.seed}

    async def _events(
        self, body: dict[str, Any], flags: Sequence[Cancellation]
    ) -> AsyncGenerator[dict[str, Any]]:
        """The server-sent events of a reply, until it ends or one of the flags is raised."""
        try:
            async with self._client.stream("POST", _COMPLETIONS, json=body) as response:
                if response.status_code == HTTPStatus.NOT_FOUND:
                    raise _UnknownNameError("The model server does not know the model any more.")
                if response.status_code != HTTPStatus.OK:
                    raise ModelError(f"The model server refused the request ({response.status_code}).")
                async with aclosing(_until(response.aiter_lines(), flags)) as lines:
                    async for line in lines:
                        data = line.removeprefix("data:").strip()
                        if line.startswith("data:") and data != "[DONE]":
                            yield json.loads(data)
        except httpx.HTTPError as error:
            raise ModelError(f"The model server does not answer ({_kind(error)}).") from error
        except ValueError as error:
            raise ModelError("The model server answered with what is no reply.") from error

    async def _probe(self, served_name: str) -> object:
        """What the server thinks of the first token of a fixed prompt."""
        body = {
            "model": served_name,
            "prompt": self._tokenizer.encode(PROBE),
            "max_tokens": 1,
            "temperature": 0.0,
            "logprobs": 5,
        }
        response = await self._post(_COMPLETIONS, body)
        try:
            response.raise_for_status()
            return response.json()["choices"][0]["logprobs"]["top_logprobs"][0]
        except (httpx.HTTPError, ValueError, KeyError, IndexError, TypeError) as error:
            raise ModelError("The model server answered with what is no reply.") from error

    async def _post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        try:
            return await self._client.post(path, json=body)
        except httpx.HTTPError as error:
            raise ModelError(f"The model server does not answer ({_kind(error)}).") from error


class _UnknownNameError(ModelError):
    """The server serves nothing of this name."""


class _Reply:
    """A reply as its events come in."""

    def __init__(self, sink: TextSink, *, prompt_tokens: int) -> None:
        self._sink = sink
        self._prompt_tokens = prompt_tokens
        self._text = ""
        self._pieces = 0
        self._counted: int | None = None
        self._finish_reason = FinishReason.CANCELLED
        self._started = time.perf_counter()
        self._first_token_seconds: float | None = None

    def take(self, event: dict[str, Any]) -> None:
        """Add what an event brings. Raises ModelError when it is none of a reply's."""
        try:
            if event.get("usage"):
                self._counted = int(event["usage"]["completion_tokens"])
            for choice in event["choices"]:
                self._say(str(choice["text"]))
                if choice.get("finish_reason"):
                    self._finish_reason = FinishReason(choice["finish_reason"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ModelError("The model server answered with what is no reply.") from error

    @property
    def finished(self) -> bool:
        """Whether the server has said why it ended."""
        return self._finish_reason is not FinishReason.CANCELLED

    def completion(self) -> Completion:
        """The reply as it is now; a cancelled one counts a token for each piece that came."""
        total_seconds = time.perf_counter() - self._started
        first = self._first_token_seconds
        return Completion(
            text=self._text,
            finish_reason=self._finish_reason,
            prompt_tokens=self._prompt_tokens,
            reply_tokens=self._pieces if self._counted is None else self._counted,
            first_token_seconds=total_seconds if first is None else first,
            total_seconds=total_seconds,
        )

    def _say(self, piece: str) -> None:
        if self._first_token_seconds is None:
            self._first_token_seconds = time.perf_counter() - self._started
        if piece:
            self._pieces += 1
            self._text += piece
            self._sink(self._text)


async def _until(lines: AsyncIterator[str], flags: Sequence[Cancellation]) -> AsyncGenerator[str]:
    """Lines until they end or a flag is raised, which is looked at while none comes, too."""
    waiting: asyncio.Future[str] | None = None
    try:
        while not any(flag.cancelled for flag in flags):
            waiting = waiting or asyncio.ensure_future(anext(lines))
            if (await asyncio.wait([waiting], timeout=_WATCH_SECONDS))[0]:
                line, waiting = waiting.result(), None
                yield line
    except StopAsyncIteration:
        return
    finally:
        if waiting is not None:
            waiting.cancel()
            await asyncio.wait([waiting])


def _lora_name(adapter: AdapterRef) -> str:
    """A name of its own for each version, since a server keeps prefixes by name."""
    return f"mynah-{adapter.user_id}-{adapter.version}"


def _kind(error: Exception) -> str:
    return type(error).__name__
