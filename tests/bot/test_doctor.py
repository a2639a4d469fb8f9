import json
import sys
from asyncio import create_subprocess_exec, subprocess
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from aiohttp import web
from sqlcipher3 import dbapi2 as sqlcipher

from bot.checks import Finding, State, goes_in_the_clear
from bot.doctor import as_json, as_line, examine
from bot.settings import Settings
from engine.language.peft_format import WEIGHTS_NAME, write_adapter
from storage.database import Database
from storage.lock import folder_lock
from storage.migrations import MIGRATIONS
from storage.records import RunStatus
from storage.runs import RunStore
from storage.users import UserStore
from tests.bot_api import BotApiServer
from tests.bot_api.process import REPOSITORY
from tests.engine.language.conftest import random_weights, save_tiny
from tests.engine.test_sight import save_tiny_vision
from tests.model_server import ModelServer

USER_ID = 2001
CHECKS = [
    *("settings", "folder", "disk", "device", "model", "vision", "server", "telegram"),
    *("database", "adapters", "night", "clock", "polls"),
]


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("models") / "tiny-llama")


@pytest.fixture
async def settings(tmp_path: Path, model_folder: Path, server: BotApiServer) -> Settings:
    return await in_good_order(tmp_path / "data", model_folder, server)


async def in_good_order(
    data: Path, model_folder: Path, server: BotApiServer, *, key: str | None = None
) -> Settings:
    """A folder in good order: one person, who is answered by weights of their own since last night."""
    now = datetime.now(UTC)
    database = await Database.open(data / "mynah.db", key=key)
    await UserStore(database).add(USER_ID, name="Ada", is_owner=True, now=now)
    runs = RunStore(database)
    run = await runs.start(USER_ID, local_date=date(2026, 3, 2), now=now)
    assert run is not None
    adapter = await runs.add_candidate(USER_ID, base_model="tiny-llama", run_id=run.run_id, now=now)
    (data / adapter.folder).mkdir(parents=True)
    write_adapter(data / adapter.folder, random_weights(1), base_model="tiny-llama", secret=adapter.secret)
    await runs.promote(run.run_id, version=adapter.version, reason="better", report="{}", now=now)
    await database.close()
    return Settings(
        data=data,
        database_key=key,
        model=str(model_folder),
        device="cpu",
        telegram_bot_token=server.token,
        telegram_base_url=server.base_url,
    )


async def findings_of(
    settings: Settings, *, faults: list[str] | None = None, **ahead: float
) -> list[Finding]:
    """What is found, with a clock that is ahead by so much."""
    now = datetime.now(UTC) + timedelta(**ahead)
    return [finding async for finding in examine(settings, faults or [], now=now)]


async def finding_of(check: str, settings: Settings, **ahead: float) -> Finding:
    return next(one for one in await findings_of(settings, **ahead) if one.check == check)


async def test_a_folder_in_good_order_has_no_fault(settings: Settings):
    findings = await findings_of(settings)

    assert [finding.check for finding in findings] == CHECKS
    assert [finding for finding in findings if finding.state is State.FAULT] == []
    telegram = next(one.said for one in findings if one.check == "telegram")
    assert telegram.startswith("The token is that of @mynah_bot. Privacy mode is on:")
    assert next(one.said for one in findings if one.check == "adapters") == "1 can be served."
    assert next(one.said for one in findings if one.check == "night") == "2026-03-02: promoted. better"


async def test_whether_privacy_mode_is_on_is_told(settings: Settings, server: BotApiServer):
    server.hear_everything()

    assert "Privacy mode is off" in (await finding_of("telegram", settings)).said


async def test_sealed_weights_are_checked_with_their_secret(
    tmp_path: Path, model_folder: Path, server: BotApiServer
):
    settings = await in_good_order(tmp_path / "sealed", model_folder, server, key="a key")

    assert (await finding_of("adapters", settings)).said == "1 can be served."


async def test_a_folder_that_does_not_exist_yet_has_no_fault(settings: Settings, tmp_path: Path):
    findings = await findings_of(replace(settings, data=tmp_path / "new" / "data", telegram_bot_token=None))

    assert [
        finding for finding in findings if finding.state is not State.OK and finding.check != "disk"
    ] == []
    assert not (tmp_path / "new").exists()


async def test_nothing_that_is_said_holds_the_token(settings: Settings):
    for address in (settings.telegram_base_url, "http://127.0.0.1:1/bot", "http://[broken/bot"):
        for token in (settings.telegram_bot_token, "4200000:another-token-of-no-value"):
            sick = replace(settings, telegram_base_url=address, telegram_bot_token=token)
            findings = await findings_of(sick)
            said = as_json(findings) + "".join(map(as_line, findings))
            assert token is not None
            assert token not in said
            assert token.partition(":")[2] not in said


def garble_header(settings: Settings) -> Settings:
    (settings.data / "mynah.db").write_bytes(b"nothing that SQLite knows" * 400)
    return settings


def garble_page(settings: Settings) -> Settings:
    with (settings.data / "mynah.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096)
    return settings


def write_newer_schema(settings: Settings) -> Settings:
    with sqlcipher.connect(settings.data / "mynah.db") as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    return settings


def cut_adapter(settings: Settings) -> Settings:
    weights = settings.data / "adapters" / str(USER_ID) / "1" / WEIGHTS_NAME
    weights.write_bytes(weights.read_bytes()[:-100])
    return settings


def cut_model(settings: Settings) -> Settings:
    folder = settings.data / "model"
    folder.mkdir()
    for file in Path(settings.model).iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:-100])
    return replace(settings, model=str(folder))


def leave_only_config(settings: Settings) -> Settings:
    folder = settings.data / "model"
    folder.mkdir()
    (folder / "config.json").write_bytes((Path(settings.model) / "config.json").read_bytes())
    return replace(settings, model=str(folder))


def put_file_in_place_of_folder(settings: Settings) -> Settings:
    path = settings.data / "file"
    path.touch()
    return replace(settings, data=path)


@pytest.mark.parametrize(
    ("check", "spoil", "said"),
    [
        ("database", garble_header, "is not a database"),
        ("database", garble_page, "The database is damaged"),
        ("database", write_newer_schema, "newer|Update Mynah"),
        ("database", lambda settings: replace(settings, database_key="another"), "MYNAH_DATABASE_KEY"),
        ("adapters", cut_adapter, "adapter_model.safetensors is damaged"),
        ("model", cut_model, "model.safetensors is damaged"),
        ("model", leave_only_config, "no weights as safetensors"),
        ("model", lambda settings: replace(settings, model="nobody/nothing"), "local cache"),
        ("device", lambda settings: replace(settings, device="tpu9"), "no such device"),
        ("device", lambda settings: replace(settings, device="cuda:77"), "no such device"),
        ("folder", put_file_in_place_of_folder, "is no folder"),
        (
            "telegram",
            lambda settings: replace(settings, telegram_bot_token="4200000:another-token-of-no-value"),
            "refuses the token",
        ),
        (
            "telegram",
            lambda settings: replace(settings, telegram_base_url="http://127.0.0.1:1/bot"),
            "cannot be reached",
        ),
    ],
)
async def test_what_is_broken_is_a_fault_with_advice(
    settings: Settings, check: str, spoil: Callable[[Settings], Settings], said: str
):
    finding = await finding_of(check, spoil(settings))

    assert finding.state is State.FAULT
    assert any(part in finding.said for part in said.split("|"))
    assert finding.advice


async def test_a_vision_model_is_looked_at_as_it_will_be_loaded(settings: Settings, tmp_path: Path):
    there = save_tiny_vision(tmp_path / "tiny-llava")
    finding = await finding_of("vision", replace(settings, vision_model=str(there)))
    assert (finding.state, finding.said) == (State.OK, f"{there} can be loaded.")

    mute = save_tiny_vision(tmp_path / "mute", template=None)
    cut = save_tiny_vision(tmp_path / "cut")
    weights = cut / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    blind = save_tiny(tmp_path / "tiny-llama")
    for name, said in {
        str(mute): "no chat template",
        str(cut): "model.safetensors is damaged",
        str(blind): "config.json cannot be used",
        "bundled": "cannot be used to look at pictures",
    }.items():
        finding = await finding_of("vision", replace(settings, vision_model=name))
        assert finding.state is State.FAULT
        assert said in finding.said
        assert "MYNAH_VISION_MODEL" in finding.advice


@pytest.mark.parametrize("name", ["tiny-llama", "The embedded model"])
async def test_a_model_that_is_too_small_for_proposals_is_warned_of(settings: Settings, name: str):
    wished = replace(settings, proposals=True)
    finding = await finding_of("model", wished if name == "tiny-llama" else replace(wished, model="bundled"))

    assert finding.state is State.WARNING
    assert finding.said == f"{name} is too small to be asked for what messages tell."
    assert "MYNAH_PROPOSALS" in finding.advice


@asynccontextmanager
async def answering(status: int, text: str) -> AsyncGenerator[str]:
    """The address of a server that answers whatever it is asked with this."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=text)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_what_a_model_server_serves_is_told(settings: Settings, model_folder: Path):
    assert (
        await finding_of("server", settings)
    ).said == "There is none; replies are written by this process."
    server = ModelServer(model_folder)
    await server.start()

    finding = await finding_of("server", replace(settings, remote_url=server.url))
    behind = await finding_of("server", replace(settings, remote_url=f"{server.url}/v1"))
    await server.stop()
    gone = await finding_of("server", replace(settings, remote_url=server.url))

    assert finding.said == f"served-base is served at {server.url}, with 512 tokens of context."
    assert (finding.state, behind.state, gone.state) == (State.OK, State.FAULT, State.FAULT)
    assert "with nothing behind it" in behind.advice
    assert gone.said == f"The model server at {server.url} does not answer (ConnectError)."


@pytest.mark.parametrize(
    ("status", "text", "said", "advice"),
    [
        (401, "", "with the code 401", "without a key"),
        (503, "", "with the code 503", "its log"),
        (200, "<html>", "is no model server", "the port"),
        (200, "[]", "is no model server", "the port"),
        (200, '{"data": []}', "is no model server", "the port"),
    ],
)
async def test_a_model_server_that_will_not_do_is_a_fault_with_advice(
    settings: Settings, status: int, text: str, said: str, advice: str
):
    async with answering(status, text) as url:
        finding = await finding_of("server", replace(settings, remote_url=url))

    assert finding.state is State.FAULT
    assert said in finding.said
    assert advice in finding.advice


@pytest.mark.parametrize(
    ("url", "clear"),
    [
        ("http://10.0.0.7:8000", True),
        ("http://[fd00::1]:8000", True),
        ("https://10.0.0.7", False),
        ("http://127.0.0.1:8000", False),
        ("http://[::1]:8000", False),
    ],
)
def test_only_what_leaves_the_machine_unencrypted_goes_in_the_clear(url: str, clear: bool):
    assert goes_in_the_clear(httpx.URL(url)) is clear


async def test_a_clock_that_telegram_contradicts_is_a_fault(settings: Settings):
    finding = await finding_of("clock", settings, hours=1)

    assert finding.state is State.FAULT
    assert finding.said.startswith(
        ("The clock is +35", "The clock is +36")
    )  # whatever the checks before took


async def test_a_running_bot_that_does_not_hear_is_a_fault(settings: Settings):
    assert (await finding_of("polls", settings)).said == "No bot runs on this folder."
    with folder_lock(settings.data, "bot"):
        assert (await finding_of("polls", settings)).state is State.WARNING
        (settings.data / "last-poll").touch()
        assert (await finding_of("polls", settings)).state is State.OK
        assert (await finding_of("polls", settings, minutes=5)).state is State.FAULT


async def test_a_night_that_was_broken_off_is_told(settings: Settings):
    database = await Database.open(settings.data / "mynah.db")
    later = datetime.now(UTC) + timedelta(days=1)
    await RunStore(database).start(USER_ID, local_date=date(2026, 3, 3), now=later)

    with folder_lock(settings.data, "tuning"):
        assert (await finding_of("night", settings)).said == "2026-03-03: running."
    assert "broken off" in (await finding_of("night", settings)).said

    await RunStore(database).fail_running(now=later, reason="It was ended before it had finished.")
    await database.close()
    finding = await finding_of("night", settings)
    assert (finding.state, RunStatus.FAILED in finding.said) == (State.WARNING, True)


async def test_a_folder_that_others_can_read_is_warned_of(settings: Settings):
    settings.data.chmod(0o755)

    assert (await finding_of("folder", settings)).state is State.WARNING


async def test_the_command_line_tells_by_its_exit_status_and_in_one_object(settings: Settings):
    async def doctor(**environment: str) -> tuple[int | None, str, str]:
        process = await create_subprocess_exec(
            *(sys.executable, "-m", "bot", "doctor", "--json"),
            cwd=REPOSITORY,
            env={
                "PATH": "",
                "MYNAH_DATA": str(settings.data),
                "MYNAH_MODEL": settings.model,
                "MYNAH_DEVICE": "cpu",
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        said, errors = await process.communicate()
        return process.returncode, said.decode(), errors.decode()

    status, said, errors = await doctor()
    assert (status, errors) == (0, "")
    assert json.loads(said)["ok"] is True

    status, said, errors = await doctor(MYNAH_NIGHTLY="noon")
    told = json.loads(said.splitlines()[-1])
    assert (status, errors, told["ok"]) == (1, "", False)
    assert told["checks"][0]["state"] == "fault"
    assert "MYNAH_NIGHTLY" in told["checks"][0]["said"]
