"""Logging without secrets: the bot token is in every URL that the HTTP client would log."""

import logging
import re
import sys

_TOKEN = re.compile(r"\d{5,12}:[\w-]{20,}")


class Redactor(logging.Formatter):
    """Formats a record and hides tokens in all of it, the traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        return _TOKEN.sub("<token>", super().format(record))


def configure(level: int) -> None:
    """Log to standard error at this level; the HTTP client's lines only from WARNING on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Redactor("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("httpx", "httpcore", "apscheduler"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
