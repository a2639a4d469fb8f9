"""What `mynah doctor` looks at, one check each; none changes anything, and none needs the bot to stop."""

import os
import shutil
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path

import httpx

from bot.inbox import POLL_FILE
from engine.errors import AdapterError, DeviceUnavailableError, ModelUnavailableError
from engine.language.bundled import find_model
from engine.language.checkup import check_model
from engine.language.loading import choose_device
from engine.language.peft_format import MAX_RANK, read_adapter
from engine.language.remote import MODELS_PATH, ask_served, open_client
from engine.profile.ability import proposes
from engine.sight import check_viewer, find_viewer
from storage.database import Database
from storage.errors import DamagedError, NewerDatabaseError
from storage.lock import is_held
from storage.messages import MessageStore
from storage.migrations import MIGRATIONS
from storage.records import RunStatus, TuningRun
from storage.runs import RunStore

TELEGRAM_URL = "https://api.telegram.org/bot"

LEAST_FREE_BYTES = 200 * 2**20
"""Below this a night's training or a conversion of the model may fail half-way."""

WANTED_FREE_BYTES = 2 * 2**30

OLDEST_POLL = timedelta(minutes=3)
"""A poll is answered within seconds; a bot whose last one is older than this is deaf."""

CLOCK_TOLERANCE = timedelta(minutes=2)


class State(StrEnum):
    """How a check ended. Only a fault keeps the bot from doing its work."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found, in one sentence, and what to do about it."""

    check: str
    state: State
    said: str
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLook:
    """What can be told of the base model without loading it; shapes are (in, out) of each module."""

    name: str = ""
    shapes: dict[str, tuple[int, int]] | None = None
    proposes: bool = False
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramLook:
    """What Telegram answers to the token; `status` is HTTP's, 0 where no answer came.

    `hears_groups` says that privacy mode is off, None that nothing was said of it.
    """

    status: int = 0
    username: str = ""
    hears_groups: bool | None = None
    time: datetime | None = None
    problem: str = ""


def ok(check: str, said: str) -> Finding:
    """All is well."""
    return Finding(check=check, state=State.OK, said=said)


def warning(check: str, said: str, advice: str) -> Finding:
    """It works, but not as it should."""
    return Finding(check=check, state=State.WARNING, said=said, advice=advice)


def fault(check: str, said: str, advice: str) -> Finding:
    """It does not work."""
    return Finding(check=check, state=State.FAULT, said=said, advice=advice)


def check_settings(faults: Sequence[str]) -> Finding:
    """Whether every variable could be read."""
    if faults:
        return fault("settings", " ".join(faults), "Mend these variables in .env or in the environment.")
    return ok("settings", "Every variable can be read.")


def check_folder(data: Path) -> Finding:
    """Whether the data folder is the keeper's own, and can be written."""
    if not data.exists():
        if os.access(_nearest(data), os.W_OK):
            return ok("folder", f"{data} does not exist yet; the first start makes it.")
        return fault("folder", f"{data} cannot be made.", "Choose a folder that you may write as MYNAH_DATA.")
    if not data.is_dir():
        return fault("folder", f"{data} is no folder.", "Choose another folder as MYNAH_DATA.")
    files = [data, *(path for path in data.glob("mynah.db*") if path.is_file())]
    locked = [path.name for path in files if not os.access(path, os.R_OK | os.W_OK)]
    if locked:
        return fault(
            "folder", f"{', '.join(locked)} cannot be written.", f"Run `chown -R $USER {data}` as root."
        )
    if data.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return warning("folder", f"Others on this computer can look into {data}.", f"Run `chmod 700 {data}`.")
    return ok("folder", f"{data} is yours alone and can be written.")


def check_disk(data: Path) -> Finding:
    """Whether there is room to go on."""
    free = shutil.disk_usage(_nearest(data)).free
    said = f"{free / 2**30:.1f} GiB are free."
    if free < LEAST_FREE_BYTES:
        return fault("disk", said, "Make room, or move the data folder to a larger disk.")
    if free < WANTED_FREE_BYTES:
        return warning("disk", said, "Make room before the backups and the weights of the next weeks.")
    return ok("disk", said)


async def check_database(database: Database) -> Finding:
    """Whether the file is whole and of a version that this Mynah knows. Raises DamagedError."""
    version = await database.schema_version()
    if version > len(MIGRATIONS):
        return fault("database", str(NewerDatabaseError(version, len(MIGRATIONS))), "Update Mynah.")
    damage = await database.damage()
    if damage:
        raise DamagedError(damage[0])
    if version < len(MIGRATIONS):
        return ok("database", f"It is whole; the next start takes it from version {version} to the newest.")
    return ok("database", f"It is whole, at schema version {version}.")


def look_at_model(setting: str, models_folder: Path) -> ModelLook:
    """Find the base model and check its files; blocks for seconds."""
    try:
        found = find_model(setting, models_folder)
        if found is None:
            return ModelLook()
        shapes = check_model(found.folder)
        return ModelLook(name=found.name, shapes=shapes, proposes=proposes(found.folder))
    except ModelUnavailableError as error:
        return ModelLook(problem=str(error))
    except Exception as error:  # noqa: BLE001 (a folder that is no model may hold anything)
        return ModelLook(problem=f"The model {setting} cannot be looked at ({type(error).__name__}).")


def check_base(model: ModelLook, *, proposals: bool) -> Finding:
    """Whether the base model can be loaded, and can be asked for proposals where they are wished for."""
    if model.problem is not None:
        advice = "Correct MYNAH_MODEL, or remove the folder if Mynah has made it itself."
        return fault("model", model.problem, advice)
    if proposals and not model.proposes:
        said = f"{model.name or 'The embedded model'} is too small to be asked for what messages tell."
        advice = (
            "Choose a model of a billion parameters or more as MYNAH_MODEL, or set MYNAH_PROPOSALS to off."
        )
        return warning("model", said, advice)
    if model.shapes is None:
        return ok("model", "The embedded model is there; the first start converts it.")
    return ok("model", f"{model.name} can be loaded.")


def check_vision(setting: str | None, models_folder: Path) -> Finding:
    """Whether the vision model can be loaded, if there is to be one; blocks for seconds."""
    if setting is None:
        return ok("vision", "There is none; pictures are not looked at.")
    try:
        check_viewer(find_viewer(setting, models_folder))
    except ModelUnavailableError as error:
        return fault("vision", str(error), "Correct MYNAH_VISION_MODEL, or leave it empty.")
    return ok("vision", f"{setting} can be loaded.")


async def check_server(url: str | None) -> Finding:
    """Whether a model server answers, if there is to be one, and who could listen on the way to it."""
    if url is None:
        return ok("server", "There is none; replies are written by this process.")
    try:
        async with open_client(url) as client:
            served = await ask_served(client)
    except httpx.HTTPStatusError as error:
        return _refused(url, error.response.status_code)
    except httpx.HTTPError as error:
        said = f"The model server at {url} does not answer ({type(error).__name__})."
        return fault("server", said, "Start it (docs/serving.md), or correct MYNAH_REMOTE_URL.")
    except ValueError:
        said = f"What answers at {url} is no model server."
        return fault("server", said, "Correct the address and the port in MYNAH_REMOTE_URL.")
    said = f"{served.name} is served at {url}, with {served.context_tokens} tokens of context."
    if goes_in_the_clear(httpx.URL(url)):
        said += " Whoever can listen to the network on the way there can read every chat."
        return warning("server", said, "Reach it by https, or through a tunnel that begins on this machine.")
    return ok("server", said)


def _refused(url: str, status: int) -> Finding:
    said = f"The server at {url} answers {MODELS_PATH} with the code {status}."
    if status == HTTPStatus.NOT_FOUND:
        advice = "MYNAH_REMOTE_URL is only the address, as in http://127.0.0.1:8000, with nothing behind it."
    elif status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        advice = "Start the server without a key of its own, on an address that only this machine reaches."
    else:
        advice = "Look into its log."
    return fault("server", said, advice)


def goes_in_the_clear(url: httpx.URL) -> bool:
    """Whether what is sent to a numeric address leaves this machine without encryption."""
    return url.scheme == "http" and not ip_address(url.host).is_loopback


def check_device(setting: str) -> Finding:
    """Whether the computer has what the model is to run on."""
    try:
        device = choose_device(setting)
    except DeviceUnavailableError as error:
        return fault("device", str(error), "Set MYNAH_DEVICE to auto.")
    return ok("device", f"The model runs on {device}.")


async def check_adapters(database: Database, data: Path, model: ModelLook) -> Finding:
    """Whether the files of every active version would be taken, by the check that serving them makes."""
    adapters = await RunStore(database).active_adapters()
    if not adapters:
        return ok("adapters", "Nobody has weights of their own yet.")
    if model.shapes is None:
        said = f"{len(adapters)} cannot be checked without the base model."
        return warning("adapters", said, "Mend the model first.")
    refusals: list[str] = []
    for adapter in adapters:
        try:
            read_adapter(
                data / adapter.folder,
                base_model=model.name,
                shapes=model.shapes,
                max_rank=MAX_RANK,
                secret=adapter.secret,
            )
        except AdapterError as error:
            refusals.append(str(error))
    if refusals:
        advice = "The bot answers with the version before; restore the folder from a backup, or tune again."
        return fault("adapters", " ".join(refusals), advice)
    return ok("adapters", f"{len(adapters)} can be served.")


async def ask_telegram(base_url: str, token: str) -> TelegramLook:
    """Call getMe. Nothing that is returned names the address, which holds the token."""
    try:
        async with httpx.AsyncClient(timeout=10) as client:
            answer = await client.get(f"{base_url}{token}/getMe")
        bot = answer.json().get("result", {})
        name, hears_groups = bot.get("username", ""), bot.get("can_read_all_group_messages")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, AttributeError) as error:
        return TelegramLook(problem=type(error).__name__)
    return TelegramLook(
        status=answer.status_code, username=name, hears_groups=hears_groups, time=_time_of(answer)
    )


def check_telegram(telegram: TelegramLook | None) -> Finding:
    """Whether Telegram takes the token."""
    if telegram is None:
        return ok("telegram", "There is no token, so Mynah talks in the terminal.")
    match telegram.status:
        case 200:
            return ok("telegram", f"The token is that of @{telegram.username}.{_privacy(telegram)}")
        case 0:
            said = f"Telegram cannot be reached ({telegram.problem})."
            advice = "Check the connection, and TELEGRAM_BASE_URL if you have set it."
        case 401 | 404:
            said = "Telegram refuses the token in TELEGRAM_BOT_TOKEN."
            advice = "Ask @BotFather for the token and put it into .env."
        case status:
            said, advice = f"Telegram answers with the code {status}.", "Try again in a few minutes."
    return fault("telegram", said, advice)


def _privacy(telegram: TelegramLook) -> str:
    match telegram.hears_groups:
        case True:
            return " Privacy mode is off: it is sent all that is said in its groups."
        case False:
            return " Privacy mode is on: of groups it is sent little but commands and replies to it."
        case None:
            return ""


async def check_clock(database: Database | None, telegram: TelegramLook | None, now: datetime) -> Finding:
    """Whether this computer's time fits Telegram's, and what was logged before."""
    there = None if telegram is None else telegram.time
    if there is not None and abs(now - there) > CLOCK_TOLERANCE:
        said = f"The clock is {(now - there).total_seconds():+.0f} s off Telegram's."
        return fault("clock", said, "Turn on time synchronisation, as with `timedatectl set-ntp true`.")
    newest = None if database is None else await MessageStore(database).newest_time()
    if newest is not None and newest - now > CLOCK_TOLERANCE:
        said = f"The newest message is of {newest:%Y-%m-%d %H:%M} UTC, which has not come yet."
        return warning("clock", said, "Check the date of this computer.")
    return ok("clock", f"It is {now:%Y-%m-%d %H:%M} UTC.")


def check_polls(data: Path, now: datetime) -> Finding:
    """Whether a running bot still hears."""
    if not is_held(data, "bot"):
        return ok("polls", "No bot runs on this folder.")
    advice = "Look into its log, and start it again."
    try:
        last = datetime.fromtimestamp((data / POLL_FILE).stat().st_mtime, UTC)
    except FileNotFoundError:
        return warning("polls", "The bot runs, but no poll has been answered yet.", advice)
    said = f"The last poll was answered {max(0, (now - last).total_seconds()):.0f} s ago."
    return fault("polls", said, advice) if now - last > OLDEST_POLL else ok("polls", said)


async def check_night(database: Database, data: Path) -> Finding:
    """What became of the last nightly run."""
    run = await RunStore(database).last_night()
    if run is None:
        return ok("night", "No nightly run has come due yet.")
    said = f"{run.local_date}: {run.status}. {run.reason}".strip()
    if run.status is RunStatus.FAILED:
        return warning("night", said, "It is tried again up to three times; `mynah tune` runs it now.")
    if run.status is RunStatus.RUNNING and not is_held(data, "tuning"):
        return warning("night", _broken_off(run), "The bot takes it up again within five minutes.")
    return ok("night", said)


def _broken_off(run: TuningRun) -> str:
    return f"{run.local_date}: it was broken off with the process that ran it."


def _time_of(answer: httpx.Response) -> datetime | None:
    try:
        return parsedate_to_datetime(answer.headers["date"])
    except (KeyError, ValueError):
        return None


def _nearest(path: Path) -> Path:
    """The path, or the first folder above it that exists."""
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return path
