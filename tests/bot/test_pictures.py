"""A picture is put into words, which are shown, and what stands below it is answered from them."""

import asyncio
import io
from pathlib import Path

import pytest
from PIL import Image

from bot.languages import LANGUAGES
from engine.errors import SightError
from engine.language.model import Cancellation
from engine.sight import VisionModel
from engine.tuning.examples import build_examples
from storage.records import Origin
from tests.bot.conftest import USER_ID, bench_on
from tests.bot.test_app import is_final
from tests.bot_api import BotApiServer
from tests.engine.test_sight import save_tiny_vision

EN = LANGUAGES["en"]


class SeesText:
    """A viewer for pictures that are text: the picture says what is to be seen."""

    def __init__(self) -> None:
        self.questions: list[str] = []

    async def describe(self, picture: bytes, question: str, cancellation: Cancellation) -> str:
        self.questions.append(question)
        if picture == b"fog":
            raise SightError("It is fog.")
        while picture == b"a maze" and not cancellation.cancelled:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        return picture.decode()


async def test_a_question_below_a_picture_is_answered_from_what_is_seen(tmp_path: Path, server: BotApiServer):
    ada = server.person(USER_ID, "Ada")
    viewer = SeesText()
    async with bench_on(tmp_path, server, viewer=viewer) as bench:
        await ada.send_photo(b"a robin", caption="What bird is this?")
        await ada.wait_for_reply(where=is_final)
        await ada.say("and where does it live?")
        await ada.wait_for_reply(where=is_final)
        prompts = [[message.content for message in request.messages] for request in bench.model.requests]

        assert ada.chat.replies[0].text == "🖼 a robin"
        assert viewer.questions == ["What bird is this?"]
        assert "a robin" in prompts[0][0]
        assert prompts[0][0].endswith("What bird is this?")
        assert "a robin" in prompts[1][0]
        turns = await bench.services.core.messages.rated_turns(USER_ID)
        assert turns[0].question.text == "What bird is this?"
        assert [example.context[-1].content for example in build_examples(turns)] == [
            "and where does it live?"
        ]


async def test_a_picture_without_words_is_answered_and_is_not_the_users_own_word(
    tmp_path: Path, server: BotApiServer
):
    ada = server.person(USER_ID, "Ada")
    async with bench_on(tmp_path, server, viewer=SeesText()) as bench:
        await ada.send_photo(b"I live in Oslo.")
        reply = await ada.wait_for_reply(where=is_final)
        await bench.idle()

        assert [shown.text for shown in ada.chat.replies] == ["🖼 I live in Oslo.", reply.text]
        (turn,) = await bench.services.core.messages.rated_turns(USER_ID)
        assert turn.question.origin is Origin.FORWARDED
        assert (await bench.services.profiles.get(USER_ID)).beliefs == ()


async def test_an_album_is_one_question(tmp_path: Path, server: BotApiServer):
    ada = server.person(USER_ID, "Ada")
    async with bench_on(tmp_path, server, viewer=SeesText()) as bench:
        await ada.send_album(b"a robin", b"fog", b"a crow", caption="Which is larger?")
        await ada.wait_for_reply(where=is_final)
        await bench.idle()

        assert ada.chat.replies[0].text == "🖼 a robin\na crow"
        assert len(ada.chat.replies) == 2


async def test_what_cannot_be_made_out_gets_one_sentence(tmp_path: Path, server: BotApiServer):
    ada = server.person(USER_ID, "Ada")
    async with bench_on(tmp_path, server, viewer=SeesText()) as bench:
        await ada.send_photo(b"fog", caption="What is this?")
        await ada.wait_for_reply(where=lambda message: message.text == EN.nothing_seen)
        await bench.idle()

        assert bench.model.requests == []


async def test_stop_ends_the_looking(tmp_path: Path, server: BotApiServer):
    ada = server.person(USER_ID, "Ada")
    viewer = SeesText()
    async with bench_on(tmp_path, server, viewer=viewer) as bench:
        await ada.send_photo(b"a maze")
        await server.until(lambda: viewer.questions)
        await ada.say("/stop")
        await ada.wait_for_reply(where=lambda message: message.text == EN.stopping)
        await bench.idle()

        assert len(ada.chat.replies) == 1
        assert bench.model.requests == []


async def test_a_picture_that_was_looked_at_as_the_bot_stopped_is_looked_at_again(
    tmp_path: Path, server: BotApiServer
):
    ada = server.person(USER_ID, "Ada")
    viewer = SeesText()
    async with bench_on(tmp_path, server, viewer=viewer):
        await ada.send_photo(b"a maze")
        await server.until(lambda: viewer.questions)
    async with bench_on(tmp_path, server, viewer=SeesAnything()):
        await ada.wait_for_reply(where=is_final)

    seen, answer = ada.chat.replies
    assert seen.text == "🖼 something"
    assert is_final(answer)


class SeesAnything:
    async def describe(self, picture: bytes, question: str, cancellation: Cancellation) -> str:
        return "something"


@pytest.mark.parametrize("caption", ["", "@mynah_bot what is this?"])
async def test_a_group_gets_no_answer_to_a_picture(tmp_path: Path, server: BotApiServer, caption: str):
    ada = server.person(USER_ID, "Ada")
    birds = server.group(-1001, "Birds")
    async with bench_on(tmp_path, server, viewer=SeesText()) as bench:
        await ada.say("@mynah_bot hello", chat=birds)
        reply = await ada.wait_for_reply(chat=birds, where=is_final)
        server.hear_everything()
        await ada.send_photo(b"a robin", caption=caption, chat=birds)
        await server.until_polled()
        await bench.idle()

        assert birds.replies == [reply]


async def test_a_real_vision_model_looks_at_a_real_picture(tmp_path: Path, server: BotApiServer):
    folder = save_tiny_vision(tmp_path / "tiny-llava")
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(file, "JPEG")
    ada = server.person(USER_ID, "Ada")
    async with bench_on(tmp_path / "data", server, vision_model=str(folder), device="cpu") as bench:
        assert isinstance(bench.services.viewer, VisionModel)
        await ada.send_photo(file.getvalue(), caption="What colour is this?")
        await ada.wait_for_reply(where=is_final)

        assert ada.chat.replies[0].text.startswith("🖼 ")
        assert "What colour is this?" in bench.model.requests[0].messages[0].content
