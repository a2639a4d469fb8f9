"""What becomes of simulated users night by night: the learning curve.

    python -m benchmarks.nights [--nights 5] [--wishes sign-off "lower case" bullets] [--json]
    python -m benchmarks.nights --thumbs [--nights 3] [--json]

Each day every user asks eight questions, likes the replies that fulfil their wish and corrects all others;
the weights that serve are those of the night before. After each night ten questions never seen are asked.

With --thumbs nobody corrects anything: each day has forty questions, the replies are drawn as the bot draws
them, and the wishes are such as a plain answer fulfils now and then. What never occurs cannot be liked.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.personalisation import GREEDY, Village, figures_of, share
from benchmarks.wishes import ASKED, SOMETIMES, WISHES, Wish
from engine.language.bundled import ResolvedModel, resolve_model
from engine.language.local import LocalModel
from engine.language.model import SamplingParams
from storage.database import Database
from tests.test_loop import UNSEEN

A_DAY = 8
"""Questions to be corrected; five days take all that there are."""

CHOSEN = ("sign-off", "lower case", "bullets")


async def measure(
    base: ResolvedModel, folder: Path, wishes: Sequence[Wish], *, nights: int, thumbs: bool
) -> dict[str, list[float]]:
    """The share of replies that fulfil each wish, before the first night and after each; prints them."""
    database = await Database.open(folder / "mynah.db")
    model = LocalModel.load(folder=base.folder, name=base.name)
    try:
        village = Village(database, folder, base, model)
        users = dict(enumerate(wishes, start=1))
        curve: dict[str, list[float]] = {}
        for user_id, wish in users.items():
            await village.arrive(user_id, wish)
            curve[wish.name] = [share(wish, await village.answers(UNSEEN))]
        for night in range(1, nights + 1):
            for user_id, wish in users.items():
                await _day(village, user_id, wish, night, thumbs=thumbs)
            runs = {run.user_id: run for run in await village.sleep()}
            for user_id, wish in users.items():
                curve[wish.name].append(share(wish, await village.answers_to(user_id, UNSEEN)))
                told = f"{night:2} {wish.name:24} {curve[wish.name][-1]:4.0%}"
                print(f"{told} {figures_of(runs[user_id])}", flush=True)
    finally:
        await model.close()
        await database.close()
    return curve


async def _day(village: Village, user_id: int, wish: Wish, day: int, *, thumbs: bool) -> None:
    asked = ASKED if thumbs else ASKED[(day - 1) * A_DAY : day * A_DAY]
    sampling = replace(SamplingParams(), max_new_tokens=256, seed=day) if thumbs else GREEDY
    replies = await village.answers_to(user_id, asked, sampling)
    said = list(zip(asked, replies, strict=True))
    await village.live(user_id, wish, said, corrects_every=None if thumbs else 1)


def main() -> None:
    """Print the curve of each user."""
    names = [wish.name for wish in WISHES]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--nights", type=int, default=5, choices=range(1, len(ASKED) // A_DAY + 1))
    parser.add_argument("--wishes", nargs="+", default=list(CHOSEN), choices=names, metavar="WISH")
    parser.add_argument("--thumbs", action="store_true", help="nobody corrects anything")
    parser.add_argument("--json", action="store_true", help="all figures as one object on the last line")
    options = parser.parse_args()
    wishes = SOMETIMES if options.thumbs else [wish for wish in WISHES if wish.name in options.wishes]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        base = resolve_model("bundled", folder / "models", lambda said: print(said, file=sys.stderr))
        curve = asyncio.run(measure(base, folder, wishes, nights=options.nights, thumbs=options.thumbs))
    for name, shares in curve.items():
        print(f"{name:24} {' → '.join(f'{one:.0%}' for one in shares)}")
    if options.json:
        print(json.dumps(curve))


if __name__ == "__main__":
    main()
