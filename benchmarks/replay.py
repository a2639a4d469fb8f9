"""Replays real conversations through the whole bot, several people at once, over a loopback Bot API server.

    python -m benchmarks.replay [--users 8] [--messages 10] [--json]

Each person sends their next message as soon as the last one is answered. The messages are those of the
`chitchat-dataset` package; only senders whose id begins with 0 to 7 are used, the others are for acceptance.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chitchat_dataset import Dataset

from tests.bot_api import BotApiServer, Person, ShownMessage
from tests.bot_api.process import BotProcess

FIRST_USER_ID = 1001
REPLY_TIMEOUT_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Turn:
    """How long the reply to one message took: until something of it was seen, and until it was whole."""

    first_edit_seconds: float
    reply_seconds: float


def spoken_by_sender(messages_each: int) -> list[list[str]]:
    """The messages of each sender who wrote enough, in the order in which they were written."""
    spoken: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    conversations: Any = Dataset()
    for conversation in conversations.values():
        for message in (message for turn in conversation["messages"] for message in turn):
            text = message["text"].strip()
            # A line that begins with a slash would be a command to the bot.
            if message["sender"][0] in "01234567" and text and not text.startswith("/"):
                spoken[message["sender"]].append((message["timestamp"], text))
    enough = [
        sorted(lines)[:messages_each] for _, lines in sorted(spoken.items()) if len(lines) >= messages_each
    ]
    return [[text for _, text in lines] for lines in enough]


def is_finished(message: ShownMessage) -> bool:
    """A finished reply carries its rating buttons."""
    return bool(message.buttons)


async def talk(person: Person, texts: Sequence[str]) -> list[Turn]:
    """One person's whole conversation."""
    turns: list[Turn] = []
    for text in texts:
        asked = (await person.say(text)).history[0].at
        reply = await person.wait_for_reply(where=is_finished, timeout_seconds=REPLY_TIMEOUT_SECONDS)
        turns.append(Turn(reply.history[0].at - asked, reply.history[-1].at - asked))
    return turns


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that this share of the values does not exceed."""
    return sorted(values)[max(0, -(-percent * len(values) // 100) - 1)]


async def replay(arguments: argparse.Namespace, data: Path) -> dict[str, float]:
    """Run it all; returns the figures by name."""
    scripts = spoken_by_sender(arguments.messages)[: arguments.users]
    async with BotApiServer(repeat_wait_seconds=3) as server:
        people = [server.person(FIRST_USER_ID + index, f"Person {index}") for index in range(len(scripts))]
        settings = {
            "MYNAH_MODEL": arguments.model,
            "MYNAH_MAX_NEW_TOKENS": str(arguments.max_new_tokens),
            "MYNAH_SEED": "1",
        }
        bot = BotProcess(server, data, user_ids=[person.user_id for person in people], settings=settings)
        await bot.start()
        begun = time.monotonic()
        conversations = await asyncio.gather(*map(talk, people, scripts))
        seconds = time.monotonic() - begun
        await bot.stop()
    return figures(people, [turn for turns in conversations for turn in turns], seconds)


def replies_to_each(person: Person) -> list[int]:
    """How many finished replies stand after each of the person's messages, before their next one."""
    counts: list[int] = []
    for message in person.chat.messages:
        if not message.from_bot:
            counts.append(0)
        elif is_finished(message):
            counts[-1] += 1
    return counts


def figures(people: Sequence[Person], turns: Sequence[Turn], seconds: float) -> dict[str, float]:
    """What was measured, and how many messages have not exactly one reply."""
    answers = [count for person in people for count in replies_to_each(person)]
    return {
        "users": len(people),
        "messages": len(turns),
        "seconds": seconds,
        "messages_per_second": len(turns) / seconds,
        "first_edit_seconds_median": statistics.median(turn.first_edit_seconds for turn in turns),
        "first_edit_seconds_p95": percentile([turn.first_edit_seconds for turn in turns], 95),
        "reply_seconds_median": statistics.median(turn.reply_seconds for turn in turns),
        "reply_seconds_p95": percentile([turn.reply_seconds for turn in turns], 95),
        "unanswered": sum(count == 0 for count in answers),
        "answered_twice": sum(count > 1 for count in answers),
    }


def main() -> int:
    """Print a table and, with `--json`, one object on the last line; 1 unless each message has one reply."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replay", description=__doc__)
    parser.add_argument("--users", type=int, default=8)
    parser.add_argument("--messages", type=int, default=10, help="for each user")
    parser.add_argument("--max-new-tokens", type=int, default=48)
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mynah-replay-") as folder:
        measured = asyncio.run(replay(arguments, Path(folder)))
    for name, value in measured.items():
        print(f"{name:28} {value:10.2f}")
    if arguments.json:
        print(json.dumps(measured))
    return int(bool(measured["unanswered"] or measured["answered_twice"]))


if __name__ == "__main__":
    sys.exit(main())
