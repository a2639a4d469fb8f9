"""What stands in each chat, as the person sees it, and waiting for it to change."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

Found = TypeVar("Found")

PATIENCE_SECONDS = 120.0
"""What is waited for comes at once; a busy machine must not make it fail."""


class Changes:
    """Lets tests wait until something holds, without polling."""

    def __init__(self) -> None:
        self._waiters: list[asyncio.Future[None]] = []

    def tell(self) -> None:
        """Something has changed: every waiter looks again."""
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()

    async def until(self, look: Callable[[], Found | None], *, timeout_seconds: float) -> Found:
        """Wait until `look` returns something true. Raises TimeoutError after `timeout_seconds`."""
        async with asyncio.timeout(timeout_seconds):
            while not (found := look()):
                waiter = asyncio.get_running_loop().create_future()
                self._waiters.append(waiter)
                await waiter
        return found


@dataclass(frozen=True, slots=True)
class Button:
    """An inline button."""

    label: str
    data: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Version:
    """A message as it stood from `at` on; `at` is the server's clock, in seconds."""

    text: str
    entities: list[dict[str, Any]]
    markup: dict[str, Any] | None
    at: float


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a message."""

    kind: str
    file_id: str
    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """What the bot is writing, as it stood from `at` on, in seconds of the server's clock."""

    draft_id: int
    text: str
    entities: list[dict[str, Any]]
    at: float


@dataclass(slots=True, kw_only=True, eq=False)
class ShownMessage:
    """One message in a chat. `history` holds every version, the first included."""

    chat: "Chat"
    message_id: int
    sender: dict[str, Any]
    history: list[Version]
    reply_to: "ShownMessage | None" = None
    forwarded_from: dict[str, Any] | None = None
    thread_id: int | None = None
    attachment: Attachment | None = None
    album: str | None = None
    silent: bool = False
    preview: dict[str, Any] | None = None
    deleted: bool = False
    reactions: dict[int, list[str]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The text, or the caption, as it stands now."""
        return self.history[-1].text

    @property
    def entities(self) -> list[dict[str, Any]]:
        """The entities as they stand now."""
        return self.history[-1].entities

    @property
    def from_bot(self) -> bool:
        """Whether the bot sent it."""
        return bool(self.sender["is_bot"])

    @property
    def edits(self) -> int:
        """How often it was edited."""
        return len(self.history) - 1

    @property
    def buttons(self) -> list[Button]:
        """The inline buttons, row after row."""
        rows = (self.history[-1].markup or {}).get("inline_keyboard", [])
        return [
            Button(button["text"], button.get("callback_data"), button.get("url"))
            for row in rows
            for button in row
        ]

    def button(self, label_or_data: str) -> Button:
        """The button with this label or data. Raises LookupError."""
        for button in self.buttons:
            if label_or_data in (button.label, button.data):
                return button
        raise LookupError(f"no button {label_or_data!r} among {[button.label for button in self.buttons]}")


@dataclass(slots=True, kw_only=True, eq=False)
class Chat:
    """One chat. `kind` is private, group or supergroup."""

    chat_id: int
    kind: str
    title: str
    is_forum: bool = False
    started: bool = False
    blocked: bool = False
    migrated_to: int | None = None
    everything: list[ShownMessage] = field(default_factory=list)
    actions: list[tuple[str, float]] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)
    closed_threads: set[int] = field(default_factory=set)
    drafts: list[Draft] = field(default_factory=list)
    """Every draft that was shown since the bot's last message; the person sees the last one."""

    @property
    def messages(self) -> list[ShownMessage]:
        """What stands in the chat now, oldest first."""
        return [message for message in self.everything if not message.deleted]

    @property
    def replies(self) -> list[ShownMessage]:
        """The bot's messages that stand in the chat now, oldest first."""
        return [message for message in self.messages if message.from_bot]

    def transcript(self) -> str:
        """The chat as lines of `name: text`, for a failing test to print."""
        return "\n".join(f"{message.sender['first_name']}: {message.text}" for message in self.messages)

    def find(self, message_id: int) -> ShownMessage | None:
        """The message with this id, unless it was deleted."""
        return next((message for message in self.messages if message.message_id == message_id), None)
