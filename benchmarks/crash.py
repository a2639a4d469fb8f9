"""Kills the bot at random moments while people write to it: how many messages are lost or answered twice?

python -m benchmarks.crash [--users 4] [--messages 25] [--kills 30] [--life 4] [--tiny] [--json]

With `--tiny` the model is a random one that starts at once, the weights of one user change all the while, and
their night is due.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

from tests.crash.harness import Outcome, Plan, crash_run
from tests.crash.talkative import save_talkative


def figures(outcome: Outcome) -> dict[str, float]:
    """The outcome as numbers by name."""
    return {
        "messages": outcome.messages,
        "kills": outcome.kills,
        "lost": len(outcome.lost),
        "given_up": len(outcome.given_up),
        "answered_twice": len(outcome.answered_twice),
        "half_answers_left": outcome.half_answers,
        "database_is_whole": int(outcome.integrity == "ok"),
        "swaps": outcome.swaps,
        "broken_adapters": outcome.broken_adapters,
        "seconds": outcome.seconds,
    }


def main() -> int:
    """Print a table and, with `--json`, one object on the last line; 1 when a message was lost or doubled."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crash", description=__doc__)
    parser.add_argument("--users", type=int, default=4)
    parser.add_argument("--messages", type=int, default=25, help="for each user")
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--life", type=float, default=4.0, help="how many times as long as the first answers")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--tiny", action="store_true", help="a random model, and weights that change")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mynah-crash-") as name:
        measured = figures(asyncio.run(crash_run(_plan(arguments, Path(name)), Path(name) / "data")))
    for name, value in measured.items():
        print(f"{name:20} {value:10.1f}")
    if arguments.json:
        print(json.dumps(measured))
    faults = ("lost", "answered_twice", "broken_adapters")
    return int(any(measured[name] for name in faults) or not measured["database_is_whole"])


def _plan(arguments: argparse.Namespace, folder: Path) -> Plan:
    (folder / "data").mkdir()
    return Plan(
        users=arguments.users,
        messages_each=arguments.messages,
        kills=arguments.kills,
        seed=arguments.seed,
        longest_life=arguments.life,
        model=str(save_talkative(folder / "tiny")) if arguments.tiny else arguments.model,
        max_new_tokens=100 if arguments.tiny else 12,
        restless=arguments.tiny,
    )


if __name__ == "__main__":
    sys.exit(main())
