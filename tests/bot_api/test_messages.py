"""Messages: what the bot sends stands in the chat, what the server refuses it refuses in its own words."""

from collections.abc import Awaitable, Callable

import pytest
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    MessageEntity,
    ReplyParameters,
)
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken

from tests.bot_api import BotApiServer, Button, Person

BUTTONS = InlineKeyboardMarkup([[InlineKeyboardButton("👍", callback_data="fb:1:1")]])
BIRD = "\U0001f426"


async def test_a_sent_message_stands_in_the_chat(bot: Bot, ann: Person) -> None:
    bold = MessageEntity(MessageEntity.BOLD, 0, 5)
    sent = await bot.send_message(
        11,
        "hello https://example.com",
        entities=[bold],
        reply_markup=BUTTONS,
        disable_notification=True,
        link_preview_options=LinkPreviewOptions(is_disabled=True),
    )
    shown = await ann.wait_for_reply()
    assert (shown.message_id, shown.text) == (sent.message_id, "hello https://example.com")
    assert [entity.type for entity in sent.entities] == ["bold", "url"]
    assert shown.buttons == [Button("👍", "fb:1:1", None)]
    assert shown.silent
    assert shown.preview == {"is_disabled": True}


async def test_an_edit_keeps_every_version(bot: Bot, ann: Person) -> None:
    sent = await bot.send_message(11, "He", reply_markup=BUTTONS)
    await bot.edit_message_text("Hello", 11, sent.message_id)
    shown = await ann.wait_for_reply()
    assert [version.text for version in shown.history] == ["He", "Hello"]
    assert shown.buttons == [], "an edit without a keyboard takes the keyboard away"
    edited = await bot.edit_message_reply_markup(11, sent.message_id, reply_markup=BUTTONS)
    assert isinstance(edited, Message)
    assert (edited.text, edited.edit_date is not None) == ("Hello", True)
    assert shown.button("👍").data == "fb:1:1"


async def test_a_deleted_message_is_gone(bot: Bot, ann: Person) -> None:
    sent = await bot.send_message(11, "oops")
    await bot.delete_message(11, sent.message_id)
    assert ann.chat.replies == []


async def test_an_answer_names_its_question(server: BotApiServer, bot: Bot, ann: Person) -> None:
    question = await ann.say("what?")
    sent = await bot.send_message(11, "that", reply_parameters=ReplyParameters(question.message_id))
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "what?"
    shown = await ann.wait_for_reply()
    assert shown.reply_to is question
    await ann.say("and that?", reply_to=shown)
    update = (await bot.get_updates())[-1]
    assert update.message is not None
    assert update.message.reply_to_message is not None
    assert update.message.reply_to_message.text == "that"


async def test_a_lost_question_may_be_ignored(bot: Bot, ann: Person) -> None:
    lost = ReplyParameters(999, allow_sending_without_reply=True)
    assert (await bot.send_message(11, "that", reply_parameters=lost)).reply_to_message is None


def entity(offset: int, length: int) -> list[MessageEntity]:
    return [MessageEntity(MessageEntity.BOLD, offset, length)]


def long_data() -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton("x", callback_data="é" * 33)]])


REFUSED: dict[str, Callable[[Bot], Awaitable[object]]] = {
    "message text is empty": lambda bot: bot.send_message(11, ""),
    "text must be non-empty": lambda bot: bot.send_message(11, " \n"),
    "message is too long": lambda bot: bot.send_message(11, BIRD * 2049),
    "chat not found": lambda bot: bot.send_message(12, "hello"),
    "message to be replied not found": lambda bot: bot.send_message(
        11, "hello", reply_parameters=ReplyParameters(999)
    ),
    "message thread not found": lambda bot: bot.send_message(11, "hello", message_thread_id=1),
    "entity beginning at UTF-16 offset 1 ends after the end of the text at UTF-16 offset 6": lambda bot: (
        bot.send_message(11, "hello", entities=entity(1, 5))
    ),
    "entity beginning at UTF-16 offset 0 ends in a middle of a UTF-16 symbol": lambda bot: bot.send_message(
        11, BIRD, entities=entity(0, 1)
    ),
    "entity begins in a middle of a UTF-16 symbol": lambda bot: bot.send_message(
        11, BIRD, entities=entity(1, 1)
    ),
    "receive an entity with incorrect offset -1": lambda bot: bot.send_message(
        11, "hello", entities=entity(-1, 1)
    ),
    "can't parse MessageEntity": lambda bot: bot.send_message(
        11, "hello", entities=[MessageEntity("sparkle", 0, 1)]
    ),
    "unsupported parse_mode": lambda bot: bot.send_message(11, "*hello", parse_mode="Markdown"),
    "BUTTON_DATA_INVALID": lambda bot: bot.send_message(11, "hello", reply_markup=long_data()),
    "message to edit not found": lambda bot: bot.edit_message_text("hello", 11, 999),
    "message to delete not found": lambda bot: bot.delete_message(11, 999),
    "message can't be edited": lambda bot: bot.edit_message_text("hello", 11, 1),
    "message to react not found": lambda bot: bot.set_message_reaction(11, 999, "👍"),
    "REACTION_INVALID": lambda bot: bot.set_message_reaction(11, 1, "🐦"),
    "wrong file_id or the file is temporarily unavailable": lambda bot: bot.get_file("none"),
    "query is too old and response timeout expired or query ID is invalid": lambda bot: (
        bot.answer_callback_query("1")
    ),
    "message caption is too long": lambda bot: bot.send_document(11, b"x", caption="x" * 1025),
    "wrong parameter action in request": lambda bot: bot.send_chat_action(11, "dancing"),
}


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize("problem", list(REFUSED))
async def test_a_refusal_has_the_words_of_the_real_server(bot: Bot, problem: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        await REFUSED[problem](bot)
    assert problem.lower() in refusal.value.message.lower()


async def test_the_same_content_again_is_refused(bot: Bot, ann: Person) -> None:
    sent = await bot.send_message(11, "hello", entities=entity(0, 5))
    with pytest.raises(BadRequest, match="is not modified"):
        await bot.edit_message_text("hello ", 11, sent.message_id, entities=entity(0, 5))
    await bot.edit_message_text("hello", 11, sent.message_id)
    assert (await ann.wait_for_reply()).edits == 1


async def test_exactly_4096_units_are_taken(bot: Bot, ann: Person) -> None:
    await bot.send_message(11, BIRD * 2048)
    assert (await ann.wait_for_reply()).text == BIRD * 2048


async def test_more_than_a_hundred_entities_are_dropped(bot: Bot, ann: Person) -> None:
    sent = await bot.send_message(11, "x" * 300, entities=[entity(2 * i, 1)[0] for i in range(120)])
    assert len(sent.entities) == 100
    assert len((await ann.wait_for_reply()).entities) == 100


async def test_a_blocked_bot_is_told_so(server: BotApiServer, bot: Bot, ann: Person) -> None:
    await ann.block()
    (update,) = await bot.get_updates()
    assert update.my_chat_member is not None
    assert update.my_chat_member.new_chat_member.status == "kicked"
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(11, "hello")
    await ann.unblock()
    await bot.send_message(11, "hello")
    assert (await ann.wait_for_reply()).text == "hello"


async def test_a_bot_cannot_begin_a_conversation(server: BotApiServer, bot: Bot) -> None:
    server.person(12, "Bob")
    with pytest.raises(Forbidden, match="can't initiate conversation"):
        await bot.send_message(12, "hello")


async def test_an_upgraded_group_names_its_new_id(server: BotApiServer, bot: Bot) -> None:
    server.group(-5, "Birds", kind="group").migrated_to = -1005
    with pytest.raises(ChatMigrated) as migrated:
        await bot.send_message(-5, "hello")
    assert migrated.value.new_chat_id == -1005


@pytest.mark.parametrize("token", ["4200000:wrong", "nonsense"])
async def test_a_wrong_token_is_refused(server: BotApiServer, token: str) -> None:
    with pytest.raises(InvalidToken):
        async with Bot(token, base_url=server.base_url):
            pass


async def test_two_supergroups_number_their_messages_alike(server: BotApiServer, bot: Bot) -> None:
    server.group(-1001, "Birds")
    server.group(-1002, "Bees")
    sent = [await bot.send_message(chat_id, "hello") for chat_id in (-1001, -1002)]
    assert [message.message_id for message in sent] == [1, 1]


async def test_a_draft_is_seen_until_the_message_that_it_becomes(bot: Bot, ann: Person) -> None:
    for text in ("He", "Hello"):
        await bot.send_message_draft(11, 1, text)
    assert ann.chat.drafts[-1].text == "Hello"
    assert ann.chat.replies == []
    await bot.send_message(11, "Hello")
    assert ann.chat.drafts == []


async def test_a_draft_needs_a_private_chat_and_a_number(server: BotApiServer, bot: Bot, ann: Person) -> None:
    server.group(-1001, "Birds")
    with pytest.raises(BadRequest, match=r"(?i)textdraft_peer_invalid"):
        await bot.send_message_draft(-1001, 1, "Hello")
    with pytest.raises(BadRequest, match="non-zero"):
        await bot.send_message_draft(11, 0, "Hello")
    with pytest.raises(BadRequest, match="too long"):
        await bot.send_message_draft(11, 1, "a" * 4097)
