"""`mynah import`: a person's past from a file, with a bar on a terminal."""

import logging
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from bot.feedback import value_of
from bot.logs import configure
from bot.services import open_database, utc_now
from bot.settings import Settings
from engine.errors import ImportFileError
from engine.past.importer import Importer, Outcome
from engine.past.lines import Brought
from engine.past.own_export import is_own_export, read_own_export
from engine.past.telegram_export import read_export
from engine.profile.embedding import Embedder, NanoEmbedder
from engine.profile.engine import ProfileEngine
from storage.lock import folder_lock
from storage.past import PastStore
from storage.users import UserStore

_NOTHING = "There is no line of the person {user_id} in {file}.\n"
_DONE = "Imported: {new} of {found} lines were new; the profile was built from {observed}.\n"


async def import_file(
    settings: Settings, *, user_id: int, file: Path, embedder: Embedder | None = None
) -> int:
    """Bring what a person has said before. Works beside a running bot."""
    configure(logging.WARNING, settings.log_format)
    with folder_lock(settings.data, "import"):
        async with open_database(settings) as database:
            importer = Importer(
                past=PastStore(database),
                users=UserStore(database),
                profiles=ProfileEngine.over(
                    database, embedder=embedder or NanoEmbedder(), now=utc_now, timezone=settings.timezone
                ),
                now=utc_now,
            )
            with _lines_of(file, user_id) as lines:
                outcome = await _bring(importer, user_id, lines)
    if outcome.found == 0:
        sys.stderr.write(_NOTHING.format(user_id=user_id, file=file))
        return 1
    sys.stdout.write(_DONE.format(new=outcome.new, found=outcome.found, observed=outcome.observed))
    return 0


async def _bring(importer: Importer, user_id: int, lines: Iterator[Brought]) -> Outcome:
    with tqdm(desc="Building the profile", unit=" lines", disable=not sys.stderr.isatty(), delay=1) as bar:

        def show(done: int, all_lines: int) -> None:
            bar.total = all_lines
            bar.update(done - bar.n)

        return await importer.bring(user_id, lines, on_observed=show)


@contextmanager
def _lines_of(file: Path, user_id: int) -> Generator[Iterator[Brought]]:
    """The lines in a file of either kind. Raises ImportFileError."""
    if not file.exists():
        raise ImportFileError(f"There is no file {file}.")
    if is_own_export(file):
        yield read_own_export(file)
        return
    try:
        size, hidden = file.stat().st_size, not sys.stderr.isatty()
        with (
            file.open("rb") as stream,
            tqdm.wrapattr(stream, "read", total=size, desc="Reading", disable=hidden) as watched,
        ):
            yield read_export(watched, user_id=user_id, judge=value_of)
    except OSError as error:
        raise ImportFileError(f"The file {file} cannot be read: {error.strerror}.") from error
