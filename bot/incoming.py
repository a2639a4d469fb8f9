"""What every handler of a message needs of its update."""

from dataclasses import dataclass

from telegram import Message, Update

from bot.addressing import is_group, topic_of
from bot.speaking import texts
from bot.texts import Texts
from bot.under_way import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A message from a person, and the sentences in their language."""

    update_id: int
    message: Message
    user_id: int
    chat_id: int
    texts: Texts

    @property
    def text(self) -> str:
        """The text, empty for other content."""
        return self.message.text or ""

    @property
    def argument(self) -> str:
        """What follows the command."""
        words = self.text.split(maxsplit=1)
        return words[1].strip() if len(words) > 1 else ""

    @property
    def in_group(self) -> bool:
        """Whether others read along."""
        return is_group(self.message.chat)

    @property
    def thread_id(self) -> int | None:
        """The topic of the group, if it has topics."""
        return topic_of(self.message)

    @property
    def lane(self) -> Lane:
        """Where its replies are written one after another."""
        return self.chat_id, self.thread_id

    @property
    def replied_to(self) -> int | None:
        """The Telegram id of the message that this one replies to."""
        meant = self.message.reply_to_message
        return None if meant is None else meant.message_id


def incoming(update: Update) -> Incoming:
    """Read an update that the handler's filters have let through: a message by a person, new or changed."""
    message, user = update.message or update.edited_message, update.effective_user
    assert message is not None, "the filters let only messages through"
    assert user is not None, "a private message has a sender"
    return Incoming(
        update_id=update.update_id,
        message=message,
        user_id=user.id,
        chat_id=message.chat_id,
        texts=texts(),
    )
