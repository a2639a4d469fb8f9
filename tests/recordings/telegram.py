"""`python -m tests.recordings.telegram FILE`: a real talk over the Bot API, as a picture.

The bot runs as a process of its own with the bundled model, over the Bot API server of the tests.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bot.languages import LANGUAGES
from tests.bot_api import BotApiServer, Person, ShownMessage
from tests.bot_api.process import BotProcess
from tests.recordings.picture import draw
from tests.recordings.talk import SETTINGS, TALK

USER_ID = 2001


async def play(lines: Sequence[str], data: Path) -> list[ShownMessage]:
    """What stands in the chat after each line was answered."""
    async with BotApiServer() as server:
        person = server.person(USER_ID, "Ada")
        settings = {**SETTINGS, "MYNAH_OWNER": str(USER_ID)}
        async with BotProcess(server, data, user_ids=[], settings=settings) as bot:
            await bot.start()
            for line in lines:
                await _say(person, line)
            await bot.stop()
    return person.chat.messages


async def _say(person: Person, line: str) -> None:
    def is_whole(message: ShownMessage) -> bool:
        if line == "/profile":  # what was noted of the line before may come first
            return LANGUAGES["en"].profile_beliefs in message.text
        return bool(message.buttons) or line.startswith("/")

    await person.say(line)
    await person.wait_for_reply(where=is_whole, timeout_seconds=300)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("file", type=Path)
    with tempfile.TemporaryDirectory() as data:
        messages = asyncio.run(play(TALK, Path(data)))
    options.parse_args().file.write_text(draw("Mynah", messages))


if __name__ == "__main__":
    main()
