"""The one chat of the terminal: what the bot sends and edits, shown on the screen with numbered buttons."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.entities import find_entities, utf16_length
from bot.terminal import LOOKS, Screen, Styled

Json = dict[str, Any]

BOT: Json = {"id": 4_200_000, "is_bot": True, "first_name": "Mynah", "username": "mynah_bot"}


class Refusal(Exception):
    """An answer with `ok` false, in the words of the Bot API."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description


class LocalChat:
    """Keeps the messages, and numbers the buttons that the person may press next.

    Numbers begin again with each typed message; a button keeps its number while its message changes. After a
    message that asks for a reply no button can be pressed: a number is the reply.
    """

    def __init__(
        self,
        *,
        screen: Screen,
        user_id: int,
        name: str,
        language_code: str,
        downloads: Path,
        now: Callable[[], datetime],
        ids: Iterator[int],
    ) -> None:
        self.user: Json = {
            "id": user_id,
            "is_bot": False,
            "first_name": name,
            "language_code": language_code,
        }
        self.description: Json = {"id": user_id, "type": "private", "first_name": name}
        self._screen = screen
        self._downloads = downloads
        self._now = now
        self._ids = ids
        self._messages: dict[int, Json] = {}
        self._choices: dict[int, tuple[int, str]] = {}

    def say(self, text: str) -> Json:
        """The message that the person has typed; older buttons can no longer be pressed."""
        self._choices.clear()
        return self._add(self.user, {"text": text, "entities": find_entities(text)})

    def tap(self, number: int) -> Json | None:
        """The callback query of the button with this number, if there is one."""
        if number not in self._choices:
            return None
        message_id, data = self._choices[number]
        return {
            "id": str(next(self._ids)),
            "from": self.user,
            "message": self._messages[message_id],
            "chat_instance": str(self.description["id"]),
            "data": data,
        }

    def send(self, parameters: Json) -> Json:
        """Show a new message of the bot."""
        if "force_reply" in (parameters.get("reply_markup") or {}):
            self._choices.clear()
        message = self._add(BOT, _content(parameters))
        self._show(message)
        return message

    def edit(self, parameters: Json) -> Json:
        """Change a message; without a keyboard it loses its buttons, without a text it keeps its text."""
        message = self._message(parameters, "edit")
        text = parameters if "text" in parameters else message
        keyboard = {"reply_markup": parameters.get("reply_markup")}
        content = _content({"text": text.get("text"), "entities": text.get("entities"), **keyboard})
        if content == _content(message):
            raise Refusal(400, "Bad Request: message is not modified")
        message |= {**content, "edit_date": int(self._now().timestamp())}
        self._show(message)
        return message

    def delete(self, parameters: Json) -> None:
        """Take a message back."""
        message = self._message(parameters, "delete")
        del self._messages[message["message_id"]]
        self._choices = {
            number: tap for number, tap in self._choices.items() if tap[0] != message["message_id"]
        }
        self._screen.remove(message["message_id"])

    async def receive_files(self, parameters: Json, files: Json) -> Json:
        """Save what the bot sends, then show the caption and where each file lies."""
        shown = [parameters["caption"]] if parameters.get("caption") else []
        for name, content, _mime_type in files.values():
            shown.append(str(await asyncio.to_thread(_save, self._downloads, name, content)))
        return self.send({**parameters, "text": "\n".join(shown)})

    def _message(self, parameters: Json, purpose: str) -> Json:
        message = self._messages.get(parameters.get("message_id", 0))
        if message is None:
            raise Refusal(400, f"Bad Request: message to {purpose} not found")
        return message

    def _add(self, sender: Json, content: Json) -> Json:
        message = {
            "message_id": next(self._ids),
            "from": sender,
            "chat": self.description,
            "date": int(self._now().timestamp()),
            **content,
        }
        self._messages[message["message_id"]] = message
        return message

    def _show(self, message: Json) -> None:
        rows = (message["reply_markup"] or {}).get("inline_keyboard", [])
        choices = [self._choice(message["message_id"], button) for row in rows for button in row]
        self._screen.show(message["message_id"], _styled(message["text"], message["entities"]), choices)

    def _choice(self, message_id: int, button: Json) -> str:
        data = button.get("callback_data")
        if data is None:
            return f"{button['text']}: {button.get('url', '')}"
        tap = (message_id, data)
        known = (number for number, other in self._choices.items() if other == tap)
        number = next(known, max(self._choices, default=0) + 1)
        self._choices[number] = tap
        return f"[{number}] {button['text']}"


def _content(parameters: Json) -> Json:
    """What an edit may change; a keyboard that is not part of the message is not kept with it."""
    markup = parameters.get("reply_markup") or {}
    return {
        "text": (parameters.get("text") or "").rstrip(),
        "entities": parameters.get("entities") or [],
        "reply_markup": markup if "inline_keyboard" in markup else None,
    }


def _styled(text: str, entities: list[Json]) -> Styled:
    """The text in its formats, with the address of each link written out after its words."""
    units = [" "] * utf16_length(text)
    addresses: dict[int, str] = {}
    for entity in entities:
        begin, end = entity["offset"], entity["offset"] + entity["length"]
        units[begin:end] = LOOKS.get(entity["type"], " ") * entity["length"]
        if entity["type"] == "text_link":
            addresses[end] = f" ({entity['url']})"
    pieces: list[Styled] = []
    position = 0
    for character in text:
        pieces += Styled.alike(addresses.pop(position, "")), Styled(character, units[position])
        position += utf16_length(character)
    pieces.append(Styled.alike(addresses.pop(position, "")))
    return Styled("".join(piece.text for piece in pieces), "".join(piece.looks for piece in pieces))


def _save(folder: Path, name: str, content: Any) -> Path:
    """Write a file under a name that is still free."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = folder / (Path(name).name or "file")
    numbered = (wanted.with_stem(f"{wanted.stem}-{number}") for number in itertools.count(1))
    path = next(path for path in itertools.chain([wanted], numbered) if not path.exists())
    path.write_bytes(content if isinstance(content, bytes) else content.read())
    return path
