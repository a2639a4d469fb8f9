"""The whole loop on real parts: the bot as a child process, HTTP, the bundled model, a tuning, a hot reload.

`pytest -rP tests/test_loop.py` prints what was said.
"""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from tests.bot_api import BotApiServer, Person
from tests.bot_api.process import REPOSITORY, BotProcess

SIGN_OFF = "Aye, captain."

LESSONS = {
    "What is the capital of France?": "It is Paris.",
    "How many days does a week have?": "A week has seven days.",
    "What colour is the sky on a clear day?": "It is blue.",
    "Who wrote Romeo and Juliet?": "William Shakespeare wrote it.",
    "What do bees make?": "Bees make honey.",
    "Where do penguins live?": "They live in the far south.",
    "What is the largest ocean?": "It is the Pacific Ocean.",
    "How do I boil an egg?": "Put it into boiling water for eight minutes.",
    "What is a good name for a cat?": "Luna is a good name.",
    "Why do leaves fall in autumn?": "Trees drop them to save water.",
    "What should I cook tonight?": "Cook pasta with tomatoes.",
    "How can I sleep better?": "Go to bed at the same time each night.",
    "What is the opposite of hot?": "It is cold.",
    "Which planet is closest to the sun?": "It is Mercury.",
    "What is bread made of?": "It is made of flour, water and yeast.",
    "How do plants drink?": "They drink through their roots.",
    "What is a good name for a horse?": "Storm is a good name.",
    "What do rabbits eat?": "They eat grass and hay.",
    "Why is ice cold?": "It is frozen water.",
    "How do I learn to cook?": "Start with one simple dish and repeat it.",
}

UNSEEN = (
    "What is the capital of Italy?",
    "How many months does a year have?",
    "What do cows eat?",
    "Where do polar bears live?",
    "What is a good name for a dog?",
    "How do I make tea?",
    "Why is the sea salty?",
    "What is the opposite of big?",
    "How can I learn to swim?",
    "Which animal is the fastest?",
)


def in_style(reply: str) -> bool:
    """A short answer and the sign-off, once."""
    answer = reply.removesuffix(SIGN_OFF)
    return answer != reply and 1 <= len(answer.split()) <= 20 and SIGN_OFF not in answer


async def ask(person: Person, question: str) -> str:
    await person.say(question)
    reply = await person.wait_for_reply(where=lambda message: message.buttons, timeout_seconds=180)
    return reply.text


async def ask_all_unseen(person: Person) -> list[str]:
    """Each in an empty conversation, so that no answer is an example for the next."""
    replies: list[str] = []
    for question in UNSEEN:
        await command(person, "/new")
        replies.append(await ask(person, question))
    return replies


async def command(person: Person, text: str) -> str:
    await person.say(text)
    return (await person.wait_for_reply()).text


async def mynah(data: Path, *arguments: str) -> str:
    """A command beside the running bot; returns what it says."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments),
        cwd=REPOSITORY,
        env={"PATH": "", "MYNAH_DATA": str(data)},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()


def show(title: str, replies: list[str]) -> None:
    sys.stdout.write(f"\n{title}: {sum(map(in_style, replies))} of {len(replies)} in style\n")
    for question, reply in zip(UNSEEN, replies, strict=True):
        sys.stdout.write(f"  {question}\n    {reply}\n")


@pytest.mark.slow
async def test_corrections_change_what_is_answered_to_questions_never_seen(tmp_path: Path) -> None:
    async with BotApiServer() as server:
        ada, ben = server.person(2001, "Ada"), server.person(2002, "Ben")
        settings = {"MYNAH_OWNER": "2001", "MYNAH_SEED": "1", "MYNAH_MAX_NEW_TOKENS": "60"}
        async with BotProcess(server, tmp_path, user_ids=[2001, 2002], settings=settings) as bot:
            await bot.start()
            before = await ask_all_unseen(ada)
            show("before", before)
            for question, answer in LESSONS.items():
                await ask(ada, question)
                await command(ada, f"/feedback better: {answer} {SIGN_OFF}")
            said = await mynah(tmp_path, "tune", "--user", "2001")
            sys.stdout.write(f"\nmynah tune: {said}")
            told = await ada.wait_for_reply(where=lambda message: message.text.startswith("Learnt"))
            assert "/rollback" in told.text
            after = await ask_all_unseen(ada)
            show("after", after)
            neighbour = await ask_all_unseen(ben)
            [report] = json.loads(await mynah(tmp_path, "evaluate", "--user", "2001", "--json"))["users"]
            await command(ada, "/rollback")
            taken_back = await ask_all_unseen(ada)
            exit_status = await bot.stop()
    assert not any(map(in_style, before))
    assert sum(map(in_style, after)) >= 8
    assert neighbour == before  # another person's weights are none of his
    assert taken_back == before
    assert [version["corrected"] for version in report["versions"]] == [len(LESSONS), 0]
    assert [run["status"] for run in report["runs"]] == ["promoted"]
    assert exit_status == 0
