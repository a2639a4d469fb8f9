"""Kills the bot again and again while people write to it, then counts what became of each message."""

import asyncio
import random
import re
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlcipher3 import dbapi2 as sqlcipher

from tests.bot_api import BotApiServer, Person, ShownMessage
from tests.bot_api.process import BotProcess

FIRST_USER_ID = 2001

_RATING = re.compile(r"fb:(\d+):1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How hard a run is. A kill comes up to `longest_life_seconds` after the bot began to poll."""

    users: int
    messages_each: int
    kills: int
    seed: int
    longest_life_seconds: float
    model: str
    max_new_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of the messages. `half_answers` are previews that a killed bot left behind."""

    messages: int
    kills: int
    lost: tuple[str, ...]
    answered_twice: tuple[str, ...]
    half_answers: int
    integrity: str
    exit_status: int
    seconds: float


async def crash_run(plan: Plan, data: Path) -> Outcome:
    """Do it all on a fresh data folder."""
    begun = time.monotonic()
    chance = random.Random(plan.seed)
    async with BotApiServer(repeat_wait_seconds=3) as server:
        people = [server.person(FIRST_USER_ID + index, f"Person {index}") for index in range(plan.users)]
        settings = {
            "MYNAH_MODEL": plan.model,
            "MYNAH_MAX_NEW_TOKENS": str(plan.max_new_tokens),
            "MYNAH_SEED": "1",
        }
        bot = BotProcess(server, data, user_ids=[person.user_id for person in people], settings=settings)
        writers = [asyncio.create_task(_write(person, plan, chance)) for person in people]
        for _ in range(plan.kills):
            await bot.start()
            await asyncio.sleep(chance.uniform(0, plan.longest_life_seconds))
            await bot.kill()
        await asyncio.gather(*writers)
        await bot.start()
        await _until_answered(server, people, plan)
        exit_status = await bot.stop()
    return _judge(people, plan, data / "mynah.db", exit_status, time.monotonic() - begun)


async def _write(person: Person, plan: Plan, chance: random.Random) -> None:
    """Numbered messages, spread over the lives of the bot, some of them while it is down."""
    spread = plan.kills * (plan.longest_life_seconds + 4) / plan.messages_each
    for number in range(plan.messages_each):
        await person.say(f"{person.name}, message {number}: what do you think of the number {number}?")
        await asyncio.sleep(chance.uniform(0, spread))


async def _until_answered(server: BotApiServer, people: list[Person], plan: Plan) -> None:
    """Wait for as many finished replies as there are messages; what is missing then is counted as lost."""

    def all_there() -> bool:
        return all(len(_finished(person)) >= plan.messages_each for person in people)

    try:
        await server.until(all_there, timeout_seconds=60 + 5 * plan.users * plan.messages_each)
    except TimeoutError:
        return


def _finished(person: Person) -> list[ShownMessage]:
    return [reply for reply in person.chat.replies if reply.buttons]


def _judge(people: list[Person], plan: Plan, path: Path, exit_status: int, seconds: float) -> Outcome:
    """A finished reply names its log entry in its buttons, and the log names the question."""
    with closing(sqlcipher.connect(path)) as database:
        integrity = database.execute("PRAGMA integrity_check").fetchone()[0]
        questions = dict(
            database.execute(
                "SELECT reply.message_id, question.text FROM messages AS reply"
                " JOIN messages AS question ON question.message_id = reply.question_id"
            )
        )
    answers = Counter(questions[_reply_id(reply)] for person in people for reply in _finished(person))
    asked = [message.text for person in people for message in person.chat.messages if not message.from_bot]
    return Outcome(
        messages=len(asked),
        kills=plan.kills,
        lost=tuple(text for text in asked if answers[text] == 0),
        answered_twice=tuple(text for text in asked if answers[text] > 1),
        half_answers=sum(not reply.buttons for person in people for reply in person.chat.replies),
        integrity=integrity,
        exit_status=exit_status,
        seconds=seconds,
    )


def _reply_id(reply: ShownMessage) -> int:
    match = _RATING.fullmatch(reply.buttons[0].data or "")
    assert match is not None, "the first button of a reply is its thumb up"
    return int(match[1])
