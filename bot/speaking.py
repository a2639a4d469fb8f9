"""Whom the update under way comes from: their choices, and the sentences in their language.

The door sets it once for each update; a task that a handler starts inherits it.
"""

from contextvars import ContextVar

from bot.texts import Texts, texts_for
from storage.preferences import Preferences

_CHOSEN: ContextVar[Preferences] = ContextVar("preferences")


def speak_with(chosen: Preferences) -> None:
    """From here on this update is one of a user with these choices."""
    _CHOSEN.set(chosen)


def preferences() -> Preferences:
    """The choices of the user whose update is being handled."""
    return _CHOSEN.get(Preferences())


def texts() -> Texts:
    """The sentences in the language of the user whose update is being handled."""
    return texts_for(preferences().spoken)
