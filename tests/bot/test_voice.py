from pathlib import Path

import pytest

from bot.languages import LANGUAGES
from engine.errors import SpeechError
from engine.speech import find_transcriber
from storage.records import Origin
from tests.bot.conftest import USER_ID, Bench, bench_on
from tests.bot.test_app import is_final
from tests.bot_api import BotApiServer

EN = LANGUAGES["en"]


class ReadsBytes:
    """A transcriber for recordings that are text: the recording is what is heard."""

    async def transcribe(self, recording: bytes) -> str:
        if recording == b"noise":
            raise SpeechError("It is noise.")
        return recording.decode()


async def test_a_voice_note_is_shown_as_text_and_answered_as_the_users_own_words(
    tmp_path: Path, server: BotApiServer
):
    ada = server.person(USER_ID, "Ada")
    async with bench_on(tmp_path, server, transcriber=ReadsBytes()) as bench:
        await ada.send_voice(b"I live in Oslo.")
        reply = await ada.wait_for_reply(where=is_final)
        await bench.idle()

        assert [shown.text for shown in ada.chat.replies] == [
            "🎙 I live in Oslo.",
            "You said: I live in Oslo.",
            "Noted: city: Oslo. /profile shows all of it.",
        ]
        assert reply.text == "You said: I live in Oslo."
        (turn,) = await bench.services.core.messages.rated_turns(USER_ID)
        assert turn.question.origin is Origin.SPOKEN
        assert "Oslo" in str(await bench.services.profiles.get(USER_ID))


@pytest.mark.parametrize("recording", [b"noise", b" "])
async def test_a_recording_without_words_gets_one_sentence(
    tmp_path: Path, server: BotApiServer, recording: bytes
):
    ada = server.person(USER_ID, "Ada")
    async with bench_on(tmp_path, server, transcriber=ReadsBytes()) as bench:
        await ada.send_voice(recording)
        await ada.wait_for_reply(where=lambda message: message.text == EN.nothing_heard)
        await bench.idle()

        assert bench.model.requests == []


async def test_a_long_recording_is_not_listened_to(tmp_path: Path, server: BotApiServer):
    ada = server.person(USER_ID, "Ada")
    async with bench_on(tmp_path, server, transcriber=ReadsBytes()):
        await ada.send_voice(b"a sermon", seconds=301)

        assert (await ada.wait_for_reply()).text == EN.voice_too_long


@pytest.mark.skipif(find_transcriber() is not None, reason="the extra `voice` is installed")
async def test_without_the_extra_it_says_that_it_cannot_hear(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await ada.send_voice(b"hello")

    assert (await ada.wait_for_reply()).text == EN.deaf


async def test_a_group_gets_no_answer_to_a_recording(tmp_path: Path, server: BotApiServer):
    ada = server.person(USER_ID, "Ada")
    birds = server.group(-1001, "Birds")
    async with bench_on(tmp_path, server, transcriber=ReadsBytes()) as bench:
        await ada.say("@mynah_bot hello", chat=birds)
        reply = await ada.wait_for_reply(chat=birds, where=is_final)
        server.hear_everything()
        await ada.send_voice(b"hello", chat=birds)
        await server.until_polled()
        await bench.idle()

        assert birds.replies == [reply]
