"""Serving many users at once, each with their own adapter, beside transformers, PEFT and llama.cpp.

    python -m benchmarks.serving [--tokens 64] [--llama FILE.gguf] [--json]

All peers answer in the same run on the same model with the same number of threads. Ratios are ours to theirs.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch

from benchmarks.serving_peers import LlamaCppPeer, TransformersPeer
from benchmarks.serving_work import NAME, RANK, SPOKEN, Adapters, as_turns, asked, chat_of, endless_copy
from engine.language.bundled import resolve_model
from engine.language.local import LocalModel
from engine.language.model import ChatMessage, Completion, GenerationRequest
from engine.language.peft_format import WEIGHTS_NAME
from storage.records import Role

STREAMED = 360
USERS = 8
CROWD = 32
CROWD_REPLIES = 4
"""A reply that was begun is not broken off, so that fairness shows over several of them."""
REPEATS = 3
"""The best of so many is taken, of ours and of the peers', since other work may disturb any one."""


async def together(model: LocalModel, requests: list[GenerationRequest]) -> tuple[float, list[Completion]]:
    """Seconds until all are answered, and the answers."""
    start = time.perf_counter()
    completions = await asyncio.gather(*(model.generate(request) for request in requests))
    return time.perf_counter() - start, completions


def best_of(seconds: Callable[..., float], *work: Any, **options: Any) -> float:
    """The least time of several."""
    return min(seconds(*work, **options) for _ in range(REPEATS))


class Run:
    """One run of all measurements; `figures` collects them."""

    def __init__(self, folder: Path, work: Path, *, tokens: int, threads: int, gguf: Path | None) -> None:
        self.folder, self.tokens, self.threads, self.gguf = folder, tokens, threads, gguf
        self.figures: dict[str, float] = {}
        shapes = asyncio.run(self._shapes())
        self.adapters = Adapters(work / "adapters", shapes)
        self.refs = [self.adapters.make(user_id) for user_id in range(1, USERS + 1)]
        self.texts = [SPOKEN.format(place) for place in range(USERS)]

    async def _shapes(self) -> dict[str, tuple[int, int]]:
        from engine.language.loading import load_model
        from engine.language.lora import wrap_linears

        model = load_model(self.folder, device=torch.device("cpu"), dtype=torch.bfloat16)
        return wrap_linears(model, slots=1, rank=1).shapes

    async def ours(self) -> None:
        model = LocalModel.load(folder=self.folder, name=NAME, threads=self.threads, rows=USERS)
        for ref in self.refs:
            await model.load_adapter(ref)
        eight = [
            asked(text, ref.user_id, self.tokens, adapter=ref)
            for text, ref in zip(self.texts, self.refs, strict=True)
        ]
        await together(model, eight[:2])
        work = {"8_adapters": eight, "1_adapter": eight[:1], "1_base": [asked(self.texts[0], 1, self.tokens)]}
        for name, requests in work.items():
            seconds = min([(await together(model, requests))[0] for _ in range(REPEATS)])
            self.figures[f"ours_{name}_tokens_per_second"] = len(requests) * self.tokens / seconds
        await self._turn_20(model)
        await self._crowd(model)
        await model.close()

    async def _turn_20(self, model: LocalModel) -> None:
        earlier = chat_of(19)
        options = {"cache_key": "chat", "adapter": self.refs[0]}
        before = await model.generate(asked("", 1, 30, messages=tuple(earlier), **options))
        messages = [*earlier, ChatMessage(Role.ASSISTANT, before.text), ChatMessage(Role.USER, "And then?")]
        completion = await model.generate(asked("", 1, 2, messages=tuple(messages), **options))
        self.figures["turn_20_prompt_tokens"] = completion.prompt_tokens
        self.figures["ours_turn_20_first_token_seconds"] = completion.first_token_seconds

    async def _crowd(self, model: LocalModel) -> None:
        alone = await model.generate(asked(self.texts[0], 1, 24))
        served: dict[int, int] = dict.fromkeys(range(1, CROWD + 1), 0)
        snapshot: list[list[int]] = []

        def count(user_id: int) -> None:
            served[user_id] += 1
            if not snapshot and sum(served.values()) >= CROWD * CROWD_REPLIES * 24 // 2:
                snapshot.append(list(served.values()))

        running = [
            model.generate(
                asked(SPOKEN.format(user_id), user_id, 24), sink=lambda _, user_id=user_id: count(user_id)
            )
            for _ in range(CROWD_REPLIES)
            for user_id in served
        ]
        completions = await asyncio.gather(*running)
        first = statistics.median(completion.first_token_seconds for completion in completions[:CROWD])
        self.figures["first_token_seconds_alone"] = alone.first_token_seconds
        self.figures["first_token_seconds_of_32_median"] = first
        # Texts shown when half of all has been served: about one a token.
        self.figures["fairness_max_to_min_tokens"] = max(snapshot[0]) / max(1, min(snapshot[0]))

    def transformers_float32(self) -> None:
        self._transformers(torch.float32)

    def transformers_bfloat16(self) -> None:
        self._transformers(torch.bfloat16)

    def _transformers(self, dtype: torch.dtype) -> None:
        torch.set_num_threads(self.threads)
        name = str(dtype).removeprefix("torch.")
        peer = TransformersPeer(self.folder, dtype)
        chats = [[{"role": "user", "content": text}] for text in self.texts]
        peer.seconds(chats[:1], 4)
        rate = USERS * self.tokens / best_of(peer.seconds, chats, self.tokens)
        self.figures[f"transformers_{name}_8_base_tokens_per_second"] = rate
        twentieth = [
            *as_turns(chat_of(19)),
            {"role": "assistant", "content": "Yes. " * 28},
            {"role": "user", "content": "And then?"},
        ]
        self.figures[f"transformers_{name}_turn_20_first_token_seconds"] = best_of(
            peer.seconds, [twentieth], 1
        )
        peer.load_adapters([ref.folder for ref in self.refs])
        names = [f"a{place}" for place in range(USERS)]
        rate = USERS * self.tokens / best_of(peer.seconds, chats, self.tokens, adapters=names)
        self.figures[f"peft_{name}_8_mixed_tokens_per_second"] = rate
        self.figures[f"peft_{name}_1_adapter_tokens_per_second"] = self.tokens / best_of(
            peer.seconds, chats[:1], self.tokens
        )

    def llama(self) -> None:
        if self.gguf is None:
            return
        peer = LlamaCppPeer(self.gguf, streams=USERS, threads=self.threads)
        peer.seconds(self.texts[:1], 4)
        for streams in (1, USERS):
            rate = streams * self.tokens / best_of(peer.seconds, self.texts[:streams], self.tokens)
            self.figures[f"llama_cpp_{streams}_base_tokens_per_second"] = rate

    async def swaps(self) -> None:
        """A hundred versions come and go for one user while eight others are answered, all in float32."""
        model = LocalModel.load(
            folder=self.folder, name=NAME, threads=self.threads, rows=USERS, dtype=torch.float32
        )
        for ref in self.refs:
            await model.load_adapter(ref)
        requests = [
            asked(text, ref.user_id, STREAMED, adapter=ref)
            for text, ref in zip(self.texts, self.refs, strict=True)
        ]
        seconds, expected = await together(model, requests)
        versions = [self.adapters.make(99, version) for version in range(1, 11)]
        stamps: list[float] = []
        running = [
            asyncio.create_task(
                model.generate(requests[0], sink=lambda _: stamps.append(time.perf_counter()))
            )
        ]
        running += [asyncio.create_task(model.generate(request)) for request in requests[1:]]
        for swap in range(100):
            ref = versions[swap % len(versions)]
            await model.load_adapter(ref)
            await model.unload_adapter(ref)
        self.figures["swaps_while_streaming"] = 100 if not all(task.done() for task in running) else 0
        completions = await asyncio.gather(*running)
        changed = [one.text != two.text for one, two in zip(completions, expected, strict=True)]
        pauses = [after - before for before, after in pairwise(stamps[1:])]
        self.figures["swaps_altered_replies"] = sum(changed)
        self.figures["swaps_longest_pause_steps"] = max(pauses) / (seconds / STREAMED)
        await model.close()

    async def bank(self) -> None:
        """Two hundred adapters on disk, sixteen resident: each reply against the same one written alone."""
        slot_bytes = 4 * RANK * sum(size_in + out for size_in, out in self.adapters.shapes.values())
        model = LocalModel.load(
            folder=self.folder, name=NAME, rows=USERS, adapter_bytes=16 * slot_bytes, dtype=torch.float32
        )
        refs = [self.adapters.make(user_id) for user_id in range(1001, 1201)]
        for ref in refs:
            await model.load_adapter(ref)
        requests = [asked("Say hello.", ref.user_id, 6, adapter=ref) for ref in refs]
        alone = [(await model.generate(request)).text for request in requests]
        batches = [await together(model, requests[start : start + 40]) for start in range(0, 200, 40)]
        mixed = [completion.text for _, completions in batches for completion in completions]
        self.figures["bank_of_200_wrong_replies"] = sum(a != b for a, b in zip(alone, mixed, strict=True))
        self.figures["bank_distinct_replies"] = len(set(alone))
        self.figures["adapter_memory_to_file"] = slot_bytes / (refs[0].folder / WEIGHTS_NAME).stat().st_size
        await model.close()

    def ratios(self) -> dict[str, float]:
        """What the figures are for."""
        of = self.figures
        ratios: dict[str, float] = {}

        def best(pattern: str) -> float:
            return max(of[pattern.format(dtype)] for dtype in ("float32", "bfloat16"))

        eight = of["ours_8_adapters_tokens_per_second"]
        one = of["ours_1_adapter_tokens_per_second"]
        ratios["ratio_8_adapters_to_transformers_base"] = eight / best(
            "transformers_{}_8_base_tokens_per_second"
        )
        ratios["ratio_8_adapters_to_peft_mixed"] = eight / best("peft_{}_8_mixed_tokens_per_second")
        ratios["ratio_1_adapter_to_peft_bf16"] = one / of["peft_bfloat16_1_adapter_tokens_per_second"]
        ratios["ratio_1_adapter_to_peft_best"] = one / best("peft_{}_1_adapter_tokens_per_second")
        slowest = min(
            of[f"transformers_{dtype}_turn_20_first_token_seconds"] for dtype in ("float32", "bfloat16")
        )
        ratios["ratio_turn_20_first_token_to_transformers"] = of["ours_turn_20_first_token_seconds"] / slowest
        if self.gguf is not None:
            ratios["ratio_1_base_to_llama_cpp"] = (
                of["ours_1_base_tokens_per_second"] / of["llama_cpp_1_base_tokens_per_second"]
            )
            ratios["ratio_1_adapter_to_llama_cpp_base"] = one / of["llama_cpp_1_base_tokens_per_second"]
            ratios["ratio_8_adapters_to_llama_cpp_base"] = eight / of["llama_cpp_8_base_tokens_per_second"]
        return ratios


def measured(run: Run, part: str) -> dict[str, float]:
    """Run one part in this process, and return all figures so far."""
    work = getattr(run, part)()
    if asyncio.iscoroutine(work):
        asyncio.run(work)
    return run.figures


def show(figures: dict[str, float]) -> None:
    for name, value in figures.items():
        print(f"{name:56} {value:10.3f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tokens", type=int, default=64, help="tokens of each timed reply")
    parser.add_argument("--llama", type=Path, help="the same model in 16 bit as a GGUF file; needs xllamacpp")
    parser.add_argument("--json", action="store_true", help="one object of figures on the last line")
    options = parser.parse_args()
    threads = torch.get_num_threads()
    print(f"{platform.processor() or platform.machine()}, {threads} threads, load {os.getloadavg()[0]:.1f}")
    # A process for each part, so that none inherits the threads of another.
    processes = ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1)
    with tempfile.TemporaryDirectory() as temporary, processes:
        work = Path(temporary)
        resolved = resolve_model("bundled", Path(os.environ.get("MYNAH_DATA", "data")) / "models", print)
        folder = endless_copy(resolved.folder, work / NAME)
        run = Run(folder, work, tokens=options.tokens, threads=threads, gguf=options.llama)
        for part in ("ours", "transformers_float32", "transformers_bfloat16", "llama", "swaps", "bank"):
            known = set(run.figures)
            run.figures = processes.submit(measured, run, part).result()
            show({name: value for name, value in run.figures.items() if name not in known})
        ratios = run.ratios()
    show(ratios)
    print(f"load at the end {os.getloadavg()[0]:.1f}")
    if options.json:
        print(json.dumps(run.figures | ratios))


if __name__ == "__main__":
    sys.exit(main())
