"""What the log says when a poll fails; the polling itself goes on."""

import logging

from telegram.error import Conflict, TelegramError

logger = logging.getLogger(__name__)


def tell_poll_failure(error: TelegramError) -> None:
    """One line for each failed poll. Must not raise: that would end the polling."""
    if isinstance(error, Conflict):
        logger.error(
            "Another program polls with this token and takes messages away. Stop it, or change its token."
        )
    else:
        logger.warning("a poll failed and is repeated: %s", error)
