"""What concerns the bot in a group, and where the answer belongs (pure)."""

import re

from telegram import Bot, Chat, Message, MessageEntity, Update
from telegram.constants import ChatType

from bot.speaking import Place

GENERAL_TOPIC = 1
"""Telegram's number of the topic that a bot must not name."""

_GROUPS = (ChatType.GROUP, ChatType.SUPERGROUP)


def is_group(chat: Chat | None) -> bool:
    """Whether several people may read and write there."""
    return chat is not None and chat.type in _GROUPS


def topic_of(message: Message) -> int | None:
    """The topic of a forum that a message stands in; None elsewhere, and in the one named General."""
    thread_id = message.message_thread_id if message.is_topic_message else None
    return None if thread_id == GENERAL_TOPIC else thread_id


def place_of(update: Update) -> Place | None:
    """Where the answer to an update belongs."""
    if update.effective_chat is None:
        return None
    message = update.effective_message
    if not isinstance(message, Message) or not is_group(update.effective_chat):
        return Place(update.effective_chat.id)
    # What a tap asks for is said beside the tapped message, not in answer to it.
    answers = None if update.callback_query is not None else message.message_id
    return Place(message.chat_id, topic_of(message), answers)


def is_for_bot(update: Update, bot: Bot) -> bool:
    """Whether an update from a group concerns the bot at all; every other is neither read nor kept."""
    message = update.message or update.edited_message
    if message is None:
        return any((update.callback_query, update.message_reaction, update.my_chat_member))
    return new_number(message) is not None or is_addressed(message, bot)


def is_addressed(message: Message, bot: Bot) -> bool:
    """Whether a message speaks to the bot: a command to it, its name, or an answer to what it said."""
    command = _command(message)
    if command is not None:
        _, _, target = command.partition("@")
        return not target or target.lower() == bot.username.lower()
    return _answers(message, bot) or _names(message, bot)


def without_name(text: str, bot: Bot) -> str:
    """A text without the bot's name and what separated it from the rest."""
    return re.sub(rf"[\s,]*@{re.escape(bot.username)}\b[,:]?", "", text, flags=re.IGNORECASE).strip()


def new_number(message: Message) -> tuple[int, int] | None:
    """The old and the new number of a group that Telegram has just made a supergroup."""
    if message.migrate_to_chat_id is not None:
        return message.chat_id, message.migrate_to_chat_id
    if message.migrate_from_chat_id is not None:
        return message.migrate_from_chat_id, message.chat_id
    return None


def _command(message: Message) -> str | None:
    for entity, text in message.parse_entities([MessageEntity.BOT_COMMAND]).items():
        if entity.offset == 0:
            return text
    return None


def _answers(message: Message, bot: Bot) -> bool:
    """A message in a topic names the one that opened the topic as what it answers; that does not count."""
    meant = message.reply_to_message
    if meant is None or meant.from_user is None or meant.forum_topic_created is not None:
        return False
    return meant.from_user.id == bot.id


def _names(message: Message, bot: Bot) -> bool:
    mentions = message.parse_entities([MessageEntity.MENTION])
    return f"@{bot.username}".lower() in map(str.lower, mentions.values())
