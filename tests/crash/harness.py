"""Kills the bot again and again while people write to it, then counts what became of each message."""

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from sqlcipher3 import dbapi2 as sqlcipher

from storage.backup import DATABASE_NAME
from storage.database import Database
from tests.bot_api import BotApiServer, Person, ShownMessage
from tests.bot_api.process import BotProcess
from tests.crash.nursery import BornBot, nursery
from tests.crash.restless import Restless

FIRST_USER_ID = 2001

_PATIENCE_SECONDS = 600.0
"""For a start, and for the next answers: what is counted must not depend on what else the machine does."""

_RATING = re.compile(r"fb:(\d+):1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How hard a run is. From its first poll on a bot lives at most `longest_life` times as long as it takes
    here to answer everybody who has waited for it: one that is always killed before that gives up messages.

    In a `restless` run, which needs the tiny model, the first user's weights change all the while, and their
    night is due at every start.
    """

    users: int
    messages_each: int
    kills: int
    seed: int
    longest_life: float
    model: str
    max_new_tokens: int
    restless: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of the messages. `half_answers` are previews that a killed bot left, and words on them.

    `given_up` are those during which it was killed five times: their writers were told so.
    """

    messages: int
    kills: int
    lost: tuple[str, ...]
    given_up: tuple[str, ...]
    answered_twice: tuple[str, ...]
    half_answers: int
    integrity: str
    exit_status: int
    seconds: float
    swaps: int = 0
    broken_adapters: int = 0


async def crash_run(plan: Plan, data: Path) -> Outcome:
    """Do it all on a fresh data folder."""
    begun = time.monotonic()
    chance = random.Random(plan.seed)
    async with BotApiServer(repeat_wait_seconds=3) as server, nursery() as cradle:
        people = [server.person(FIRST_USER_ID + index, f"Person {index}") for index in range(plan.users)]
        settings = {
            "MYNAH_MODEL": plan.model,
            "MYNAH_MAX_NEW_TOKENS": str(plan.max_new_tokens),
            "MYNAH_SEED": "1",
            **({"MYNAH_NIGHTLY": "00:00"} if plan.restless else {}),
        }
        ids = [person.user_id for person in people]
        async with (
            BornBot(server, data, user_ids=ids, settings=settings, nursery=cradle) as bot,
            _beside(plan, data) as restless,
        ):
            exit_status = await _killed_and_stopped(bot, server, people, plan, chance, data / DATABASE_NAME)
            broken_adapters = 0 if restless is None else await restless.broken_adapters()
    outcome = _judge(people, plan, data / DATABASE_NAME, exit_status, time.monotonic() - begun)
    if restless is None:
        return outcome
    return replace(outcome, swaps=restless.swaps, broken_adapters=broken_adapters)


@asynccontextmanager
async def _beside(plan: Plan, data: Path) -> AsyncGenerator[Restless | None]:
    """What changes weights while the body runs, if the plan wants it."""
    if not plan.restless:
        yield None
        return
    database = await Database.open(data / DATABASE_NAME)
    swapping: asyncio.Task[None] | None = None
    try:
        restless = Restless(database, data, FIRST_USER_ID, base_name=Path(plan.model).name)
        await restless.prepare()
        swapping = asyncio.create_task(restless.swap(random.Random(plan.seed)))
        yield restless
    finally:
        if swapping is not None:
            await _ended(swapping)
        await database.close()


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _killed_and_stopped(
    bot: BotProcess,
    server: BotApiServer,
    people: list[Person],
    plan: Plan,
    chance: random.Random,
    path: Path,
) -> int:
    """All kills, then a start after which everything is answered, and a clean stop; its exit status."""
    longest = plan.longest_life * await _first_answers_seconds(bot, people)
    writers = [asyncio.create_task(_write(person, plan, longest, chance)) for person in people]
    for _ in range(plan.kills):
        await bot.start(timeout_seconds=_PATIENCE_SECONDS)
        await asyncio.sleep(chance.uniform(0, longest))
        await bot.kill()
    await asyncio.gather(*writers)
    await bot.start(timeout_seconds=_PATIENCE_SECONDS)
    await _until_answered(server, people, path)
    return await bot.stop()


async def _first_answers_seconds(bot: BotProcess, people: list[Person]) -> float:
    """How long a bot takes from its first poll until it has answered everybody, in a life of its own."""
    for person in people:
        await person.say(f"{person.name}: are you there?")
    await bot.start(timeout_seconds=_PATIENCE_SECONDS)
    begun = time.monotonic()
    for person in people:
        await person.wait_for_reply(where=lambda reply: reply.buttons, timeout_seconds=_PATIENCE_SECONDS)
    seconds = time.monotonic() - begun
    await bot.stop()
    return seconds


async def _write(person: Person, plan: Plan, longest: float, chance: random.Random) -> None:
    """Numbered messages, spread over lives of at most so many seconds, some of them while it is down."""
    spread = plan.kills * (longest + 4) / plan.messages_each
    for number in range(plan.messages_each):
        await person.say(f"{person.name}, message {number}: what do you think of the number {number}?")
        await asyncio.sleep(chance.uniform(0, spread))


async def _until_answered(server: BotApiServer, people: list[Person], path: Path) -> None:
    """Wait until each message has a finished reply; when no more come for long, the rest counts as lost."""

    def all_there() -> bool:
        settled = {*_answers(people, path), *_given_up(path)}
        return settled.issuperset(_asked(people))

    before = -1
    while not all_there() and (answered := len(_answers(people, path))) > before:
        before = answered
        with suppress(TimeoutError):
            await server.until(all_there, timeout_seconds=_PATIENCE_SECONDS)


def _finished(person: Person) -> list[ShownMessage]:
    return [reply for reply in person.chat.replies if reply.buttons]


def _judge(people: list[Person], plan: Plan, path: Path, exit_status: int, seconds: float) -> Outcome:
    with closing(sqlcipher.connect(path)) as database:
        integrity = database.execute("PRAGMA integrity_check").fetchone()[0]
    answers, asked, given_up = _answers(people, path), _asked(people), _given_up(path)
    return Outcome(
        messages=len(asked),
        kills=plan.kills,
        lost=tuple(text for text in asked if answers[text] == 0 and text not in given_up),
        given_up=given_up,
        answered_twice=tuple(text for text in asked if answers[text] > 1),
        half_answers=sum(not reply.buttons for person in people for reply in person.chat.replies),
        integrity=integrity,
        exit_status=exit_status,
        seconds=seconds,
    )


def _asked(people: list[Person]) -> list[str]:
    return [message.text for person in people for message in person.chat.messages if not message.from_bot]


def _answers(people: list[Person], path: Path) -> Counter[str]:
    """How often each message was answered.

    A finished reply names its log entry in its buttons, and the log names the question: a message, or several
    that came while the bot was busy, one on each line.
    """
    with closing(sqlcipher.connect(path)) as database:
        questions = dict(
            database.execute(
                "SELECT reply.message_id, question.text FROM messages AS reply"
                " JOIN messages AS question ON question.message_id = reply.question_id"
            )
        )
    finished = [questions[_reply_id(reply)] for person in people for reply in _finished(person)]
    return Counter(line for question in finished for line in question.split("\n"))


def _given_up(path: Path) -> tuple[str, ...]:
    with closing(sqlcipher.connect(path)) as database:
        rows = database.execute(
            "SELECT json_extract(payload, '$.message.text') FROM updates WHERE state = 'failed'"
        )
        return tuple(text for (text,) in rows)


def _reply_id(reply: ShownMessage) -> int:
    match = _RATING.fullmatch(reply.buttons[0].data or "")
    assert match is not None, "the first button of a reply is its thumb up"
    return int(match[1])
