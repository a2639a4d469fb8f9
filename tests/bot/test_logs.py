"""What is secret, and what people write, reaches no log, whatever goes wrong."""

import io
import json
import logging
from collections.abc import Generator
from datetime import datetime
from pathlib import Path

import pytest

from bot.logs import Redactor, configure
from tests.bot.conftest import USER_ID, bench_on
from tests.bot.test_app import is_final
from tests.bot_api import BotApiServer, Cut
from tests.bot_api.server import TOKEN

KEY = "planted-database-key"
WORDS = ("plantedquestion", "plantedreply", "plantedcorrection", "plantedname", "plantedpage")
PHONE = "+49 170 5550134"
LINK = "http://planteduser:plantedpassword@127.0.0.1:1/plantedpage"
HIDDEN = "http://<credentials>@127.0.0.1:1/plantedpage"
PLANTED = (KEY, *WORDS, PHONE, "planteduser", "plantedpassword")


@pytest.fixture(params=["text", "json"])
def log(request: pytest.FixtureRequest) -> Generator[io.StringIO]:
    """Everything that is logged from DEBUG on, as it would be written in either format."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    names = list(root.manager.loggerDict)
    levels = {name: logging.getLogger(name).level for name in names}
    written = io.StringIO()
    configure(logging.DEBUG, request.param, written)
    yield written
    root.handlers[:], root.level = handlers, level
    for name in root.manager.loggerDict:
        logging.getLogger(name).setLevel(levels.get(name, logging.NOTSET))


async def session(folder: Path, server: BotApiServer) -> None:
    """Ordinary use with everything that can go wrong around it."""
    ada = server.person(USER_ID, "plantedname")
    async with bench_on(folder, server, database_key=KEY) as bench:
        bench.model.enqueue("plantedreply", ValueError("plantedreply"), "plantedreply")
        server.fail("editMessageText", code=502, description="Bad Gateway", times=1)
        server.cut("getUpdates", Cut.AFTER)
        server.fail("getUpdates", code=409, description="Conflict: terminated by other getUpdates request")
        server._world.updates.add("message", {"message_id": "plantedquestion", "text": PHONE})
        await ada.say(f"plantedquestion {PHONE}")
        await server.until(lambda: any(map(is_final, ada.chat.replies)))
        await ada.say("plantedquestion once more")
        await ada.wait_for_reply(where=lambda message: "went wrong" in message.text)
        await ada.say("/feedback better: plantedcorrection")
        await ada.wait_for_reply()
        await ada.say(f"/summarize {LINK}")
        await ada.wait_for_reply()
        await bench.services.core.database._writer.execute("PRAGMA query_only = ON")
        await ada.say("plantedquestion that cannot be stored")
        await ada.wait_for_reply()
        await bench.services.core.database._writer.execute("PRAGMA query_only = OFF")
        await ada.block()
        await server.until_polled()
        await bench.idle()


async def test_nothing_planted_is_logged(
    tmp_path: Path, server: BotApiServer, log: io.StringIO, capfd: pytest.CaptureFixture[str]
):
    await session(tmp_path, server)

    written = log.getvalue() + "".join(capfd.readouterr())
    assert "unreadable" in written
    assert "Another program polls" in written
    assert "ValueError" in written
    assert [secret for secret in (*PLANTED, server.token) if secret in written] == []


def test_the_lines_of_others_lose_their_tokens_and_credentials(log: io.StringIO):
    logging.getLogger("somebody").error("GET https://api.telegram.org/bot%s/getMe, %s", TOKEN, LINK)

    assert "GET https://api.telegram.org/bot<token>/getMe, http://<credentials>@127.0.0.1" in log.getvalue()


def test_a_traceback_names_the_error_and_the_place_but_not_what_was_said():
    try:
        try:
            int("plantedquestion")
        except ValueError as error:
            raise OSError(28, "No space left on device") from error
    except OSError:
        record = logging.getLogger("x").makeRecord(
            "x", 40, "f", 1, "failed", (), __import__("sys").exc_info()
        )

    written = Redactor("%(message)s").format(record)
    assert "No space left on device" in written
    assert "ValueError" in written
    assert "test_a_traceback_names" in written
    assert "plantedquestion'" not in written


def test_what_another_handler_made_of_a_traceback_is_not_taken_over():
    try:
        int("plantedquestion")
    except ValueError:
        record = logging.getLogger("x").makeRecord(
            "x", 40, "f", 1, "failed", (), __import__("sys").exc_info()
        )
    assert "plantedquestion" in logging.Formatter().format(record)

    assert "plantedquestion'" not in Redactor("%(message)s").format(record)


@pytest.mark.parametrize("log", ["json"], indirect=True)
def test_a_line_of_json_has_its_fields_and_a_redacted_traceback(log: io.StringIO):
    try:
        raise OSError(f'"{TOKEN}" and {LINK}')
    except OSError:
        logging.getLogger("mynah").exception('failed with "%s" at %s', TOKEN, LINK)

    line = json.loads(log.getvalue())
    assert line["message"] == f'failed with "<token>" at {HIDDEN}'
    assert (line["level"], line["logger"]) == ("ERROR", "mynah")
    assert datetime.fromisoformat(line["time"]).tzinfo is not None
    assert line["error"].endswith(f'OSError: "<token>" and {HIDDEN}')


@pytest.mark.parametrize("log", ["json"], indirect=True)
async def test_each_line_of_a_session_is_json(tmp_path: Path, server: BotApiServer, log: io.StringIO):
    await session(tmp_path, server)
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert {"time", "level", "logger", "message"} <= set.intersection(*(set(line) for line in lines))
    assert any("ValueError" in line.get("error", "") for line in lines)
