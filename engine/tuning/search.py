"""Which rank, learning rate and number of steps serve a base model best, by blocked cross-validation.

A person's conversations are cut into five blocks by time. Each block is held out once while the rest is
trained on, but for the conversation on either side of it, which is too much like it to be either (Roberts and
others, "Cross-validation strategies for data with temporal, spatial, hierarchical, or phylogenetic
structure", 2017). Random messages would be easier to foretell than tomorrow's are.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product

from engine.errors import TuningError
from engine.tuning.evaluate import CANARY_LIMIT, TurnLosses, bootstrap_interval, per_token
from engine.tuning.examples import (
    Example,
    Split,
    build_examples,
    evidence_points,
    judged_by_the_user,
    missing_evidence,
    wanted_of,
)
from engine.tuning.job import Job, Progress, Recipe, UserJob, read_candidate, write_job
from engine.tuning.recipes import read_recipe, write_recipe
from engine.tuning.workshop import Workshop

BLOCKS = 5
FEWEST_CONVERSATIONS = 2 * BLOCKS
"""With fewer, what is left between two blocks and their neighbours is next to nothing."""

MOST_PEOPLE = 3
"""Those with most to learn from; each costs five trainings for every recipe."""

RANKS = (4, 8)
LEARNING_RATES = (2.5e-4, 5e-4, 1e-3)
STEPS = (22, 44)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A recipe and what came of it: nats per token on all blocks, and the mean rise on general text."""

    recipe: Recipe
    nats_per_token: float
    general_rise: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The recipe that nights will follow; `changed` says that it is surely better than the one before."""

    recipe: Recipe
    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    scored: Scored
    turns: tuple[TurnLosses, ...]


def grid(present: Recipe) -> list[Recipe]:
    """The recipes to try, the present one first; alpha stays twice the rank, as in it by default."""
    tried = [
        replace(present, rank=rank, alpha=2.0 * rank, learning_rate=rate, steps=steps)
        for rank, rate, steps in product(RANKS, LEARNING_RATES, STEPS)
    ]
    return [present, *(recipe for recipe in tried if recipe != present)]


def blocks(examples: Sequence[Example]) -> list[Split]:
    """One split for each of five blocks of conversations, by when they began, from examples that are oldest
    first. Raises TuningError.
    """
    by_id: dict[int, list[Example]] = {}
    for example in examples:
        by_id.setdefault(example.conversation_id, []).append(example)
    conversations = list(by_id.values())
    count = len(conversations)
    if count < FEWEST_CONVERSATIONS:
        raise TuningError(
            f"There are {count} conversations to learn from, and a search needs {FEWEST_CONVERSATIONS}."
        )
    seams = [count * number // BLOCKS for number in range(BLOCKS + 1)]
    return [
        Split(
            train=_joined(conversations[: max(0, start - 1)] + conversations[end + 1 :]),
            held_out=tuple(judged_by_the_user(_joined(conversations[start:end]))),
        )
        for start, end in pairwise(seams)
    ]


class Searcher:
    """Tries recipes on people's own examples, each in a child process like a night's."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def search(
        self,
        user_ids: Sequence[int],
        *,
        recipes: Callable[[Recipe], Sequence[Recipe]] = grid,
        on_scored: Callable[[Scored], None],
    ) -> Choice:
        """Try every recipe, and keep the best for the nights to come if it is surely better than the present.

        Raises TuningBusyError, and TuningError when there is too little to learn from or a training fails.
        """
        workshop = self._workshop
        with workshop.alone():
            splits = await self._splits(user_ids)
            present = read_recipe(await workshop.runs.recipe_for(workshop.base.name))
            trials: list[_Trial] = []
            for recipe in recipes(present):
                trials.append(await self._try(recipe, splits))
                on_scored(trials[-1].scored)
            choice = choose(trials, seed=workshop.seed)
            if choice.changed:
                await workshop.runs.choose_recipe(
                    workshop.base.name, write_recipe(choice.recipe), now=workshop.now()
                )
            return choice

    async def _splits(self, user_ids: Sequence[int]) -> list[Split]:
        messages = self._workshop.messages
        everybody = [wanted_of(build_examples(await messages.rated_turns(user_id))) for user_id in user_ids]
        enough = [examples for examples in everybody if missing_evidence(examples) is None]
        if not enough:
            raise TuningError("Nobody has said enough yet to learn from.")
        enough.sort(key=evidence_points, reverse=True)
        return [split for examples in enough[:MOST_PEOPLE] for split in blocks(examples)]

    async def _try(self, recipe: Recipe, splits: Sequence[Split]) -> _Trial:
        """Train and score one recipe on every block, side by side."""
        workshop = self._workshop
        folder = workshop.jobs / "search"
        shutil.rmtree(folder, ignore_errors=True)
        secret = workshop.new_secret()
        numbers = range(1, len(splits) + 1)
        job = Job(
            base_name=workshop.base.name,
            base_folder=workshop.base.folder,
            users=tuple(
                UserJob(user_id=number, split=split) for number, split in zip(numbers, splits, strict=True)
            ),
            seed=workshop.seed,
            recipe=recipe,
            controls=False,
        )
        try:
            write_job(folder, job, secret=secret)
            await workshop.trainer.train(folder, _unheard, secret=secret)
            found = [read_candidate(folder, number) for number in numbers]
        finally:
            shutil.rmtree(folder, ignore_errors=True)  # it holds chat text
        measured = [one.measurement for one in found if one is not None]
        if len(measured) < len(splits):
            raise TuningError("The training was ended before it had tried every block.")
        turns = tuple(turn for one in measured for turn in one.turns)
        rises = [one.canary_candidate / one.canary_base - 1 for one in measured]
        return _Trial(
            turns=turns,
            scored=Scored(
                recipe=recipe,
                nats_per_token=per_token(turns, [turn.candidate for turn in turns]),
                general_rise=sum(rises) / len(rises),
            ),
        )


def choose(trials: Sequence[_Trial], *, seed: int) -> Choice:
    """The best of those that do not forget, if it is surely better than the first, which is in use."""
    present = trials[0]
    lasting = [trial for trial in trials if trial.scored.general_rise <= CANARY_LIMIT]
    best = min(lasting, key=lambda trial: trial.scored.nats_per_token, default=present)
    changes = [new.candidate - old.candidate for new, old in zip(best.turns, present.turns, strict=True)]
    _, high = bootstrap_interval(present.turns, changes, seed=seed)
    forgets = present.scored.general_rise > CANARY_LIMIT
    changed = best is not present and (high < 0 or forgets)
    return Choice(recipe=best.scored.recipe if changed else present.scored.recipe, changed=changed)


def _joined(conversations: Sequence[Sequence[Example]]) -> tuple[Example, ...]:
    return tuple(example for conversation in conversations for example in conversation)


def _unheard(_progress: Progress) -> None:
    """Steps within one recipe are not told."""
