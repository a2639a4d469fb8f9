"""How long after a link the first progress is seen in the chat, with a quick site and with a slow one.

    python -m benchmarks.first_progress [--links 20] [--json]

Everything is real but for the language model and Telegram itself: the bot asks a Bot API server over HTTP,
and reads pages from a site over HTTP. A second figure is when the summary stands there. The slow site lets
each page wait; whatever that costs the summary, the progress must not wait for it.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bot.app import build
from bot.running import running
from bot.services import Parts, open_core, open_services
from bot.settings import Settings
from engine.language.bundled import ResolvedModel
from tests.bot.conftest import wires_to
from tests.bot_api import BotApiServer, Person
from tests.engine.articles.pages import article_page
from tests.engine.articles.web import Site, open_site
from tests.fake_embedder import FakeEmbedder
from tests.scripted_model import ScriptedModel

MOST_SECONDS = 2.0
SLOW_SECONDS = 4.0
FIRST_USER_ID = 1000
"""Each link comes from another person, as one alone may not have so many read in a minute."""


def add_page(site: Site, path: str, *, wait_seconds: float) -> str:
    """An article that comes after a wait; returns its link."""
    site.add(path, article_page(title=f"The bridge of {path}"))
    at_once = site.pages[path]

    async def later(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(wait_seconds)
        await at_once(writer)

    site.pages[path] = later
    return site.url + path


async def seconds_to(server: BotApiServer, person: Person, link: str) -> tuple[float, float]:
    """Seconds from the link to the first progress, and to the summary."""
    begun = time.monotonic()
    await person.say(f"/summarize {link}")
    shown = await person.wait_for_reply(timeout_seconds=60)
    first = time.monotonic() - begun
    await server.until(lambda: shown.buttons, timeout_seconds=60)
    return first, time.monotonic() - begun


async def measure(folder: Path, links: int) -> dict[str, float]:
    """Start the bot on an empty folder and send it links one after the other."""
    (folder / "model.safetensors").write_bytes(b"small")
    parts = Parts(model=ScriptedModel(), embedder=FakeEmbedder(), base=ResolvedModel("scripted", folder))
    ids = range(FIRST_USER_ID, FIRST_USER_ID + 2 * links)
    settings = Settings(data=folder, allowed_users=frozenset(ids), allow_private_links=True)
    figures: dict[str, float] = {}
    async with (
        open_site() as site,
        BotApiServer() as server,
        open_core(settings, progress=lambda _sentence: None, parts=parts) as core,
        open_services(core, parts) as services,
        running(services, build(services, wires_to(server))),
    ):
        for name, wait, own in (("quick", 0.0, ids[:links]), ("slow", SLOW_SECONDS, ids[links:])):
            taken = [
                await seconds_to(
                    server,
                    server.person(user_id, "Ada"),
                    add_page(site, f"/{user_id}", wait_seconds=wait),
                )
                for user_id in own
            ]
            first, whole = zip(*taken, strict=True)
            figures |= {
                f"{name}_progress_median": statistics.median(first),
                f"{name}_progress_worst": max(first),
                f"{name}_summary_median": statistics.median(whole),
            }
    return figures


def main() -> int:
    """Print a table of seconds and, with `--json`, one object on the last line; 1 when one was late."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_progress", description=__doc__)
    parser.add_argument("--links", type=int, default=20, help="links to each of the two sites")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mynah-progress-") as folder:
        measured = asyncio.run(measure(Path(folder), arguments.links))
    for name, value in measured.items():
        print(f"{name:24} {value:8.3f}")
    met = max(measured["quick_progress_worst"], measured["slow_progress_worst"]) <= MOST_SECONDS
    print(f"every first progress within {MOST_SECONDS:g} s: {'yes' if met else 'no'}")
    if arguments.json:
        print(json.dumps(measured))
    return int(not met)


if __name__ == "__main__":
    sys.exit(main())
