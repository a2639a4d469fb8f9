"""What the real server checks in texts, entities and keyboards before it takes a message."""

import json
from typing import Any

from bot.entities import find_entities, utf16_length
from tests.bot_api.refusals import bad_request

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
ENTITY_LIMIT = 100
BUTTON_DATA_BYTES = 64

_ENTITY_FIELDS = {
    "blockquote": (),
    "bold": (),
    "bot_command": (),
    "cashtag": (),
    "code": (),
    "custom_emoji": ("custom_emoji_id",),
    "email": (),
    "expandable_blockquote": (),
    "hashtag": (),
    "italic": (),
    "mention": (),
    "phone_number": (),
    "pre": (),
    "spoiler": (),
    "strikethrough": (),
    "text_link": ("url",),
    "text_mention": ("user",),
    "underline": (),
    "url": (),
}

Entities = list[dict[str, Any]]


def checked_text(raw: str, entities: Any, *, parse_mode: str | None) -> tuple[str, Entities]:
    """The text as it is shown, with its entities and those that the server finds itself."""
    if not raw:
        raise bad_request("message text is empty")
    text = raw.rstrip()
    if not text.strip():
        raise bad_request("text must be non-empty")
    # Whether the limit counts characters or UTF-16 units is disputed: the stricter reading is kept.
    if utf16_length(text) > TEXT_LIMIT:
        raise bad_request("message is too long")
    return text, checked_entities(raw, entities, parse_mode=parse_mode)


def checked_caption(text: str, entities: Any, *, parse_mode: str | None) -> Entities:
    """The entities of a caption, which may be empty."""
    if utf16_length(text) > CAPTION_LIMIT:
        raise bad_request("message caption is too long")
    return checked_entities(text, entities, parse_mode=parse_mode)


def checked_entities(text: str, entities: Any, *, parse_mode: str | None) -> Entities:
    """The given entities and, in their gaps, those that the server finds itself; a hundred at most."""
    if parse_mode is not None:
        # Markup is a way to lose a message; Mynah sends entities, and this server knows nothing else.
        raise bad_request("unsupported parse_mode")
    explicit = _explicit(text, entities)
    found = [entity for entity in find_entities(text) if not any(_overlap(entity, kept) for kept in explicit)]
    return sorted(explicit + found, key=lambda entity: entity["offset"])[:ENTITY_LIMIT]


def _explicit(text: str, entities: Any) -> Entities:
    if entities is None:
        return []
    if not isinstance(entities, list):
        raise bad_request("can't parse entities: Expected an Array")
    for entity in entities:
        _check_entity(text, entity)
    # Trailing space is cut from the text, and with it the end of an entity that reached into it.
    end = utf16_length(text.rstrip())
    clipped = [{**entity, "length": min(entity["length"], end - entity["offset"])} for entity in entities]
    return [entity for entity in clipped if entity["length"] > 0]


def _check_entity(text: str, entity: Any) -> None:
    if not isinstance(entity, dict):
        raise bad_request("can't parse MessageEntity: Expected an Object")
    kind = entity.get("type")
    if kind not in _ENTITY_FIELDS:
        raise bad_request("can't parse MessageEntity: Unsupported type specified")
    for field in ("offset", "length"):
        if not isinstance(entity.get(field), int):
            raise bad_request(f'can\'t parse MessageEntity: Field "{field}" must be of type Number')
    for field in _ENTITY_FIELDS[kind]:
        if field not in entity:
            raise bad_request(f"can't parse MessageEntity: Can't find field \"{field}\"")
    _check_range(text, entity["offset"], entity["length"])


def _check_range(text: str, offset: int, length: int) -> None:
    if offset < 0:
        raise bad_request(f"receive an entity with incorrect offset {offset}")
    if length < 0:
        raise bad_request(f"receive an entity with incorrect length {length}")
    boundaries = _boundaries(text)
    if offset + length > max(boundaries):
        raise bad_request(
            f"entity beginning at UTF-16 offset {offset} ends after the end of the text"
            f" at UTF-16 offset {offset + length}"
        )
    if offset not in boundaries:
        raise bad_request(f"entity begins in a middle of a UTF-16 symbol at byte offset {offset}")
    if offset + length not in boundaries:
        raise bad_request(
            f"entity beginning at UTF-16 offset {offset} ends in a middle of a UTF-16 symbol"
            f" at byte offset {offset + length}"
        )


def _boundaries(text: str) -> set[int]:
    """The UTF-16 offsets between whole characters."""
    offsets = {0}
    position = 0
    for character in text:
        position += utf16_length(character)
        offsets.add(position)
    return offsets


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return (
        one["offset"] < other["offset"] + other["length"] and other["offset"] < one["offset"] + one["length"]
    )


def checked_markup(markup: Any) -> dict[str, Any] | None:
    """A keyboard as the server keeps it; None when it has no button."""
    if markup is None:
        return None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    rows = markup.get("inline_keyboard")
    if rows is None:
        return markup
    for button in (button for row in rows for button in row):
        _check_button(button)
    if len(json.dumps(markup).encode()) > 10_000:
        raise bad_request("reply markup is too long")
    return markup if any(rows) else None


def _check_button(button: Any) -> None:
    if not isinstance(button, dict) or not button.get("text"):
        raise bad_request(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    data = button.get("callback_data")
    if data is None and "url" not in button:
        raise bad_request(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    if data is not None and not 1 <= len(data.encode()) <= BUTTON_DATA_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
