"""Whom the update under way comes from, and where: their choices, the sentences in their language, the place.

The door sets it once for each update; a task that a handler starts inherits it.
"""

from contextvars import ContextVar
from dataclasses import dataclass

from telegram import ReplyParameters

from bot.texts import Texts, texts_for
from storage.preferences import Preferences


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer belongs: a chat; in a group the topic, if any, and the message that is answered."""

    chat_id: int
    thread_id: int | None = None
    answers: int | None = None

    @property
    def reply_parameters(self) -> ReplyParameters | None:
        """What shows which message is answered; one that was deleted holds nothing up."""
        if self.answers is None:
            return None
        return ReplyParameters(self.answers, allow_sending_without_reply=True)


_PLACE: ContextVar[Place | None] = ContextVar("place", default=None)
_CHOSEN: ContextVar[Preferences] = ContextVar("preferences")


def speak_with(chosen: Preferences) -> None:
    """From here on this update is one of a user with these choices."""
    _CHOSEN.set(chosen)


def speak_at(place: Place) -> None:
    """From here on what is said to this chat belongs there."""
    _PLACE.set(place)


def place_in(chat_id: int) -> Place:
    """Where something said to this chat belongs: beside the message being handled, if that is there."""
    place = _PLACE.get()
    return place if place is not None and place.chat_id == chat_id else Place(chat_id)


def preferences() -> Preferences:
    """The choices of the user whose update is being handled."""
    return _CHOSEN.get(Preferences())


def texts() -> Texts:
    """The sentences in the language of the user whose update is being handled."""
    return texts_for(preferences().spoken)
