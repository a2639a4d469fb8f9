"""`mynah doctor`: every check in turn, whatever the state of the folder, beside a running bot or not."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime

from bot.checks import (
    TELEGRAM_URL,
    Finding,
    State,
    ask_telegram,
    check_adapters,
    check_base,
    check_clock,
    check_database,
    check_device,
    check_disk,
    check_folder,
    check_night,
    check_polls,
    check_server,
    check_settings,
    check_telegram,
    check_vision,
    fault,
    look_at_model,
    ok,
)
from bot.services import utc_now
from bot.settings import Settings
from storage.backup import DATABASE_NAME
from storage.database import Database
from storage.errors import StorageError

_BACKUP = "Stop the bot and restore the last backup (docs/backup.md)."


async def doctor(environment: Mapping[str, str], *, for_machines: bool) -> int:
    """Say what every check finds, as lines or as one JSON object; 1 when there is a fault."""
    settings, faults = Settings.read(environment)
    findings: list[Finding] = []
    async for finding in examine(settings, faults, now=utc_now()):
        findings.append(finding)
        if not for_machines:
            sys.stdout.write(f"{as_line(finding)}\n")
            sys.stdout.flush()
    if for_machines:
        sys.stdout.write(f"{as_json(findings)}\n")
    return int(_has_fault(findings))


async def examine(settings: Settings, faults: Sequence[str], *, now: datetime) -> AsyncGenerator[Finding]:
    """One finding after the other. Where settings are faulty their defaults are looked at."""
    data = settings.data
    yield check_settings(faults)
    yield await _safely("folder", asyncio.to_thread(check_folder, data))
    yield await _safely("disk", asyncio.to_thread(check_disk, data))
    yield await _safely("device", asyncio.to_thread(check_device, settings.device))
    model = await asyncio.to_thread(look_at_model, settings.model, data / "models")
    yield check_base(model, proposals=settings.proposals)
    yield await _safely("vision", asyncio.to_thread(check_vision, settings.vision_model, data / "models"))
    yield await _safely("server", check_server(settings.remote_url))
    telegram = None
    if settings.telegram_bot_token is not None:
        base_url = settings.telegram_base_url or TELEGRAM_URL
        telegram = await ask_telegram(base_url, settings.telegram_bot_token)
    yield check_telegram(telegram)
    async with _database(settings) as found:
        database = found if isinstance(found, Database) else None
        if isinstance(found, Database):
            yield await _safely("database", check_database(found))
            yield await _safely("adapters", check_adapters(found, data, model))
            yield await _safely("night", check_night(found, data))
        else:
            yield found
        yield await _safely("clock", check_clock(database, telegram, now))
    yield await _safely("polls", asyncio.to_thread(check_polls, data, now))


def as_line(finding: Finding) -> str:
    """A finding for people."""
    return f"{finding.state:<8} {finding.check:<9} {finding.said} {finding.advice}".rstrip()


def as_json(findings: Sequence[Finding]) -> str:
    """All findings as one object on one line."""
    return json.dumps({"ok": not _has_fault(findings), "checks": [asdict(finding) for finding in findings]})


def _has_fault(findings: Sequence[Finding]) -> bool:
    return any(finding.state is State.FAULT for finding in findings)


async def _safely(check: str, step: Awaitable[Finding]) -> Finding:
    """The finding of a check; that it fails itself is one, too, for a sick folder may hold anything."""
    try:
        return await step
    except StorageError as error:
        return fault(check, str(error), _BACKUP)
    except Exception as error:  # noqa: BLE001
        return fault(check, f"It cannot be told ({type(error).__name__}).", "Look at the lines above first.")


@asynccontextmanager
async def _database(settings: Settings) -> AsyncGenerator[Database | Finding]:
    """The store as it stands, or why it cannot be looked at."""
    opened = await _open(settings)
    try:
        yield opened
    finally:
        if isinstance(opened, Database):
            await opened.close()


async def _open(settings: Settings) -> Database | Finding:
    path = settings.data / DATABASE_NAME
    try:
        if not path.exists():
            return ok("database", "There is none yet; the first start makes it.")
        return await Database.open_to_read(path, key=settings.database_key)
    except StorageError as error:
        return fault("database", str(error), f"Correct MYNAH_DATABASE_KEY, or: {_BACKUP}")
    except OSError as error:
        return fault("database", f"{path} cannot be read ({type(error).__name__}).", _BACKUP)
