"""A Bot API server of our own: true offsets, the real refusals, faults on demand, and people to drive."""

from tests.bot_api.faults import Cut
from tests.bot_api.person import Person
from tests.bot_api.server import TOKEN, BotApiServer, Call
from tests.bot_api.transcript import Button, Chat, ShownMessage
from tests.bot_api.world import Tap

__all__ = ["TOKEN", "BotApiServer", "Button", "Call", "Chat", "Cut", "Person", "ShownMessage", "Tap"]
