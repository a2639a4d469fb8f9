"""Training many people's adapters: side by side, one after another, a process each, and by TRL with PEFT.

    python -m benchmarks.tuning [--people 8] [--steps 44] [--json]

Everybody has forty short examples and is trained for so many steps: side by side in one process, one after
another in one process, and in a process each. TRL is measured on one person's rows, without replay, where it
is installed.
"""

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch

from benchmarks.tuning_peers import has_trl, train_with_trl
from benchmarks.wishes import ASKED, WISHES
from engine.language.bundled import resolve_model
from engine.language.loading import load_model, load_tokenizer
from engine.language.lora import wrap_linears
from engine.language.model import ChatMessage
from engine.language.peft_format import read_adapter
from engine.language.tokens import ChatTokenizer
from engine.tuning.encoding import Row, encode_example
from engine.tuning.examples import Evidence, Example
from engine.tuning.job import Recipe
from engine.tuning.learner import JointTrainer, Learner, plan_batches
from engine.tuning.measure import Meter
from engine.tuning.replay import write_replay
from storage.records import Role

HELD_OUT = 8
ROUNDS = 2
_MOST_TOKENS = 384


class Bench:
    """One base model in this process, and people to train over it."""

    def __init__(self, folder: Path, *, slots: int, recipe: Recipe, replay: bool) -> None:
        self.recipe = recipe
        self._folder = folder
        self._model: Any = load_model(folder, device=torch.device("cpu"), dtype=torch.float32)
        self.tokenizer = load_tokenizer(folder, self._model)
        self._stack = wrap_linears(self._model, slots=slots + 1, rank=recipe.rank)
        pad_id = min(self.tokenizer.end_ids)
        texts = write_replay(self._model, self._stack, self.tokenizer, pad_id=pad_id) if replay else []
        self._trainer = JointTrainer(self._model, self._stack, recipe=recipe, pad_id=pad_id, replay=texts)
        self._meter = Meter(
            self._model, self._stack, self.tokenizer, pad_id=pad_id, most_tokens=recipe.micro_batch_tokens
        )

    def train(self, batches: dict[int, list[list[Row]]]) -> float:
        """Train the person of each slot; returns the seconds."""
        start = time.perf_counter()
        learners = [Learner(user_id=slot, slot=slot, batches=own) for slot, own in batches.items()]
        for learner in learners:
            self._trainer.begin(learner, seed=1)
        while unfinished := [learner for learner in learners if not learner.finished]:
            self._trainer.step(unfinished)
        return time.perf_counter() - start

    def loss(self, rows: list[Row], slot: int) -> float:
        """Nats per token."""
        return sum(self._meter.losses(rows, slot)) / sum(row.reply_tokens for row in rows)

    def load(self, folder: Path, slot: int) -> None:
        """Put an adapter from disk into a slot."""
        weights = read_adapter(
            folder,
            base_model=str(self._folder),
            shapes=self._stack.shapes,
            max_rank=self.recipe.rank,
        )
        self._stack.write(slot, weights)


def rows_of(tokenizer: ChatTokenizer, person: int) -> list[Row]:
    """Forty short examples of a person, in the manner of one of the wishes."""
    wish = WISHES[person % len(WISHES)]
    draw = random.Random(person)
    examples = [
        Example(
            message_ids=(number,),
            context=(ChatMessage(Role.USER, question),),
            reply=wish.write(
                [f"{question.split()[-1].strip('?.').capitalize()} has {draw.randint(2, 99)} sides."]
            ),
            evidence=Evidence.CORRECTED,
        )
        for number, question in enumerate(ASKED)
    ]
    rows = [encode_example(tokenizer, example, most_tokens=_MOST_TOKENS) for example in examples]
    return [row for row in rows if row is not None]


def _people(bench: Bench, people: range, steps: int) -> dict[int, tuple[list[list[Row]], list[Row]]]:
    """The batches and the held-out rows of each person."""
    rows = {person: rows_of(bench.tokenizer, person) for person in people}
    return {
        person: (plan_batches(own[:-HELD_OUT], bench.recipe, seed=person)[:steps], own[-HELD_OUT:])
        for person, own in rows.items()
    }


def at_once(folder: Path, people: range, together: int, steps: int) -> list[float]:
    """Train people so many at a time in this process; returns the held-out loss of each."""
    bench = Bench(folder, slots=together, recipe=Recipe(), replay=True)
    everybody = _people(bench, people, steps)
    losses: list[float] = []
    for first in range(people.start, people.stop, together):
        group = range(first, min(first + together, people.stop))
        bench.train({slot: everybody[person][0] for slot, person in enumerate(group, start=1)})
        losses += [bench.loss(everybody[person][1], slot) for slot, person in enumerate(group, start=1)]
    return losses


def _rounds(rows: list[Row], recipe: Recipe) -> list[list[Row]]:
    order = [row for _ in range(ROUNDS) for row in random.Random(1).sample(rows, k=len(rows))]
    return [order[start : start + recipe.batch_rows] for start in range(0, len(order), recipe.batch_rows)]


def one_by_ours(folder: Path) -> dict[str, float]:
    """One person's rows, each once a round, without replay."""
    bench = Bench(folder, slots=1, recipe=Recipe(), replay=False)
    rows = rows_of(bench.tokenizer, 0)
    seconds = bench.train({1: _rounds(rows[:-HELD_OUT], bench.recipe)})
    return {
        "ours_1_tokens_per_second": _tokens(rows) / seconds,
        "ours_1_held_out_loss": bench.loss(rows[-HELD_OUT:], 1),
    }


def one_by_trl(folder: Path) -> dict[str, float]:
    """The same by TRL."""
    bench = Bench(folder, slots=1, recipe=Recipe(), replay=False)
    rows = rows_of(bench.tokenizer, 0)
    with tempfile.TemporaryDirectory() as name:
        seconds = train_with_trl(folder, rows[:-HELD_OUT], Path(name), recipe=bench.recipe, rounds=ROUNDS)
        bench.load(Path(name) / "adapter", 1)
    return {
        "trl_1_tokens_per_second": _tokens(rows) / seconds,
        "trl_1_held_out_loss": bench.loss(rows[-HELD_OUT:], 1),
    }


def _tokens(rows: list[Row]) -> int:
    return ROUNDS * sum(len(row.tokens) for row in rows[:-HELD_OUT])


def in_own_process(work: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    """Seconds from the start of a process to its end, loading included, and what it returned."""
    start = time.perf_counter()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        result = pool.submit(work, *arguments).result()
    return time.perf_counter() - start, result


def measure(folder: Path, people: int, steps: int) -> dict[str, float]:
    """All figures."""
    everybody = range(people)
    joint, losses = in_own_process(at_once, folder, everybody, Recipe().users_at_once, steps)
    in_turn, own = in_own_process(at_once, folder, everybody, 1, steps)
    each = sum(in_own_process(at_once, folder, range(n, n + 1), 1, steps)[0] for n in everybody)
    figures = {
        "people": people,
        "steps": steps,
        "side_by_side_seconds": joint,
        "in_turn_seconds": in_turn,
        "process_each_seconds": each,
        "ratio_side_by_side_to_in_turn": joint / in_turn,
        "ratio_side_by_side_to_process_each": joint / each,
        "largest_difference_of_held_out_loss": max(abs(a - b) for a, b in zip(losses, own, strict=True)),
    }
    if has_trl():
        figures |= in_own_process(one_by_ours, folder)[1]
        figures |= in_own_process(one_by_trl, folder)[1]
        figures["ratio_to_trl"] = figures["ours_1_tokens_per_second"] / figures["trl_1_tokens_per_second"]
    return figures


def main() -> None:
    """Print a table and, with `--json`, one object on the last line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--steps", type=int, default=Recipe().steps, help="of the training of each")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        base = resolve_model("bundled", Path(name), print)
        figures = measure(base.folder, options.people, options.steps)
    for key, value in figures.items():
        print(f"{key:44} {value:10.4f}")
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
