"""The methods of the Bot API that Mynah uses, over the state of the world."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from telegram.constants import ChatAction, ReactionEmoji

from tests.bot_api.content import checked_caption, checked_markup, checked_text
from tests.bot_api.objects import (
    file_object,
    file_path,
    full_chat_object,
    message_object,
)
from tests.bot_api.refusals import NOT_MODIFIED, QUERY_TOO_OLD, Refusal, bad_request
from tests.bot_api.transcript import Attachment, Chat, Draft, ShownMessage, Version
from tests.bot_api.world import World

Parameters = dict[str, Any]
LONG_POLL_SECONDS = 50
ANSWER_LIMIT = 200
DOWNLOAD_BYTES = 20 * 1024 * 1024


class Methods:
    """Calls one method by its lower-case name; an unknown one is refused as on Telegram."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._commands: dict[str, list[dict[str, str]]] = {}
        self._methods: dict[str, Callable[[Parameters], Awaitable[Any]]] = {
            "answercallbackquery": self._answer_callback_query,
            "deletemessage": self._delete_message,
            "deletewebhook": self._delete_webhook,
            "editmessagereplymarkup": self._edit_message_reply_markup,
            "editmessagetext": self._edit_message_text,
            "getchat": self._get_chat,
            "getfile": self._get_file,
            "getme": self._get_me,
            "getmycommands": self._get_my_commands,
            "getupdates": self._get_updates,
            "getwebhookinfo": self._get_webhook_info,
            "sendchataction": self._send_chat_action,
            "senddocument": self._send_document,
            "sendmessage": self._send_message,
            "sendmessagedraft": self._send_message_draft,
            "sendphoto": self._send_photo,
            "setmessagereaction": self._set_message_reaction,
            "setmycommands": self._set_my_commands,
        }

    async def call(self, method: str, parameters: Parameters) -> Any:
        """The result of a method. Raises Refusal."""
        if method not in self._methods:
            raise Refusal(404, "Not Found: method not found")
        return await self._methods[method](parameters)

    async def _get_me(self, _parameters: Parameters) -> Parameters:
        return {
            **self._world.bot,
            "can_join_groups": True,
            "can_read_all_group_messages": not self._world.privacy_mode,
            "supports_inline_queries": False,
        }

    async def _get_updates(self, parameters: Parameters) -> list[Parameters]:
        return await self._world.updates.get(
            offset=parameters.get("offset", 0),
            limit=min(max(parameters.get("limit", 100), 1), 100),
            timeout_seconds=min(max(parameters.get("timeout", 0), 0), LONG_POLL_SECONDS),
            allowed=parameters.get("allowed_updates"),
        )

    async def _delete_webhook(self, parameters: Parameters) -> bool:
        if parameters.get("drop_pending_updates"):
            self._world.updates.drop()
        return True

    async def _get_webhook_info(self, _parameters: Parameters) -> Parameters:
        waiting = len(self._world.updates.pending)
        return {"url": "", "has_custom_certificate": False, "pending_update_count": waiting}

    async def _set_my_commands(self, parameters: Parameters) -> bool:
        self._commands[_audience(parameters)] = parameters["commands"]
        return True

    async def _get_my_commands(self, parameters: Parameters) -> list[dict[str, str]]:
        return self._commands.get(_audience(parameters), [])

    async def _get_chat(self, parameters: Parameters) -> Parameters:
        return full_chat_object(self._world.chat(_chat_id(parameters)))

    async def _send_message(self, parameters: Parameters) -> Parameters:
        chat = self._world.open_chat(_chat_id(parameters))
        return self._post(chat, parameters, self._text_version(parameters))

    async def _send_message_draft(self, parameters: Parameters) -> bool:
        chat = self._world.open_chat(_chat_id(parameters))
        if chat.kind != "private":
            raise bad_request("TEXTDRAFT_PEER_INVALID")
        if not parameters.get("draft_id"):
            raise bad_request("draft_id must be non-zero")
        text, entities = parameters.get("text") or "", parameters.get("entities")
        if text:  # an empty one is shown as "Thinking…"
            text, entities = checked_text(text, entities, parse_mode=parameters.get("parse_mode"))
        chat.drafts.append(Draft(parameters["draft_id"], text, entities or [], self._world.clock()))
        self._world.changes.tell()
        return True

    async def _send_document(self, parameters: Parameters) -> Parameters:
        return self._send_file("document", parameters)

    async def _send_photo(self, parameters: Parameters) -> Parameters:
        return self._send_file("photo", parameters)

    def _send_file(self, kind: str, parameters: Parameters) -> Parameters:
        chat = self._world.open_chat(_chat_id(parameters))
        caption = parameters.get("caption") or ""
        entities = checked_caption(
            caption, parameters.get("caption_entities"), parse_mode=parameters.get("parse_mode")
        )
        version = self._world.version(caption, entities, checked_markup(parameters.get("reply_markup")))
        return self._post(chat, parameters, version, attachment=self._file(kind, parameters.get(kind)))

    def _file(self, kind: str, given: Any) -> Attachment:
        """An upload, or a file that is known by its id."""
        if isinstance(given, tuple):
            name, content = given
            if not content:
                raise bad_request("file must be non-empty")
            return self._world.keep_file(kind, name, content)
        if given not in self._world.files:
            raise bad_request("wrong file identifier/HTTP URL specified")
        return self._world.files[given]

    def _post(
        self,
        chat: Chat,
        parameters: Parameters,
        version: Version,
        *,
        attachment: Attachment | None = None,
    ) -> Parameters:
        message = self._world.post(
            chat,
            self._world.bot,
            version=version,
            attachment=attachment,
            reply_to=_reply_target(chat, parameters.get("reply_parameters")),
            thread_id=_thread(chat, parameters.get("message_thread_id")),
            silent=bool(parameters.get("disable_notification")),
            preview=parameters.get("link_preview_options"),
        )
        return message_object(message)

    def _text_version(self, parameters: Parameters) -> Version:
        text, entities = checked_text(
            parameters.get("text") or "",
            parameters.get("entities"),
            parse_mode=parameters.get("parse_mode"),
        )
        return self._world.version(text, entities, checked_markup(parameters.get("reply_markup")))

    async def _edit_message_text(self, parameters: Parameters) -> Parameters:
        message = self._own_message(parameters, "edit")
        if message.thread_id in message.chat.closed_threads:
            raise bad_request("TOPIC_CLOSED")
        return self._revise(message, self._text_version(parameters))

    async def _edit_message_reply_markup(self, parameters: Parameters) -> Parameters:
        message = self._own_message(parameters, "edit")
        markup = checked_markup(parameters.get("reply_markup"))
        return self._revise(message, self._world.version(message.text, message.entities, markup))

    def _revise(self, message: ShownMessage, version: Version) -> Parameters:
        now = message.history[-1]
        if (now.text, now.entities, now.markup) == (version.text, version.entities, version.markup):
            raise Refusal(400, NOT_MODIFIED)
        self._world.revise(message, version)
        return message_object(message)

    async def _delete_message(self, parameters: Parameters) -> bool:
        message = self._message(parameters, "delete")
        if not message.from_bot and message.chat.kind != "private":
            raise bad_request("message can't be deleted")
        message.deleted = True
        self._world.changes.tell()
        return True

    def _own_message(self, parameters: Parameters, purpose: str) -> ShownMessage:
        message = self._message(parameters, purpose)
        if not message.from_bot:
            raise bad_request("message can't be edited")
        return message

    def _message(self, parameters: Parameters, purpose: str) -> ShownMessage:
        chat = self._world.open_chat(_chat_id(parameters))
        if "message_id" not in parameters:
            raise bad_request("message identifier is not specified")
        message = chat.find(parameters["message_id"])
        if message is None:
            raise bad_request(f"message to {purpose} not found")
        return message

    async def _send_chat_action(self, parameters: Parameters) -> bool:
        chat = self._world.open_chat(_chat_id(parameters))
        if parameters.get("action") not in list(ChatAction):
            raise bad_request("wrong parameter action in request")
        chat.actions.append((parameters["action"], self._world.clock()))
        self._world.changes.tell()
        return True

    async def _answer_callback_query(self, parameters: Parameters) -> bool:
        try:
            tap = self._world.open_tap(parameters["callback_query_id"])
        except LookupError as error:
            raise Refusal(400, QUERY_TOO_OLD) from error
        text = parameters.get("text") or ""
        if len(text) > ANSWER_LIMIT:
            raise bad_request("MESSAGE_TOO_LONG")
        tap.answer, tap.alert = text, bool(parameters.get("show_alert"))
        self._world.changes.tell()
        return True

    async def _set_message_reaction(self, parameters: Parameters) -> bool:
        message = self._message(parameters, "react")
        emoji = [reaction.get("emoji") for reaction in parameters.get("reaction") or []]
        if any(symbol not in list(ReactionEmoji) for symbol in emoji):
            raise bad_request("REACTION_INVALID")
        message.reactions[int(self._world.bot["id"])] = emoji
        self._world.changes.tell()
        return True

    async def _get_file(self, parameters: Parameters) -> Parameters:
        attachment = self._world.files.get(parameters["file_id"])
        if attachment is None:
            raise bad_request("wrong file_id or the file is temporarily unavailable")
        if len(attachment.content) > DOWNLOAD_BYTES:
            raise bad_request("file is too big")
        return {**file_object(attachment), "file_path": file_path(attachment)}


def _chat_id(parameters: Parameters) -> int:
    if "chat_id" not in parameters:
        raise bad_request("chat_id is empty")
    return parameters["chat_id"]


def _audience(parameters: Parameters) -> str:
    scope = parameters.get("scope") or {"type": "default"}
    return json.dumps([scope, parameters.get("language_code") or ""], sort_keys=True)


def _reply_target(chat: Chat, reply: Parameters | None) -> ShownMessage | None:
    if reply is None:
        return None
    message = chat.find(reply["message_id"])
    if message is None and not reply.get("allow_sending_without_reply"):
        raise bad_request("message to be replied not found")
    return message


def _thread(chat: Chat, thread_id: int | None) -> int | None:
    """The General topic has the number 1, which a bot must not name."""
    if thread_id is not None and thread_id not in chat.threads:
        raise bad_request("message thread not found")
    if thread_id in chat.closed_threads:
        raise bad_request("TOPIC_CLOSED")
    return thread_id
