"""What people do reaches the bot as python-telegram-bot reads it."""

import pytest
from telegram import Bot, BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import BadRequest

from tests.bot_api import BotApiServer, Person
from tests.conftest import Clock

BUTTONS = InlineKeyboardMarkup([[InlineKeyboardButton("👍", callback_data="fb:1:1")]])


async def newest(bot: Bot) -> Update:
    return (await bot.get_updates())[-1]


async def test_a_command_carries_its_entity(bot: Bot, ann: Person) -> None:
    await ann.say("/feedback shorter, please")
    update = await newest(bot)
    assert update.message is not None
    assert update.message.parse_entities(["bot_command"]).popitem()[1] == "/feedback"
    assert update.effective_user is not None
    assert update.effective_user.full_name == "Ann"


async def test_an_edited_question_is_an_update_of_its_own(bot: Bot, ann: Person) -> None:
    question = await ann.say("wat?")
    await ann.edit(question, "what?")
    update = await newest(bot)
    assert update.message is None
    assert update.edited_message is not None
    assert update.edited_message.text == "what?"


async def test_a_forward_names_its_author(bot: Bot, ann: Person) -> None:
    await ann.forward("birds sing", author="Bob")
    update = await newest(bot)
    assert update.message is not None
    assert update.message.forward_origin is not None
    assert update.message.forward_origin.to_dict()["sender_user"]["first_name"] == "Bob"


async def test_a_tap_is_answered_once(bot: Bot, ann: Person) -> None:
    await bot.send_message(11, "hello", reply_markup=BUTTONS)
    tap = await ann.tap(await ann.wait_for_reply(), "👍")
    query = (await newest(bot)).callback_query
    assert query is not None
    assert query.data == "fb:1:1"
    assert query.message is not None
    await query.answer("thank you")
    assert await ann.wait_for_answer(tap) == "thank you"
    with pytest.raises(BadRequest, match="Query is too old"):
        await query.answer("thank you")


async def test_a_tap_cannot_be_answered_late(clock: Clock) -> None:
    server = BotApiServer(clock=lambda: clock().timestamp())
    async with server, Bot(server.token, server.base_url) as bot:
        ann = server.person(11, "Ann")
        await ann.say("hello")
        await bot.send_message(11, "hello", reply_markup=BUTTONS)
        await ann.tap(await ann.wait_for_reply(), "👍")
        clock.advance(minutes=2)
        query = (await newest(bot)).callback_query
        assert query is not None
        with pytest.raises(BadRequest, match="Query is too old"):
            await query.answer("thank you")


async def test_only_what_concerns_the_bot_is_heard_in_a_group(server: BotApiServer, bot: Bot) -> None:
    birds = server.group(-1001, "Birds", forum=True)
    ann = server.person(11, "Ann")
    await ann.say("unheard", chat=birds)
    await ann.say("/ask@mynah_bot", chat=birds)
    await ann.say("hello @mynah_bot", chat=birds, thread_id=7)
    await bot.send_message(-1001, "yes?", message_thread_id=7)
    await ann.say("a reply", chat=birds, reply_to=await ann.wait_for_reply(chat=birds))
    texts = [update.message and update.message.text for update in await bot.get_updates()]
    assert texts == ["/ask@mynah_bot", "hello @mynah_bot", "a reply"]


async def test_files_go_both_ways(server: BotApiServer, bot: Bot, ann: Person) -> None:
    await ann.send_document("notes.txt", b"seeds", caption="read this")
    update = await newest(bot)
    assert update.message is not None
    assert update.message.document is not None
    assert update.message.caption == "read this"
    file = await update.message.document.get_file()
    assert bytes(await file.download_as_bytearray()) == b"seeds"
    await bot.send_document(11, b"{}", filename="export.json", caption="yours")
    sent = (await ann.wait_for_reply()).attachment
    assert sent is not None
    assert (sent.name, sent.content) == ("export.json", b"{}")
    await bot.send_photo(11, b"not really a picture", reply_markup=BUTTONS)
    photo = await ann.wait_for_reply()
    assert photo.attachment is not None
    assert photo.attachment.kind == "photo"
    assert photo.buttons


async def test_a_file_that_is_too_large_for_a_bot_is_not_handed_over(bot: Bot, ann: Person) -> None:
    await ann.send_document("large.txt", b"x" * (20 * 1024 * 1024 + 1))
    update = await newest(bot)
    assert update.message is not None
    assert update.message.document is not None
    with pytest.raises(BadRequest, match="File is too big"):
        await update.message.document.get_file()


async def test_a_photo_from_a_person_arrives(bot: Bot, ann: Person) -> None:
    await ann.send_photo(b"pixels", caption="a bird")
    update = await newest(bot)
    assert update.message is not None
    assert update.message.photo
    assert update.message.caption == "a bird"


async def test_the_bot_shows_what_it_does(server: BotApiServer, bot: Bot, ann: Person) -> None:
    question = await ann.say("hello")
    await bot.send_chat_action(11, "typing")
    await bot.set_message_reaction(11, question.message_id, "👀")
    assert [action for action, _at in server.chat(11).actions] == ["typing"]
    assert question.reactions == {bot.id: ["👀"]}


async def test_commands_are_kept_for_each_language(bot: Bot) -> None:
    await bot.set_my_commands([BotCommand("help", "what I can do")])
    await bot.set_my_commands([BotCommand("help", "我会做什么")], language_code="zh")
    assert [command.description for command in await bot.get_my_commands(language_code="zh")] == [
        "我会做什么"
    ]
    assert [command.description for command in await bot.get_my_commands()] == ["what I can do"]


async def test_a_chat_describes_itself(server: BotApiServer, bot: Bot, ann: Person) -> None:
    assert (await bot.get_chat(ann.user_id)).first_name == "Ann"
    server.group(-1001, "Birds", forum=True)
    assert (await bot.get_chat(-1001)).is_forum


async def test_waiting_in_vain_shows_the_chat(ann: Person) -> None:
    with pytest.raises(TimeoutError, match="Ann: hello"):
        await ann.wait_for_reply(timeout_seconds=0)
