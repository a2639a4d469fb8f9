"""The whole loop on real parts: a child process, HTTP, the bundled model, a training run, a hot reload."""

import asyncio
import sys
import tempfile
from pathlib import Path

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


async def run(folder: Path) -> int:
    """Correct, tune, ask again, print the transcript; 0 when at least 8 of 10 unseen replies are in style."""
    async with BotApiServer() as server:
        learner, other = server.person(2001, "Ada"), server.person(2002, "Ben")
        settings = {"MYNAH_OWNER": "2001", "MYNAH_SEED": "1", "MYNAH_MAX_NEW_TOKENS": "60"}
        bot = BotProcess(server, folder, user_ids=[2001, 2002], settings=settings)
        await bot.start()
        try:
            for question, answer in LESSONS.items():
                await ask(learner, question)
                await learner.say(f"/feedback better: {answer} {SIGN_OFF}")
                await learner.wait_for_reply(timeout_seconds=30)
            outcome = await tune(learner)
            await learner.say("/new")
            await learner.wait_for_reply(timeout_seconds=30)
            tuned = [await ask(learner, question) for question in UNSEEN]
            plain = [await ask(other, question) for question in UNSEEN]
        finally:
            await bot.stop()
    print(outcome)
    for question, reply in zip(UNSEEN, tuned, strict=True):
        print(f"{question}\n  {reply}")
    print(
        f"in style: {sum(map(in_style, tuned))} of 10; without the adapter {sum(map(in_style, plain))} of 10"
    )
    return 0 if sum(map(in_style, tuned)) >= 8 and not sum(map(in_style, plain)) else 1


async def tune(person: Person) -> str:
    """Run /tune; returns the line that says what came of it."""
    await person.say("/tune")
    outcome = await person.wait_for_reply(
        where=lambda message: message.text.startswith(("Learnt", "I tried", "Learning failed", "Nothing")),
        timeout_seconds=1800,
    )
    return outcome.text


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        sys.exit(asyncio.run(run(Path(temporary))))
