"""The command line. Commands return 0 on success, 2 on wrong use, 1 otherwise with one plain sentence."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from bot.commands import chat, evaluate, export, forget, rollback, run, search, tune
from bot.doctor import doctor
from bot.importing import import_file
from bot.keeping import backup, restore_backup, rotate_key, set_key
from bot.progress import sentences_on
from bot.settings import Settings, SettingsError
from engine.errors import EngineError
from engine.language.bundled import Progress
from storage.errors import StorageError


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    root = argparse.ArgumentParser(prog="mynah", description="A private assistant that learns its keeper.")
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("run", help="talk on Telegram; without a token in the terminal")
    commands.add_parser("chat", help="talk in the terminal")
    tuning = commands.add_parser("tune", help="learn now from what was said, rated and corrected")
    tuning.add_argument("--user", type=int, metavar="ID", help="only this person")
    evaluation = commands.add_parser("evaluate", help="tell what learning has brought, and what it cost")
    evaluation.add_argument("--user", type=int, metavar="ID", help="only this person")
    evaluation.add_argument("--json", action="store_true", help="for machines")
    evaluation.add_argument(
        "--search", action="store_true", help="try how to learn best on this base, for the nights to come"
    )
    back = commands.add_parser("rollback", help="answer somebody with the weights before their last tuning")
    back.add_argument("--user", type=int, metavar="ID", required=True, help="this person")
    exporting = commands.add_parser("export", help="write all that is held of a person into a folder")
    exporting.add_argument("user", type=int, metavar="ID", help="the person's numeric id")
    exporting.add_argument("folder", type=Path, metavar="FOLDER", help="an empty or a new folder")
    importing = commands.add_parser("import", help="bring what a person has said before Mynah was there")
    importing.add_argument("file", type=Path, metavar="FILE", help="JSON of Telegram Desktop, or Mynah's own")
    importing.add_argument("--user", type=int, metavar="ID", required=True, help="whose past it is")
    forgetting = commands.add_parser("forget", help="erase everything that is held of a person")
    forgetting.add_argument("user", type=int, metavar="ID", help="the person's numeric id")
    forgetting.add_argument(
        "--purge-backups", action="store_true", help="also delete all nightly backups, which hold it, too"
    )
    examination = commands.add_parser("doctor", help="look for what is wrong, and say what to do about it")
    examination.add_argument("--json", action="store_true", help="for machines")
    backing_up = commands.add_parser("backup", help="write everything but the secrets into one file")
    backing_up.add_argument("file", type=Path, metavar="FILE", help="a file that does not exist yet")
    restoring = commands.add_parser("restore", help="bring a backup back into an empty data folder")
    restoring.add_argument("file", type=Path, metavar="FILE", help="what `mynah backup` has written")
    key = commands.add_parser("key", help="what concerns the key of the database")
    actions = key.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("set", help="encrypt a database that was begun without a key, with MYNAH_DATABASE_KEY")
    rotating = actions.add_parser("rotate", help="replace the key by the one in MYNAH_NEW_DATABASE_KEY")
    rotating.add_argument("--file", type=Path, metavar="FILE", help="read the new key from this file instead")
    return root


def main() -> None:
    """Entry point of the console script."""
    # What a killed pipe or terminal leaves behind is no error of ours.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(execute(sys.argv[1:], _environment()))


def execute(arguments: list[str], environment: Mapping[str, str]) -> int:
    """Run one command; returns its exit status."""
    options = parser().parse_args(arguments)
    try:
        if options.command == "doctor":
            return asyncio.run(doctor(environment, for_machines=options.json))
        settings = Settings.from_env(environment)
        return asyncio.run(_dispatch(options, settings, environment))
    except SettingsError as error:
        return _fail(str(error), 2)
    except (EngineError, StorageError) as error:
        return _fail(str(error), 1)
    except KeyboardInterrupt:
        return 130


async def _dispatch(options: argparse.Namespace, settings: Settings, environment: Mapping[str, str]) -> int:
    with sentences_on(sys.stderr) as progress:
        work: dict[str, Callable[[], Coroutine[Any, Any, int]]] = {
            "run": lambda: _run(settings, environment, progress),
            "chat": lambda: chat(settings, environment, progress=progress),
            "tune": lambda: tune(settings, user_id=options.user, progress=progress),
            "evaluate": lambda: _evaluate(options, settings, progress),
            "rollback": lambda: rollback(settings, user_id=options.user),
            "export": lambda: export(settings, user_id=options.user, folder=options.folder),
            "import": lambda: import_file(settings, user_id=options.user, file=options.file),
            "forget": lambda: forget(settings, user_id=options.user, purge=options.purge_backups),
            "backup": lambda: backup(settings, target=options.file, progress=progress),
            "restore": lambda: restore_backup(settings, archive=options.file, progress=progress),
            "key": lambda: (
                set_key(settings, progress=progress)
                if options.action == "set"
                else rotate_key(settings, environment, file=options.file, progress=progress)
            ),
        }
        return await work[options.command]()


def _evaluate(
    options: argparse.Namespace, settings: Settings, progress: Progress
) -> Coroutine[Any, Any, int]:
    if options.search:
        return search(settings, user_id=options.user, json=options.json, progress=progress)
    return evaluate(settings, user_id=options.user, json=options.json)


async def _run(settings: Settings, environment: Mapping[str, str], progress: Progress) -> int:
    if settings.telegram_bot_token is None:
        return await chat(settings, environment, progress=progress)
    return await run(settings, settings.telegram_bot_token, progress=progress)


def _environment() -> dict[str, str]:
    """The variables of `.env` in the current folder, overruled by the process's own."""
    from_file = {name: value for name, value in dotenv_values(Path(".env")).items() if value is not None}
    return from_file | dict(os.environ)


def _fail(sentence: str, status: int) -> int:
    sys.stderr.write(f"{sentence}\n")
    return status
