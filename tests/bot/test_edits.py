import pytest

from bot.languages import LANGUAGES
from engine.errors import ModelError
from engine.tuning.examples import build_examples
from tests.bot.conftest import USER_ID, Bench
from tests.bot.test_app import ask, is_final
from tests.bot_api import Person, ShownMessage

EN = LANGUAGES["en"]


async def asked(person: Person, text: str) -> tuple[ShownMessage, ShownMessage]:
    """A question and its reply."""
    question = await person.say(text)
    return question, await person.wait_for_reply(where=is_final)


async def edit(bench: Bench, person: Person, message: ShownMessage, text: str) -> None:
    """Edit, and wait until the bot is done with it."""
    await person.edit(message, text)
    await bench.server.until_polled()
    await bench.idle()


async def learnt(bench: Bench) -> list[tuple[str, str]]:
    """What a tuning would learn: questions and replies."""
    examples = build_examples(await bench.services.core.messages.rated_turns(USER_ID))
    return [(example.context[-1].content, example.reply) for example in examples]


async def test_an_edited_question_is_answered_again_in_the_same_message(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    question, reply = await asked(ada, "What do beas make?")
    await edit(bench, ada, question, "What do bees make?")

    assert ada.chat.replies == [reply]
    assert reply.text == "You said: What do bees make?"
    assert is_final(reply)
    assert [message.content for message in bench.model.requests[1].messages] == ["What do bees make?"]
    assert await learnt(bench) == [("What do bees make?", "You said: What do bees make?")]


async def test_a_thumb_below_the_new_answer_rates_the_new_answer(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    question, reply = await asked(ada, "one")
    await edit(bench, ada, question, "two")
    await ada.wait_for_answer(await ada.tap(reply, "👎"))
    await ada.react(reply, "👍")
    await bench.server.until_polled()
    await bench.idle()

    (turn,) = await bench.services.core.messages.rated_turns(USER_ID)
    assert turn.reply.text == "You said: two"
    assert turn.rating is not None
    assert turn.rating.value == 1


async def test_the_profile_follows_the_new_words_and_keeps_no_trace_of_the_old(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await asked(ada, "I live in Oslo.")
    question, _ = await asked(ada, "I live in Rome.")
    await edit(bench, ada, question, "I live in Lima, by the sea.")

    profile = await bench.services.profiles.get(USER_ID)
    assert [belief.value for belief in profile.held if belief.slot == "city"] == ["Lima"]
    assert profile.style.messages == 2
    assert profile.style.words == 4 + 7
    tables = [
        str([tuple(row) for row in await bench.services.core.database.fetch_all(f"SELECT * FROM {table}")])
        for table in ("beliefs", "profile_changes", "profiles")
    ]
    assert "Oslo" in tables[0]
    assert not any("Rome" in table for table in tables)


async def test_an_older_question_is_noted_in_one_line_and_not_answered_again(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    old, _ = await asked(ada, "first")
    await asked(ada, "second")
    await edit(bench, ada, old, "primo")

    assert [reply.text for reply in ada.chat.replies] == [
        "You said: first",
        "You said: second",
        EN.edit_noted,
    ]
    assert await learnt(bench) == [("second", "You said: second")]
    await ask(ada, "third")
    assert bench.model.requests[-1].messages[0].content == "primo"


async def test_an_edit_that_changes_no_word_changes_nothing(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    question, reply = await asked(ada, "hello")
    edits = reply.edits
    await edit(bench, ada, question, "hello")

    assert len(bench.model.requests) == 1
    assert (ada.chat.replies, reply.edits) == ([reply], edits)


@pytest.mark.parametrize("command", ["/new", "/pause", "/retry", "/tune"])
async def test_an_edited_old_command_does_not_run_again(bench: Bench, command: str):
    ada = bench.server.person(USER_ID, "Ada")
    await asked(ada, "hello")
    said = await ada.say(command)
    await bench.server.until_polled()
    await bench.idle()
    before = ada.chat.transcript()
    await edit(bench, ada, said, f"{command} please")

    assert ada.chat.transcript() == f"{before.replace(f'Ada: {command}', f'Ada: {command} please')}"


async def test_a_shorter_answer_leaves_none_of_the_longer_one_behind(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    bench.model.enqueue("word " * 1500)
    question = await ada.say("at length")
    last = await ada.wait_for_reply(where=is_final)
    assert len(ada.chat.replies) == 2
    bench.model.enqueue("Short.")
    await edit(bench, ada, question, "in short")

    assert [reply.text for reply in ada.chat.replies] == ["Short."]
    assert last.deleted


async def test_when_there_is_no_new_answer_the_old_one_stays(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    question, reply = await asked(ada, "hello")
    bench.model.enqueue(ModelError("broken"))
    await edit(bench, ada, question, "hello?")

    assert [shown.text for shown in ada.chat.replies] == ["You said: hello", EN.failed]
    assert is_final(reply)
    assert await learnt(bench) == []


async def test_an_answer_to_other_words_is_learnt_neither_with_a_thumb_nor_with_a_correction(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    old, reply = await asked(ada, "What do beas make?")
    await asked(ada, "second")
    await edit(bench, ada, old, "What do bees make?")
    assert await ada.wait_for_answer(await ada.tap(reply, "👍")) == EN.rated_outdated
    await ada.say("/feedback better: Honey.", reply_to=reply)
    await ada.wait_for_reply(where=lambda message: message.text == EN.rated_outdated)

    assert await learnt(bench) == [("second", "You said: second")]


async def test_an_edit_in_a_pause_takes_the_message_out_of_learning(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    question, _ = await asked(ada, "I live in Oslo.")
    await ada.say("/pause")
    await ada.wait_for_reply()
    await edit(bench, ada, question, "I live in Lima.")

    assert await bench.services.core.messages.rated_turns(USER_ID) == []
    profile = await bench.services.profiles.get(USER_ID)
    assert (profile.beliefs, profile.style.messages) == ((), 0)
