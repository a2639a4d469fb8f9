import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from bot.cli import execute
from bot.reports import choice_json, choice_line, scored_line
from engine.errors import TuningBusyError, TuningError
from engine.language.bundled import ResolvedModel
from engine.language.model import ChatMessage
from engine.tuning.child import ChildTrainer, OnProgress, Trainer
from engine.tuning.evaluate import TurnLosses
from engine.tuning.examples import Evidence, Example
from engine.tuning.job import Candidate, Job, Recipe, candidate_folder, read_job, write_candidate
from engine.tuning.recipes import read_recipe, write_recipe
from engine.tuning.search import BLOCKS, FEWEST_CONVERSATIONS, Choice, Scored, Searcher, blocks, grid
from engine.tuning.workshop import Workshop
from storage.database import Database
from storage.lock import folder_lock
from storage.records import Role
from storage.runs import RunStore
from storage.users import UserStore
from tests.engine.language.conftest import BASE_NAME, save_tiny
from tests.engine.tuning.test_evaluate import GOOD
from tests.engine.tuning.test_nightly import USER_ID, correct

SMALL = Recipe(rank=2, alpha=4.0, steps=2, most_rounds=1, fewest_rounds=1)


def example(number: int, *, conversation_id: int) -> Example:
    return Example(
        message_ids=(2 * number, 2 * number + 1),
        context=(ChatMessage(Role.USER, f"question {number}"),),
        reply=f"reply {number}",
        evidence=Evidence.CORRECTED,
        conversation_id=conversation_id,
    )


def conversations(count: int) -> list[Example]:
    """Two examples in each of so many conversations."""
    return [example(number, conversation_id=number // 2) for number in range(2 * count)]


class ScoringTrainer:
    """Trains nothing; the loss on each held-out reply is what the recipe is worth, in nats."""

    def __init__(self, worth: Callable[[Recipe], float], *, rise: Callable[[Recipe], float]) -> None:
        self._worth = worth
        self._rise = rise
        self.jobs: list[Job] = []

    async def train(self, job_folder: Path, on_progress: OnProgress, *, secret: bytes | None = None) -> None:
        job = read_job(job_folder, secret=secret)
        self.jobs.append(job)
        for user in job.users:
            turns = tuple(
                TurnLosses(
                    conversation_id=one.conversation_id,
                    tokens=1,
                    reply_bytes=4,
                    base=5.0,
                    candidate=self._worth(job.recipe),
                )
                for one in user.split.held_out
            )
            folder = candidate_folder(job_folder, user.user_id)
            folder.mkdir()
            measurement = replace(
                GOOD, turns=turns, canary_candidate=GOOD.canary_base * (1 + self._rise(job.recipe))
            )
            write_candidate(
                Candidate(user_id=user.user_id, folder=folder, measurement=measurement, training={})
            )


def test_blocks_are_contiguous_hold_out_everything_once_and_have_a_gap():
    examples = conversations(13)
    splits = blocks(examples)

    assert len(splits) == BLOCKS
    assert [one for split in splits for one in split.held_out] == examples
    for split in splits:
        held_out = [one.conversation_id for one in split.held_out]
        trained = {one.conversation_id for one in split.train}
        assert not trained & set(range(min(held_out) - 1, max(held_out) + 2))
        assert trained | set(range(min(held_out) - 1, max(held_out) + 2)) >= set(range(13))


def test_a_conversation_that_another_one_interrupts_stays_whole():
    examples = [example(number, conversation_id=number % 10) for number in range(20)]

    for split in blocks(examples):
        assert not {one.conversation_id for one in split.train} & {
            one.conversation_id for one in split.held_out
        }


def test_too_few_conversations_are_told():
    with pytest.raises(TuningError, match="There are 9 conversations to learn from, and a search needs 10"):
        blocks(conversations(FEWEST_CONVERSATIONS - 1))


def test_the_grid_begins_with_the_present_recipe_and_has_each_once():
    recipes = grid(Recipe())

    assert recipes[0] == Recipe()
    assert len(set(recipes)) == len(recipes) == 12
    assert all(recipe.alpha == 2 * recipe.rank for recipe in recipes)


def test_a_chosen_recipe_keeps_only_what_was_searched_for():
    chosen = replace(Recipe(), rank=4, alpha=8.0, learning_rate=1e-3, steps=22)

    assert read_recipe(write_recipe(chosen)) == chosen
    assert set(json.loads(write_recipe(chosen))) == {"rank", "alpha", "learning_rate", "steps"}
    assert read_recipe(None) == Recipe()


@pytest.fixture
async def talkative(database: Database, clock: Callable[[], datetime]) -> Database:
    """A user with twelve conversations of one corrected turn each."""
    await UserStore(database).add(USER_ID, name="Ada", is_owner=True, now=clock())
    for number in range(12):
        await correct(database, USER_ID, turns=1, now=clock(), first=number)
    return database


def searcher_over(
    database: Database,
    clock: Callable[[], datetime],
    folder: Path,
    trainer: Trainer,
    *,
    base: ResolvedModel | None = None,
    sealed: bool = False,
) -> Searcher:
    workshop = Workshop.over(
        database, trainer=trainer, data_folder=folder, base=base or ResolvedModel("base", folder), now=clock
    )
    return Searcher(replace(workshop, sealed=sealed))


async def test_the_best_recipe_that_does_not_forget_is_kept_for_the_nights(talkative, clock, tmp_path):
    def worth(recipe: Recipe) -> float:
        return 2.0 if recipe.learning_rate == 1e-3 else 3.0 if recipe.rank == 4 else 4.0

    trainer = ScoringTrainer(worth, rise=lambda recipe: 0.02 if recipe.learning_rate == 1e-3 else 0.001)
    told: list[Scored] = []
    choice = await searcher_over(talkative, clock, tmp_path, trainer).search([USER_ID], on_scored=told.append)

    assert choice.changed
    assert (choice.recipe.rank, choice.recipe.learning_rate < 1e-3) == (4, True)
    assert read_recipe(await RunStore(talkative).recipe_for("base")) == choice.recipe
    assert [one.recipe for one in told] == grid(Recipe())
    assert all(len(job.users) == BLOCKS and not job.controls for job in trainer.jobs)
    assert not list((tmp_path / "tuning").iterdir())


async def test_what_is_not_surely_better_changes_nothing(talkative, clock, tmp_path):
    trainer = ScoringTrainer(lambda _recipe: 3.0, rise=lambda _recipe: 0.0)
    searcher = searcher_over(talkative, clock, tmp_path, trainer)
    choice = await searcher.search([USER_ID], on_scored=lambda _scored: None)

    assert not choice.changed
    assert choice.recipe == Recipe()
    assert await RunStore(talkative).recipe_for("base") is None


async def test_a_search_and_a_tuning_do_not_run_at_once(talkative, clock, tmp_path):
    trainer = ScoringTrainer(lambda _recipe: 3.0, rise=lambda _recipe: 0.0)
    searcher = searcher_over(talkative, clock, tmp_path, trainer)
    with folder_lock(tmp_path, "tuning"), pytest.raises(TuningBusyError):
        await searcher.search([USER_ID], on_scored=lambda _scored: None)


async def test_with_too_little_to_learn_from_it_says_so(database, clock, tmp_path):
    trainer = ScoringTrainer(lambda _recipe: 3.0, rise=lambda _recipe: 0.0)
    with pytest.raises(TuningError, match="Nobody has said enough"):
        await searcher_over(database, clock, tmp_path, trainer).search([], on_scored=lambda _scored: None)


def test_a_search_is_told_in_lines_and_as_json():
    scored = Scored(recipe=Recipe(), nats_per_token=1.25, general_rise=0.004)
    assert scored_line(scored).split() == ["8", "0.0005", "44", "1.250", "+0.4%"]
    changed = Choice(recipe=replace(Recipe(), rank=4), changed=True)
    assert choice_line(changed, "base") == (
        "From the next tuning on, base learns with rank 4, learning rate 0.0005 and 44 steps."
    )
    assert "goes on to learn with rank 8" in choice_line(Choice(recipe=Recipe(), changed=False), "base")
    assert json.loads(choice_json([scored], changed))["choice"]["recipe"]["rank"] == 4


def test_the_command_says_when_there_is_too_little(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    model = save_tiny(tmp_path / BASE_NAME)
    environment = {"MYNAH_DATA": str(tmp_path / "data"), "MYNAH_MODEL": str(model)}

    assert execute(["evaluate", "--search"], environment) == 1
    assert "Nobody has said enough yet to learn from." in capsys.readouterr().err


@pytest.mark.slow
async def test_recipes_of_any_rank_are_tried_by_the_real_child(talkative, clock, tmp_path):
    """Two child processes over the tiny model, some 20 seconds each."""
    base = ResolvedModel(BASE_NAME, save_tiny(tmp_path / BASE_NAME))
    searcher = searcher_over(talkative, clock, tmp_path, ChildTrainer(), base=base, sealed=True)
    told: list[Scored] = []
    await searcher.search(
        [USER_ID],
        recipes=lambda _present: [SMALL, replace(SMALL, rank=3, alpha=6.0, learning_rate=1e-2)],
        on_scored=told.append,
    )

    assert [one.recipe.rank for one in told] == [2, 3]
    assert told[0].nats_per_token != told[1].nats_per_token
