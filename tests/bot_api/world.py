"""The state behind the server: people, chats, messages, files and updates."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.bot_api.refusals import BLOCKED, KICKED, NOT_STARTED, UPGRADED, Refusal, bad_request
from tests.bot_api.transcript import Attachment, Changes, Chat, ShownMessage, Version
from tests.bot_api.updates import UpdateQueue


@dataclass(slots=True, kw_only=True, eq=False)
class Tap:
    """One press of a button. `answer` is None until the bot has answered."""

    query_id: str
    message: ShownMessage
    data: str
    at: float
    answer: str | None = None
    alert: bool = False


class World:
    """Everything that Telegram's servers would know."""

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        repeat_wait_seconds: float,
        callback_lifetime_seconds: float,
        first_id: int,
    ) -> None:
        self.clock = clock
        self.callback_lifetime_seconds = callback_lifetime_seconds
        self.privacy_mode = True
        self.changes = Changes()
        self.updates = UpdateQueue(
            changes=self.changes,
            clock=clock,
            repeat_wait_seconds=repeat_wait_seconds,
            first_id=first_id,
        )
        self.bot = {"id": 4_200_000, "is_bot": True, "first_name": "Mynah", "username": "mynah_bot"}
        self.chats: dict[int, Chat] = {}
        self.users: dict[int, dict[str, Any]] = {}
        self.taps: dict[str, Tap] = {}
        self.files: dict[str, Attachment] = {}
        self._message_ids = itertools.count(first_id)
        self._supergroup_ids: dict[int, itertools.count[int]] = {}
        self._query_ids = itertools.count(7_000_000)
        self._file_ids = itertools.count(1)

    def chat(self, chat_id: int) -> Chat:
        """A chat that the bot knows. Raises Refusal."""
        chat = self.chats.get(chat_id)
        if chat is None:
            raise bad_request("chat not found")
        return chat

    def open_chat(self, chat_id: int) -> Chat:
        """A chat that the bot may write to. Raises Refusal."""
        chat = self.chat(chat_id)
        if chat.migrated_to is not None:
            raise Refusal(400, UPGRADED, migrate_to_chat_id=chat.migrated_to)
        if chat.blocked:
            raise Refusal(403, BLOCKED if chat.kind == "private" else KICKED.format(kind=chat.kind))
        if chat.kind == "private" and not chat.started:
            raise Refusal(403, NOT_STARTED)
        return chat

    def post(
        self,
        chat: Chat,
        sender: dict[str, Any],
        *,
        version: Version,
        reply_to: ShownMessage | None = None,
        thread_id: int | None = None,
        attachment: Attachment | None = None,
        album: str | None = None,
        forwarded_from: dict[str, Any] | None = None,
        silent: bool = False,
        preview: dict[str, Any] | None = None,
    ) -> ShownMessage:
        """Put a message into a chat."""
        message = ShownMessage(
            chat=chat,
            message_id=self._next_message_id(chat),
            sender=sender,
            history=[version],
            reply_to=reply_to,
            thread_id=thread_id,
            attachment=attachment,
            album=album,
            forwarded_from=forwarded_from,
            silent=silent,
            preview=preview,
        )
        chat.everything.append(message)
        if message.from_bot:
            chat.drafts.clear()
        self.changes.tell()
        return message

    def revise(self, message: ShownMessage, version: Version) -> None:
        """Give a message its next version."""
        message.history.append(version)
        self.changes.tell()

    def tap(self, message: ShownMessage, data: str) -> Tap:
        """Open a callback query."""
        tap = Tap(query_id=str(next(self._query_ids)), message=message, data=data, at=self.clock())
        self.taps[tap.query_id] = tap
        return tap

    def open_tap(self, query_id: str) -> Tap:
        """A callback query that may still be answered, once. Raises LookupError."""
        tap = self.taps[query_id]
        if tap.answer is not None or self.clock() - tap.at > self.callback_lifetime_seconds:
            raise LookupError(query_id)
        return tap

    def keep_file(self, kind: str, name: str, content: bytes) -> Attachment:
        """Store a file under a new id."""
        attachment = Attachment(kind, f"file-{next(self._file_ids)}", name, content)
        self.files[attachment.file_id] = attachment
        return attachment

    def version(
        self, text: str, entities: list[dict[str, Any]], markup: dict[str, Any] | None = None
    ) -> Version:
        """A version that begins now."""
        return Version(text, entities, markup, self.clock())

    def _next_message_id(self, chat: Chat) -> int:
        """Supergroups number their own messages, so that one id stands in several chats; the others share."""
        if chat.kind == "supergroup":
            return next(self._supergroup_ids.setdefault(chat.chat_id, itertools.count(1)))
        return next(self._message_ids)
