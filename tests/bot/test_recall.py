"""What was said in an earlier conversation helps in a later one, and is nowhere taken for new words."""

from tests.bot.conftest import USER_ID, Bench
from tests.bot.test_app import ask

SAID = "My bicycle is a red Peugeot."
ASKED = "What colour is my bicycle?"


async def test_the_prompt_alone_has_what_was_recalled(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await ask(ada, SAID)
    await bench.idle()
    await ada.say("/new")
    await ada.wait_for_reply()

    await ask(ada, ASKED)
    await bench.idle()

    prompt = bench.model.requests[-1].messages
    assert SAID in prompt[-1].content
    assert prompt[-1].content.endswith(ASKED)
    turns = await bench.services.core.messages.rated_turns(USER_ID)
    assert [turn.question.text for turn in turns] == [SAID, ASKED]

    await ask(ada, "Thank you!")
    assert bench.model.requests[-1].messages[0].content == ASKED


async def test_what_the_conversation_has_anyway_is_not_repeated(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await ask(ada, SAID)
    await bench.idle()
    await ask(ada, ASKED)
    assert bench.model.requests[-1].messages[-1].content == ASKED


async def test_in_private_nothing_is_recalled_and_nothing_kept(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await ask(ada, SAID)
    await bench.idle()
    await ada.say("/private")
    await ada.wait_for_reply()

    await ask(ada, ASKED)
    await ask(ada, "My tandem is a blue Koga.")
    await bench.idle()
    assert bench.model.requests[-2].messages[-1].content == ASKED

    await ada.say("/new")
    await ada.wait_for_reply()
    await ask(ada, "Which tandem is mine?")
    assert "Koga" not in bench.model.requests[-1].messages[-1].content
