"""The profile card in the prompt of a large model: who sees it, and who does not."""

from pathlib import Path

import pytest

from bot.languages import LANGUAGES
from engine.profile.ability import SMALLEST_READER_BYTES
from storage.records import Role
from tests.bot.conftest import USER_ID, Bench, bench_on
from tests.bot.test_app import ask
from tests.bot_api import BotApiServer, Person

EN = LANGUAGES["en"]
ASKED = "What shall we cook?"
CARD = "(How I want to be answered:\n- Never use emoji\nAbout me:\n- city: Oslo)\n\n"
BUNDLED_BYTES = 270_000_000


async def knows(bench: Bench) -> Person:
    ada = bench.server.person(USER_ID, "Ada")
    await ask(ada, "I live in Oslo.")
    await ask(ada, "Never use emoji.")
    await bench.idle()
    return ada


def newest(bench: Bench) -> str:
    return bench.model.requests[-1].messages[-1].content


def tokens_of_card(bench: Bench) -> int:
    return bench.model.count_tokens(bench.model.requests[-1].messages[-1:]) - len(ASKED.split())


@pytest.mark.parametrize(("size", "card"), [(BUNDLED_BYTES, ""), (SMALLEST_READER_BYTES, CARD)])
async def test_a_small_model_gets_no_card(tmp_path: Path, server: BotApiServer, size: int, card: str):
    with (tmp_path / "model.safetensors").open("wb") as file:
        file.truncate(size)
    async with bench_on(tmp_path, server) as bench:
        ada = await knows(bench)
        await ask(ada, ASKED)
        assert newest(bench) == f"{card}{ASKED}"


async def test_the_card_stands_in_the_newest_message_and_nowhere_else(bench: Bench):
    ada = await knows(bench)
    await ask(ada, ASKED)
    await ask(ada, "And then?")
    *before, _ = bench.model.requests[-1].messages
    earlier = [message.content for message in before if message.role is Role.USER]
    assert ASKED in earlier
    assert not any("About me" in text for text in earlier)
    await bench.idle()
    assert [one.value for one in (await bench.services.profiles.get(USER_ID)).beliefs] == [
        "Oslo",
        "Never use emoji",
    ]
    turns = await bench.services.core.messages.rated_turns(USER_ID)
    assert all("About me" not in turn.question.text for turn in turns)
    await ada.say("/why")
    await ada.wait_for_reply(where=lambda message: EN.view_card.format(count=2) in message.text)


async def test_in_private_and_while_paused_there_is_no_card(bench: Bench):
    ada = await knows(bench)
    await ada.say("/private")
    await ada.wait_for_reply(where=lambda message: message.text == EN.private_started)
    await ask(ada, ASKED)
    assert newest(bench) == ASKED
    await ada.say("/new")
    await ada.wait_for_reply(where=lambda message: message.text == EN.private_ended)
    await ada.say("/pause")
    await ada.wait_for_reply()
    await ask(ada, ASKED)
    assert newest(bench) == ASKED
    await ada.say("/resume")
    await ada.wait_for_reply()
    await ask(ada, ASKED)
    assert newest(bench) == f"{CARD}{ASKED}"


async def test_what_is_said_in_private_or_forgotten_is_on_no_card(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await ada.say("/private")
    await ada.wait_for_reply(where=lambda message: message.text == EN.private_started)
    await ask(ada, "Always answer in French.")
    await ada.say("/new")
    await ada.wait_for_reply(where=lambda message: message.text == EN.private_ended)
    await ask(ada, ASKED)
    assert newest(bench) == ASKED

    await knows(bench)
    await bench.services.forgetter.forget(USER_ID)
    await ask(ada, ASKED)
    assert newest(bench) == ASKED


async def test_an_instruction_is_shown_with_its_quotation_and_can_be_struck_out(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await ask(ada, "Please don't use bullet points, they are hard to read.")
    await bench.idle()
    await ada.say("/profile")
    shown = await ada.wait_for_reply(
        where=lambda message: "1. how to answer: Please don't use bullet points (said once" in message.text
    )
    await ada.tap(shown, "? 1")
    await ada.wait_for_reply(where=lambda message: "they are hard to read.”" in message.text)
    await ada.wait_for_answer(await ada.tap(shown, "✗ 1"))
    await ask(ada, ASKED)
    assert newest(bench) == ASKED


async def test_a_card_has_at_most_two_hundred_tokens_of_the_model(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    for start in range(0, 100, 10):
        await ask(
            ada, " ".join(f"I love thing{number} beyond compare." for number in range(start, start + 10))
        )
    await bench.idle()
    await ask(ada, ASKED)
    assert 150 < tokens_of_card(bench) <= 200
