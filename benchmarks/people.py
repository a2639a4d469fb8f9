"""Real people's own lines, learnt by the tuning's trainer, beside one adapter for all and other people's."""

import statistics
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from chitchat_dataset import Dataset

from engine.language.bundled import ResolvedModel
from engine.language.loading import load_model, load_tokenizer
from engine.language.lora import NO_ADAPTER, wrap_linears
from engine.language.model import ChatMessage
from engine.language.tokens import ChatTokenizer
from engine.tuning.encoding import Row, encode_example
from engine.tuning.examples import Evidence, Example
from engine.tuning.job import Recipe
from engine.tuning.learner import JointTrainer, Learner, plan_batches
from engine.tuning.measure import Meter
from engine.tuning.replay import write_replay
from storage.records import Role

LINES = 50
"""How many lines of a person are used; the last fifth is for measuring."""

HELD_OUT = LINES // 5
POOLED_LINES = 200
"""From all people alike; the adapter for all reads more than twice what one of a single person does."""

TOGETHER = 4
"""How many are trained side by side, and are the others to each other."""

_SAID_CHARACTERS = 120
_REPLY_CHARACTERS = 160
_MOST_TOKENS = 320


@dataclass(frozen=True, slots=True)
class Lines:
    """One person's lines as rows: what was said to them, and what they said."""

    train: list[Row]
    later: list[Row]


def measure_people(base: ResolvedModel, *, people: int) -> dict[str, float]:
    """The loss of people's later lines under their own adapter and its rivals; prints a line for each."""
    device = torch.device("cpu")
    model: Any = load_model(base.folder, device=device, dtype=torch.float32)
    tokenizer = load_tokenizer(base.folder, model)
    recipe = Recipe()
    pooled_slot = TOGETHER + 1
    stack = wrap_linears(model, slots=pooled_slot + 1, rank=recipe.rank)
    pad_id = min(tokenizer.end_ids)
    replay = write_replay(model, stack, tokenizer, pad_id=pad_id)
    trainer = JointTrainer(model, stack, recipe=recipe, pad_id=pad_id, replay=replay)
    meter = Meter(model, stack, tokenizer, pad_id=pad_id, most_tokens=recipe.micro_batch_tokens)
    persons = [lines_of(tokenizer, told) for told in conversing(people)]
    mixed = [row for rows in zip(*(one.train for one in persons), strict=True) for row in rows]
    _train(trainer, recipe, {pooled_slot: mixed[:POOLED_LINES]})

    print(f"{'person':>6} {'base':>6} {'own':>6} {'all':>6} {'other':>6}  own against base", flush=True)
    changes, beats = [], defaultdict[str, int](int)
    for first in range(0, len(persons), TOGETHER):
        together = persons[first : first + TOGETHER]
        _train(trainer, recipe, {slot: one.train for slot, one in enumerate(together, start=1)})
        for slot, person in enumerate(together, start=1):
            other = slot % len(together) + 1
            slots = {"base": NO_ADAPTER, "own": slot, "all": pooled_slot, "other": other}
            tokens = sum(row.reply_tokens for row in person.later)
            loss = {name: sum(meter.losses(person.later, each)) / tokens for name, each in slots.items()}
            changes.append(loss["own"] / loss["base"] - 1)
            for rival in ("base", "all", "other"):
                beats[rival] += loss["own"] < loss[rival]
            figures = " ".join(f"{value:6.3f}" for value in loss.values())
            print(f"{first + slot:6} {figures}  {changes[-1]:+.1%}", flush=True)
    return {
        "people": len(persons),
        "own_against_base_median_change": statistics.median(changes),
        **{f"own_better_than_{rival}": wins / len(persons) for rival, wins in beats.items()},
    }


def _train(trainer: JointTrainer, recipe: Recipe, rows_by_slot: dict[int, list[Row]]) -> None:
    learners = [
        Learner(user_id=slot, slot=slot, batches=plan_batches(rows, recipe, seed=slot))
        for slot, rows in rows_by_slot.items()
    ]
    for learner in learners:
        trainer.begin(learner, seed=learner.slot)
    while unfinished := [learner for learner in learners if not learner.finished]:
        trainer.step(unfinished)


def conversing(people: int) -> list[list[tuple[str, str]]]:
    """What was said to each person and their reply, oldest first, of as many people as said enough."""
    told: defaultdict[str, list[tuple[str, str, str]]] = defaultdict(list)
    conversations: Any = Dataset()
    for conversation in conversations.values():
        turns = [
            (turn[0]["sender"], turn[0]["timestamp"], "\n".join(message["text"].strip() for message in turn))
            for turn in conversation["messages"]
            if turn
        ]
        for (_, _, said), (sender, at, reply) in pairwise(turns):
            if sender[0] in "01234567" and said and reply:
                told[sender].append((at, said, reply))
    enough = [sorted(lines)[:LINES] for _, lines in sorted(told.items()) if len(lines) >= LINES]
    return [[(said, reply) for _, said, reply in lines] for lines in enough[:people]]


def lines_of(tokenizer: ChatTokenizer, told: list[tuple[str, str]]) -> Lines:
    rows = [
        encode_example(
            tokenizer,
            Example(
                message_ids=(number,),
                context=(ChatMessage(Role.USER, said[-_SAID_CHARACTERS:]),),
                reply=reply[:_REPLY_CHARACTERS],
                evidence=Evidence.UNRATED,
            ),
            most_tokens=_MOST_TOKENS,
        )
        for number, (said, reply) in enumerate(told)
    ]
    fitting = [row for row in rows if row is not None]
    assert len(fitting) == LINES, "lines of so few characters fit"
    return Lines(train=fitting[:-HELD_OUT], later=fitting[-HELD_OUT:])
