"""The whole loop on real parts: a child process, HTTP, the bundled model, a training run, a hot reload."""

import asyncio
from pathlib import Path

import pytest

from tests.bot_api import BotApiServer, Person
from tests.bot_api.process import BotProcess

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
    """One short sentence and the sign-off, nothing else."""
    return reply.endswith(SIGN_OFF) and len(reply.removesuffix(SIGN_OFF).split()) <= 20


async def ask(person: Person, question: str) -> str:
    await person.say(question)
    reply = await person.wait_for_reply(where=lambda message: message.buttons, timeout_seconds=120)
    return reply.text


@pytest.mark.slow
async def test_a_dozen_corrections_and_one_tuning_change_the_next_replies(tmp_path: Path):
    async with BotApiServer() as server:
        learner, other = server.person(2001, "Ada"), server.person(2002, "Ben")
        settings = {"MYNAH_OWNER": "2001", "MYNAH_SEED": "1", "MYNAH_MAX_NEW_TOKENS": "60"}
        bot = BotProcess(server, tmp_path, user_ids=[2001, 2002], settings=settings)
        await bot.start()

        for question, answer in LESSONS.items():
            assert not in_style(await ask(learner, question))
            await learner.say(f"/feedback better: {answer} {SIGN_OFF}")
            await learner.wait_for_reply(timeout_seconds=30)
        await learner.say("/tune")
        outcome = await learner.wait_for_reply(
            where=lambda message: message.text.startswith(
                ("Learnt", "I tried", "Learning failed", "Nothing learnt")
            ),
            timeout_seconds=900,
        )
        assert outcome.text.startswith("Learnt from"), outcome.text
        await learner.say("/new")
        await learner.wait_for_reply(timeout_seconds=30)
        tuned, plain = [], []
        for question in UNSEEN:
            replies = await asyncio.gather(ask(learner, question), ask(other, question))
            tuned.append(replies[0])
            plain.append(replies[1])
        await learner.say("/rollback")
        await learner.wait_for_reply(timeout_seconds=30)
        await learner.say("/new")
        await learner.wait_for_reply(timeout_seconds=30)
        undone = await ask(learner, UNSEEN[0])

        assert await bot.stop() == 0
    transcript = "\n".join(f"{question}\n  {reply}" for question, reply in zip(UNSEEN, tuned, strict=True))
    (tmp_path / "transcript.txt").write_text(f"{outcome.text}\n{transcript}\n")
    assert sum(map(in_style, tuned)) >= 8, transcript
    assert sum(map(in_style, plain)) == 0
    assert undone == plain[0]
