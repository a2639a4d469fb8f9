"""The picture of a chat: all that was said is in it, in its format, and inside its bubble."""

from xml.etree import ElementTree as ET

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity

from tests.bot_api import BotApiServer
from tests.recordings.picture import draw, lines_of, width_of

_TEXT = "{http://www.w3.org/2000/svg}text"


async def test_a_picture_has_what_was_said_with_formats_and_buttons():
    buttons = InlineKeyboardMarkup([[InlineKeyboardButton("👍", callback_data="fb:1:1")]])
    async with BotApiServer() as server:
        ada = server.person(11, "Ada")
        await ada.say("<b>1 & 2</b>?")
        async with Bot(server.token, base_url=server.base_url) as bot:
            bold = MessageEntity(MessageEntity.BOLD, 3, 5)
            await bot.send_message(11, "🐦 three", entities=[bold], reply_markup=buttons)
        picture = ET.fromstring(draw("Mynah", [*ada.chat.messages, "and so on"]))

    texts = ["".join(element.itertext()) for element in picture.iter(_TEXT)]
    assert [text for text in texts if ":" not in text] == [
        *("M", "Mynah", "bot", "<b>1 & 2</b>?", "🐦 three", "👍", "and so on")
    ]
    [bold_words] = [element.text for element in picture.iter() if element.get("class") == "b"]
    assert bold_words == "three"


async def test_long_texts_are_broken_between_words_and_endless_words_anywhere():
    said = "some words of a sentence " * 20 + "\n\n" + "x" * 200
    async with BotApiServer() as server:
        message = await server.person(11, "Ada").say(said)

    lines = lines_of(message)
    assert max(map(width_of, lines)) <= 340
    assert [] in lines
    words = ["".join(character for character, _ in line) for line in lines]
    assert " ".join(words[: words.index("")]).split() == said.split()[:-1]
    assert "".join(words[words.index("") + 1 :]) == "x" * 200
