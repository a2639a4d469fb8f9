"""`mynah evaluate --search` on simulated users with hidden wishes, a conversation for each question.

    python -m benchmarks.search [--wishes 1] [--steps 22 44] [--json]

Each user corrects every second of forty replies; five blocks of their conversations are held out in turn.
Prints what each recipe came to, after how many seconds, and what was chosen.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

from benchmarks.personalisation import Village
from benchmarks.wishes import ASKED, WISHES
from bot.reports import SCORED_HEAD, choice_line, scored_line
from engine.language.bundled import ResolvedModel, resolve_model
from engine.language.local import LocalModel
from engine.tuning.child import ChildTrainer
from engine.tuning.job import Recipe
from engine.tuning.search import LEARNING_RATES, RANKS, STEPS, Scored, Searcher
from engine.tuning.workshop import Workshop
from storage.database import Database


async def search(
    base: ResolvedModel, folder: Path, *, wishes: int, recipes: list[Recipe]
) -> dict[str, float]:
    """Live a day with so many users, then search; prints a line for each recipe."""
    database = await Database.open(folder / "mynah.db")
    model = LocalModel.load(folder=base.folder, name=base.name)
    try:
        village = Village(database, folder, base, model)
        replies = await village.answers(ASKED)
        await model.close()
        for user_id, wish in enumerate(WISHES[:wishes], start=1):
            await village.arrive(user_id, wish)
            await village.live(user_id, wish, list(zip(ASKED, replies, strict=True)), apart=True)
        workshop = Workshop.over(
            database, trainer=ChildTrainer(), data_folder=folder, base=base, now=lambda: datetime.now(UTC)
        )
        searcher = Searcher(workshop)
        start, figures = time.perf_counter(), dict[str, float]()

        def told(one: Scored) -> None:
            seconds = time.perf_counter() - start
            print(f"{scored_line(one)}  after {seconds:.0f} s", flush=True)
            recipe = one.recipe
            figures[f"nats_rank_{recipe.rank}_rate_{recipe.learning_rate:g}_steps_{recipe.steps}"] = (
                one.nats_per_token
            )

        print(SCORED_HEAD)
        choice = await searcher.search(range(1, wishes + 1), recipes=lambda _present: recipes, on_scored=told)
        print(choice_line(choice, base.name))
    finally:
        await model.close()
        await database.close()
    return figures | {"search_seconds": time.perf_counter() - start}


def main() -> None:
    """Search, and print what came of it."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--wishes", type=int, default=1, help="how many simulated users")
    arguments.add_argument("--ranks", type=int, nargs="+", default=RANKS)
    arguments.add_argument("--rates", type=float, nargs="+", default=LEARNING_RATES)
    arguments.add_argument("--steps", type=int, nargs="+", default=STEPS)
    arguments.add_argument("--json", action="store_true", help="all figures as one object on the last line")
    options = arguments.parse_args()
    recipes = [
        replace(Recipe(), rank=rank, alpha=2.0 * rank, learning_rate=rate, steps=steps)
        for rank, rate, steps in product(options.ranks, options.rates, options.steps)
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        base = resolve_model("bundled", folder / "models", lambda said: print(said, file=sys.stderr))
        figures = asyncio.run(search(base, folder, wishes=options.wishes, recipes=recipes))
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
