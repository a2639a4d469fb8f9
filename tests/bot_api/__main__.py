"""`python -m tests.bot_api --port 8081`: try the bot against this server, as one person typing lines."""

import argparse
import asyncio
import contextlib
import sys
import time

from bot.terminal import read_lines
from tests.bot_api.person import Person
from tests.bot_api.server import BotApiServer
from tests.bot_api.transcript import ShownMessage

_HELP = """Start the bot in another terminal with

  TELEGRAM_BOT_TOKEN={token} \\
  TELEGRAM_BASE_URL={base_url} \\
  TELEGRAM_BASE_FILE_URL={base_file_url} \\
  MYNAH_ALLOWED_USERS=1 python -m bot

and write to it here. `!label` presses the newest button with that label.
"""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bot_api", description=__doc__)
    parser.add_argument("--port", type=int, default=8081, help="0 takes a free one")
    return parser.parse_args()


def _describe(message: ShownMessage) -> str:
    buttons = " ".join(f"[{button.label}]" for button in message.buttons)
    edited = f" (edit {message.edits})" if message.edits else ""
    return f"{message.message_id}{edited}: {message.text} {buttons}".rstrip() + "\n"


async def _show(server: BotApiServer, person: Person) -> None:
    """Print every version of every reply as it comes."""
    printed: dict[int, int] = {}

    def news() -> list[ShownMessage]:
        return [reply for reply in person.chat.replies if printed.get(reply.message_id) != reply.edits]

    while True:
        with contextlib.suppress(TimeoutError):
            for reply in await server.until(news, timeout_seconds=3600):
                printed[reply.message_id] = reply.edits
                sys.stdout.write(_describe(reply))
                sys.stdout.flush()


async def _press(person: Person, label: str) -> None:
    for reply in reversed(person.chat.replies):
        with contextlib.suppress(LookupError):
            await person.tap(reply, label)
            return
    sys.stdout.write(f"no button {label}\n")


async def _main() -> None:
    server = BotApiServer(repeat_wait_seconds=3, first_id=int(time.time()))
    await server.start(_arguments().port)
    texts = {"token": server.token, "base_url": server.base_url, "base_file_url": server.base_file_url}
    sys.stdout.write(_HELP.format(**texts))
    person = server.person(1, "You")
    shower = asyncio.create_task(_show(server, person))
    async for line in read_lines(sys.stdin):
        if line.startswith("!"):
            await _press(person, line[1:])
        elif line.strip():
            await person.say(line)
    shower.cancel()
    await server.close()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main())
