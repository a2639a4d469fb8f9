"""Logging without secrets and without a word of any chat: ids, states and figures only."""

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import TextIO

from telegram.error import TelegramError

from bot.settings import LogFormat
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
        # Another handler may have left the traceback there in words of its own.
        left, record.exc_text = record.exc_text, None
        try:
            return _redacted(super().format(record))
        finally:
            record.exc_text = left

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


class JsonRedactor(Redactor):
    """The same as one JSON object a line: time, level, logger, message, and `error` for a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info)
        # Before a quotation mark gets its backslash, which could part what must be recognised.
        return json.dumps({name: _redacted(text) for name, text in fields.items()}, ensure_ascii=False)


def _redacted(text: str) -> str:
    return _CREDENTIALS.sub("<credentials>@", _TOKEN.sub("<token>", text))


def configure(level: int, log_format: LogFormat = "text", stream: TextIO | None = None) -> None:
    """Log to standard error, or this stream, at this level; what would tell too much only from WARNING on."""
    handler = logging.StreamHandler(stream or sys.stderr)
    plain = Redactor("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(plain if log_format == "text" else JsonRedactor())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    hush(level)


def hush(level: int) -> None:
    """Let what would tell too much say nothing below WARNING."""
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))
