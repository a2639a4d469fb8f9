"""A model server on the loopback interface: vLLM's part of the OpenAI protocol over a scripted model."""

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import web

from engine.language.loading import load_tokenizer
from engine.language.model import Cancellation, ChatMessage, Completion, GenerationRequest
from storage.records import Role
from tests.scripted_model import ScriptedModel

SERVED_NAME = "served-base"


class ModelServer:
    """Serves until it is stopped. An adapter is a name with a path that answers a probe differently."""

    def __init__(self, folder: Path, *, context_tokens: int = 512) -> None:
        self.model = ScriptedModel()
        self.adapters: dict[str, str] = {}
        self.bodies: list[dict[str, Any]] = []
        self.running = 0
        self.powerless: set[str] = set()
        """Names of adapters that change nothing."""
        self._tokenizer = load_tokenizer(folder)
        self._context_tokens = context_tokens
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> None:
        app = web.Application()
        app.add_routes(
            [
                web.get("/v1/models", self._models),
                web.post("/v1/completions", self._completions),
                web.post("/v1/load_lora_adapter", self._load),
                web.post("/v1/unload_lora_adapter", self._unload),
            ]
        )
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        self.model.gate.set()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _models(self, _request: web.Request) -> web.Response:
        base = {"id": SERVED_NAME, "max_model_len": self._context_tokens, "parent": None}
        loras = [{"id": name, "parent": SERVED_NAME, "max_model_len": None} for name in self.adapters]
        return web.json_response({"data": [*loras, base]})

    async def _load(self, request: web.Request) -> web.Response:
        body = await request.json()
        if not (Path(body["lora_path"]) / "adapter_config.json").is_file():
            return web.json_response({"message": "no adapter"}, status=404)
        if body["lora_name"] in self.adapters:
            return web.json_response({"message": "it has already been loaded"}, status=400)
        self.adapters[body["lora_name"]] = body["lora_path"]
        return web.Response(text="Success")

    async def _unload(self, request: web.Request) -> web.Response:
        body = await request.json()
        return web.Response(status=200 if self.adapters.pop(body["lora_name"], None) else 404)

    async def _completions(self, request: web.Request) -> web.StreamResponse:
        body: dict[str, Any] = await request.json()
        self.bodies.append(body)
        if body["model"] not in {SERVED_NAME, *self.adapters}:
            return web.json_response({"message": "no such model"}, status=404)
        if not body.get("stream"):
            changes = body["model"] in self.adapters and body["model"] not in self.powerless
            top = {"Hello": -0.5 if changes else -1.0}
            return web.json_response({"choices": [{"text": "Hello", "logprobs": {"top_logprobs": [top]}}]})
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        self.running += 1
        try:
            await self._stream(body, response)
        finally:
            self.running -= 1
        return response

    async def _stream(self, body: dict[str, Any], response: web.StreamResponse) -> None:
        texts: asyncio.Queue[str | None] = asyncio.Queue()
        heard = self._tokenizer.decode(body["prompt"])
        stop = Cancellation()
        asked = GenerationRequest(user_id=0, messages=(ChatMessage(Role.USER, heard),))
        speaking = asyncio.create_task(self.model.generate(asked, sink=texts.put_nowait, cancellation=stop))
        speaking.add_done_callback(lambda _: texts.put_nowait(None))
        said = ""
        try:
            while (text := await texts.get()) is not None:
                await self._send(response, [{"text": text[len(said) :], "finish_reason": None}])
                said = text
            await self._finish(response, speaking.result())
        finally:
            stop.cancel()
            speaking.cancel()
            with suppress(asyncio.CancelledError):
                await speaking

    async def _finish(self, response: web.StreamResponse, completion: Completion) -> None:
        await self._send(response, [{"text": "", "finish_reason": completion.finish_reason.value}])
        await self._send(response, [], usage={"completion_tokens": completion.reply_tokens})
        await response.write(b"data: [DONE]\n\n")

    async def _send(self, response: web.StreamResponse, choices: list[Any], **more: Any) -> None:
        await response.write(b"data: " + json.dumps({"choices": choices, **more}).encode() + b"\n\n")
