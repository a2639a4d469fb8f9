"""Every test that runs the bot also shows that its log names no token and no word of a chat."""

import io
import logging
from collections.abc import Generator
from contextlib import contextmanager

from bot.logs import Redactor, hush
from tests.bot_api import BotApiServer

_LONG = 12
"""A shorter text may well stand in a line by chance."""


@contextmanager
def nothing_said_is_logged(server: BotApiServer) -> Generator[None]:
    """Write the log of the body as the bot would, and look through it when the body has ended well."""
    written, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(written), root.level
    handler.setFormatter(Redactor("%(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    root.setLevel(min(level, logging.INFO))
    hush(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    log = written.getvalue()
    assert server.token not in log
    assert [text for text in server.everything_said() if len(text) >= _LONG and text in log] == []
