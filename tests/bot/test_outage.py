"""A full disk under a running bot: who wrote is told once, reads go on, nothing is lost or torn."""

from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

import pytest

from bot.languages import LANGUAGES
from storage.errors import WriteRefusedError
from tests.bot.conftest import USER_ID, Bench, bench_on
from tests.bot.test_app import ask, is_final
from tests.bot_api import BotApiServer, Person
from tests.disks import small_disk

OWNER_ID = 2000
EN = LANGUAGES["en"]
WHY = str(WriteRefusedError("the disk is full"))
LONG = "a-story-without-an-end " * 150


def is_done(person: Person, count: int) -> bool:
    return sum(map(is_final, person.chat.replies)) == count


def notices(person: Person) -> list[str]:
    return [reply.text for reply in person.chat.replies if not is_final(reply)]


async def fill(bench: Bench) -> None:
    """Let the file grow no more, as on a disk without room."""
    row = await bench.services.core.database.fetch_one("PRAGMA page_count")
    assert row is not None
    await bench.services.core.database._writer.execute(f"PRAGMA max_page_count = {row[0]}")


async def make_room(bench: Bench) -> None:
    await bench.services.core.database._writer.execute("PRAGMA max_page_count = 1000000")


async def test_a_message_that_cannot_be_stored_is_answered_once_there_is_room(
    tmp_path: Path, server: BotApiServer
):
    async with bench_on(tmp_path, server, owner=OWNER_ID) as bench:
        ada, kim = server.person(USER_ID, "Ada"), server.person(OWNER_ID, "Kim")
        await ask(kim, "hello")
        await ask(ada, "hello")
        await fill(bench)
        await ada.say(LONG)
        await server.until(lambda: EN.cannot_write in notices(ada))
        await server.until(lambda: EN.cannot_write_owner.format(reason=WHY) in notices(kim))
        await server.until(lambda: len(server.calls_of("getUpdates")) > 5)

        assert len(await bench.services.core.messages.all_of(USER_ID)) == 2  # reads go on
        await make_room(bench)
        await server.until(lambda: is_done(ada, 2))
        await bench.idle()

        assert notices(ada) == [EN.cannot_write]
        assert notices(kim) == [EN.cannot_write_owner.format(reason=WHY)]
        assert await bench.services.core.database.damage() == []
        assert len(await bench.services.core.messages.all_of(USER_ID)) == 4


async def test_a_reply_that_cannot_be_logged_is_written_once_there_is_room(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await ask(ada, "hello")
    await fill(bench)
    bench.model.enqueue(*["so " * 20_000] * 10)
    await ada.say("tell me a long story")
    await bench.server.until(lambda: EN.cannot_write in notices(ada))
    await make_room(bench)
    await bench.server.until(lambda: len(bench.model.requests) > 2 and is_done(ada, 2))
    await bench.idle()

    assert [text for text in notices(ada) if text == EN.cannot_write] == [EN.cannot_write]
    assert [update.update_id for update in await bench.services.updates.pending()] == []
    assert len(await bench.services.core.messages.all_of(USER_ID)) == 4


async def test_strangers_hear_nothing_of_it(bench: Bench):
    eve = bench.server.person(666, "Eve")
    await fill(bench)
    await bench.services.core.database._writer.execute("PRAGMA query_only = ON")
    await eve.say(LONG)
    await bench.server.until(lambda: len(bench.server.calls_of("getUpdates")) > 4)
    await bench.services.core.database._writer.execute("PRAGMA query_only = OFF")

    assert notices(eve) == []


@pytest.fixture
def disk(tmp_path: Path) -> Generator[Path]:
    with small_disk(tmp_path / "small", megabytes=4) as folder:
        yield folder


async def test_a_disk_that_is_really_full(disk: Path, server: BotApiServer):
    ada = server.person(USER_ID, "Ada")
    ballast = disk / "ballast"
    async with bench_on(disk, server) as bench:
        await ask(ada, "hello")
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        await ada.say(LONG)
        await server.until(lambda: EN.cannot_write in notices(ada))
        ballast.unlink()
        await server.until(lambda: is_done(ada, 2))
        await bench.idle()

        assert await bench.services.core.database.damage() == []
        assert notices(ada) == [EN.cannot_write]
