"""Logging without secrets and without a word of any chat: ids, states and figures only."""

import logging
import re
import sys
import traceback
from types import TracebackType
from typing import TextIO

from telegram.error import TelegramError

from engine.errors import EngineError
from storage.errors import StorageError

_TOKEN = re.compile(r"\d{5,12}:[\w-]{20,}")
_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@")

_OWN_WORDS = (EngineError, StorageError, TelegramError, OSError)
"""Errors whose message is known to hold nothing that anybody wrote."""

_CHATTY = ("aiosqlite", "apscheduler", "asyncio", "httpcore", "httpx", "telegram")
"""Below WARNING these log addresses with the token, or the parameters of calls and statements."""


class Redactor(logging.Formatter):
    """Formats a record and hides tokens and credentials in all of it, the traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        return _CREDENTIALS.sub("<credentials>@", _TOKEN.sub("<token>", super().format(record)))

    def formatException(
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        """The frames and the kind of each error; its message may quote what somebody wrote."""
        error, told = ei[1], list[str]()
        while error is not None:
            said = f": {error}" if isinstance(error, _OWN_WORDS) else ""
            frames = "".join(traceback.format_tb(error.__traceback__))
            told.append(f"{frames}{type(error).__name__}{said}")
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\nbecause of\n".join(told)


def configure(level: int, stream: TextIO | None = None) -> None:
    """Log to standard error, or this stream, at this level; what would tell too much only from WARNING on."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Redactor("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))
