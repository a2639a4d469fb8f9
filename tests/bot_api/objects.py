"""Messages, chats and files as Bot API objects."""

from pathlib import PurePosixPath
from typing import Any

from tests.bot_api.transcript import Attachment, Chat, ShownMessage

_TYPES = {
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".pdf": "application/pdf",
    ".txt": "text/plain",
    ".zip": "application/zip",
}


def chat_object(chat: Chat) -> dict[str, Any]:
    """A Chat."""
    name = {"first_name": chat.title} if chat.kind == "private" else {"title": chat.title}
    forum = {"is_forum": True} if chat.is_forum else {}
    return {"id": chat.chat_id, "type": chat.kind, **name, **forum}


def full_chat_object(chat: Chat) -> dict[str, Any]:
    """A ChatFullInfo."""
    gifts = {
        "unlimited_gifts": True,
        "limited_gifts": True,
        "unique_gifts": True,
        "premium_subscription": True,
        "gifts_from_channels": True,
    }
    return {
        **chat_object(chat),
        "accent_color_id": 0,
        "max_reaction_count": 1,
        "accepted_gift_types": gifts,
    }


def message_object(message: ShownMessage, *, with_reply: bool = True) -> dict[str, Any]:
    """A Message; the message that it answers is given without the one that that one answers."""
    first = message.history[0]
    result: dict[str, Any] = {
        "message_id": message.message_id,
        "from": message.sender,
        "chat": chat_object(message.chat),
        "date": int(first.at),
        **_content(message),
    }
    if message.edits:
        result["edit_date"] = int(message.history[-1].at)
    if message.history[-1].markup and "inline_keyboard" in message.history[-1].markup:
        result["reply_markup"] = message.history[-1].markup
    if message.thread_id is not None:
        result |= {"message_thread_id": message.thread_id, "is_topic_message": True}
    if message.forwarded_from is not None:
        origin = {"type": "user", "date": int(first.at), "sender_user": message.forwarded_from}
        result["forward_origin"] = origin
    if message.reply_to is not None and with_reply:
        result["reply_to_message"] = message_object(message.reply_to, with_reply=False)
    if message.album is not None:
        result["media_group_id"] = message.album
    if message.preview is not None:
        result["link_preview_options"] = message.preview
    return result


def _content(message: ShownMessage) -> dict[str, Any]:
    entities = [dict(entity) for entity in message.entities]
    if message.attachment is None:
        return {"text": message.text, **({"entities": entities} if entities else {})}
    caption: dict[str, Any] = {"caption": message.text} if message.text else {}
    if entities:
        caption["caption_entities"] = entities
    return {**caption, message.attachment.kind: _media(message.attachment)}


def _media(attachment: Attachment) -> Any:
    described = file_object(attachment)
    if attachment.kind == "photo":
        return [{**described, "width": 90, "height": 90}]
    if attachment.kind == "sticker":
        form = {"width": 512, "height": 512, "is_animated": False, "is_video": False, "type": "regular"}
        return {**described, **form}
    if attachment.kind == "voice":
        return {**described, "duration": int(PurePosixPath(attachment.name).stem), "mime_type": "audio/ogg"}
    mime_type = _TYPES.get(PurePosixPath(attachment.name).suffix, "application/octet-stream")
    return {**described, "file_name": attachment.name, "mime_type": mime_type}


def file_object(attachment: Attachment) -> dict[str, Any]:
    """A File without its path."""
    return {
        "file_id": attachment.file_id,
        "file_unique_id": f"unique-{attachment.file_id}",
        "file_size": len(attachment.content),
    }


def file_path(attachment: Attachment) -> str:
    """Where a file lies below the download address."""
    suffix = PurePosixPath(attachment.name).suffix
    return f"{attachment.kind}s/{attachment.file_id}{suffix}"
