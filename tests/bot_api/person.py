"""What a person does in Telegram: write, edit, forward, tap, react, send files, block."""

from collections.abc import Callable
from typing import Any

from bot.entities import find_entities
from tests.bot_api.objects import chat_object, message_object
from tests.bot_api.transcript import PATIENCE_SECONDS, Attachment, Chat, ShownMessage
from tests.bot_api.world import Tap, World


def anything(_message: ShownMessage) -> bool:
    """Every message will do."""
    return True


class Person:
    """A person with a private chat with the bot, which begins with the first message."""

    def __init__(self, world: World, user_id: int, name: str, *, language_code: str) -> None:
        self.user_id = user_id
        self.name = name
        self.chat = Chat(chat_id=user_id, kind="private", title=name)
        self._world = world
        self._user = {
            "id": user_id,
            "is_bot": False,
            "first_name": name,
            "language_code": language_code,
        }
        self._seen: dict[int, int] = {}
        world.chats[user_id] = self.chat
        world.users[user_id] = self._user

    async def say(
        self,
        text: str,
        *,
        chat: Chat | None = None,
        reply_to: ShownMessage | None = None,
        thread_id: int | None = None,
    ) -> ShownMessage:
        """Write a message, into the private chat unless another is named."""
        return self._send(chat or self.chat, text, reply_to=reply_to, thread_id=thread_id)

    async def forward(self, text: str, *, author: str, chat: Chat | None = None) -> ShownMessage:
        """Forward what somebody else has written."""
        return self._send(chat or self.chat, text, forwarded_from=_somebody(author))

    async def send_document(
        self,
        name: str,
        content: bytes,
        *,
        caption: str = "",
        author: str | None = None,
        chat: Chat | None = None,
    ) -> ShownMessage:
        """Send a file; with an `author` it is forwarded from them, words and all."""
        attachment = self._world.keep_file("document", name, content)
        source = None if author is None else _somebody(author)
        return self._send(chat or self.chat, caption, forwarded_from=source, attachment=attachment)

    async def send_photo(
        self, content: bytes, *, caption: str = "", chat: Chat | None = None
    ) -> ShownMessage:
        """Send a picture."""
        attachment = self._world.keep_file("photo", "photo.jpg", content)
        return self._send(chat or self.chat, caption, attachment=attachment)

    async def send_album(self, *contents: bytes, caption: str = "") -> list[ShownMessage]:
        """Send several pictures at once, the first one with the words."""
        pictures = [self._world.keep_file("photo", "photo.jpg", content) for content in contents]
        captions = [caption, *[""] * (len(pictures) - 1)]
        return [
            self._send(self.chat, words, attachment=picture, album=f"album of {pictures[0].file_id}")
            for words, picture in zip(captions, pictures, strict=True)
        ]

    async def send_sticker(self, *, chat: Chat | None = None) -> ShownMessage:
        """Send a sticker."""
        attachment = self._world.keep_file("sticker", "sticker.webp", b"sticker")
        return self._send(chat or self.chat, "", attachment=attachment)

    async def send_voice(self, content: bytes, *, seconds: int = 2, chat: Chat | None = None) -> ShownMessage:
        """Send a voice note in Ogg."""
        attachment = self._world.keep_file("voice", f"{seconds}.oga", content)
        return self._send(chat or self.chat, "", attachment=attachment)

    async def edit(self, message: ShownMessage, text: str) -> None:
        """Change one's own message."""
        assert message.sender["id"] == self.user_id, "only one's own messages can be edited"
        self._world.revise(message, self._world.version(text, find_entities(text)))
        if self._reaches_bot(message):
            self._world.updates.add("edited_message", message_object(message))

    async def tap(self, message: ShownMessage, label_or_data: str) -> Tap:
        """Press an inline button, by its label or its data."""
        button = message.button(label_or_data)
        assert button.data is not None, "this button opens a link"
        tap = self._world.tap(message, button.data)
        self._world.updates.add(
            "callback_query",
            {
                "id": tap.query_id,
                "from": self._user,
                "message": message_object(message),
                "chat_instance": str(message.chat.chat_id),
                "data": tap.data,
            },
        )
        return tap

    async def react(self, message: ShownMessage, emoji: str | None) -> None:
        """React with an emoji in place of the last one; None takes the reaction back."""
        before = message.reactions.get(self.user_id, [])
        after = [] if emoji is None else [emoji]
        message.reactions[self.user_id] = after
        self._world.updates.add(
            "message_reaction",
            {
                "chat": chat_object(message.chat),
                "message_id": message.message_id,
                "user": self._user,
                "date": int(self._world.clock()),
                "old_reaction": [{"type": "emoji", "emoji": symbol} for symbol in before],
                "new_reaction": [{"type": "emoji", "emoji": symbol} for symbol in after],
            },
        )

    async def block(self) -> None:
        """Block the bot: from now on everything it sends is refused."""
        self._change_membership(self.chat, "member", "kicked")

    async def unblock(self) -> None:
        """Let the bot write again."""
        self._change_membership(self.chat, "kicked", "member")

    async def wait_for_reply(
        self,
        *,
        chat: Chat | None = None,
        where: Callable[[ShownMessage], Any] = anything,
        timeout_seconds: float = PATIENCE_SECONDS,
    ) -> ShownMessage:
        """The bot's next message after one's own last one, and after the last one waited for.

        `where` is looked at again after every edit: `lambda message: message.buttons` waits for the end of a
        streamed reply. Raises TimeoutError with the transcript.
        """
        chat = chat or self.chat

        def look() -> ShownMessage | None:
            after = self._seen.get(chat.chat_id, 0)
            return next((reply for reply in chat.replies if reply.message_id > after and where(reply)), None)

        try:
            reply = await self._world.changes.until(look, timeout_seconds=timeout_seconds)
        except TimeoutError as error:
            raise TimeoutError(
                f"no such reply in {timeout_seconds} s; the chat is:\n{chat.transcript()}"
            ) from error
        self._seen[chat.chat_id] = reply.message_id
        return reply

    async def wait_for_answer(self, tap: Tap, *, timeout_seconds: float = PATIENCE_SECONDS) -> str:
        """The text with which the bot answers a tap; empty when it only stops the spinner."""
        await self._world.changes.until(lambda: tap.answer is not None, timeout_seconds=timeout_seconds)
        return tap.answer or ""

    def _send(
        self,
        chat: Chat,
        text: str,
        *,
        reply_to: ShownMessage | None = None,
        thread_id: int | None = None,
        forwarded_from: dict[str, Any] | None = None,
        attachment: Attachment | None = None,
        album: str | None = None,
    ) -> ShownMessage:
        assert not chat.blocked, "whoever blocked the bot must unblock it before writing"
        chat.started = True
        if thread_id is not None:
            chat.threads.add(thread_id)
        message = self._world.post(
            chat,
            self._user,
            version=self._world.version(text, find_entities(text)),
            reply_to=reply_to,
            thread_id=thread_id,
            forwarded_from=forwarded_from,
            attachment=attachment,
            album=album,
        )
        self._seen[chat.chat_id] = message.message_id
        if self._reaches_bot(message):
            self._world.updates.add("message", message_object(message))
        return message

    def _reaches_bot(self, message: ShownMessage) -> bool:
        """In groups, privacy mode lets through commands, mentions of the bot and replies to it."""
        if message.chat.kind == "private":
            return True
        if message.reply_to is not None and message.reply_to.from_bot:
            return True
        is_command = any(entity["type"] == "bot_command" for entity in message.entities)
        named = f"@{self._world.bot['username']}".lower() in message.text.lower()
        return is_command or named or not self._world.privacy_mode

    async def add_bot(self, chat: Chat) -> None:
        """Add the bot to a group that it was removed from, or that it has not been in."""
        self._change_membership(chat, "left", "member")

    async def remove_bot(self, chat: Chat) -> None:
        """Remove the bot from a group."""
        self._change_membership(chat, "member", "kicked")

    async def upgrade(self, chat: Chat, new_id: int) -> Chat:
        """Make a group a supergroup, which has another number."""
        upgraded = Chat(chat_id=new_id, kind="supergroup", title=chat.title, started=True)
        self._world.chats[new_id] = upgraded
        self._service(chat, {"migrate_to_chat_id": new_id})
        chat.migrated_to = new_id
        self._service(upgraded, {"migrate_from_chat_id": chat.chat_id})
        return upgraded

    async def rename(self, chat: Chat, title: str) -> None:
        """Give a group another name, of which Telegram tells with a service message."""
        chat.title = title
        self._service(chat, {"new_chat_title": title})

    def _service(self, chat: Chat, content: dict[str, Any]) -> None:
        message = self._world.post(chat, self._user, version=self._world.version("", []))
        described = message_object(message)
        del described["text"]
        self._world.updates.add("message", {**described, **content})

    def _change_membership(self, chat: Chat, old: str, new: str) -> None:
        chat.blocked = new == "kicked"
        self._world.updates.add(
            "my_chat_member",
            {
                "chat": chat_object(chat),
                "from": self._user,
                "date": int(self._world.clock()),
                "old_chat_member": self._membership(old),
                "new_chat_member": self._membership(new),
            },
        )

    def _membership(self, status: str) -> dict[str, Any]:
        ban = {"until_date": 0} if status == "kicked" else {}
        return {"user": self._world.bot, "status": status, **ban}


def _somebody(name: str) -> dict[str, Any]:
    """Who has written what is forwarded."""
    return {"id": 9_000_000, "is_bot": False, "first_name": name}
