from pathlib import Path

from storage.records import Origin
from tests.bot.conftest import USER_ID, Bench, bench_on
from tests.bot_api import BotApiServer, Person, ShownMessage


def is_final(message: ShownMessage) -> bool:
    return bool(message.buttons)


async def ask(person: Person, text: str) -> ShownMessage:
    await person.say(text)
    return await person.wait_for_reply(where=is_final)


async def test_a_message_is_answered_once_and_both_halves_are_logged(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    bench.model.enqueue("Bees make **honey**.")

    reply = await ask(ada, "What do bees make?")

    assert reply.text == "Bees make honey."
    assert len(ada.chat.replies) == 1
    (turn,) = await bench.services.core.messages.rated_turns(USER_ID)
    assert (turn.question.text, turn.reply.text) == ("What do bees make?", "Bees make **honey**.")
    assert turn.reply.generation is not None
    assert turn.reply.generation.model == "scripted"


async def test_the_next_prompt_holds_the_history_until_new(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await ask(ada, "first")
    await ask(ada, "second")
    await ada.say("/new")
    await ada.wait_for_reply()
    await ask(ada, "third")

    assert [message.content for message in bench.model.requests[1].messages] == [
        "first",
        "You said: first",
        "second",
    ]
    assert [message.content for message in bench.model.requests[2].messages] == ["third"]


async def test_stop_ends_the_reply_under_way_and_keeps_what_was_written(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    bench.model.hold()
    bench.model.enqueue("one two three")
    await ada.say("count")
    await bench.server.until(lambda: bench.model.requests)

    await ada.say("/stop")
    await bench.server.until(lambda: any(map(is_final, ada.chat.replies)))

    assert [reply.text for reply in ada.chat.replies] == ["one … (stopped)"]


async def test_messages_of_one_chat_are_answered_in_order(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    for number in range(5):
        await ada.say(f"message {number}")

    await bench.server.until(
        lambda: any("message 4" in reply.text for reply in filter(is_final, ada.chat.replies))
    )

    lines = [line for reply in ada.chat.replies for line in reply.text.removeprefix("You said: ").split("\n")]
    assert lines == [f"message {number}" for number in range(5)]


async def test_the_last_thumb_wins_and_is_stored_with_that_reply(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    first = await ask(ada, "first")
    await ask(ada, "second")

    await ada.wait_for_answer(await ada.tap(first, "👎"))
    await ada.wait_for_answer(await ada.tap(first, "👍"))

    turns = await bench.services.core.messages.rated_turns(USER_ID)
    assert turns[0].rating is not None
    assert turns[0].rating.value == 1
    assert turns[1].rating is None


async def test_a_correction_is_stored_against_the_reply_that_it_answers(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    first = await ask(ada, "first")
    await ask(ada, "second")

    await ada.say("/feedback better: The right one.", reply_to=first)
    thanks = await ada.wait_for_reply(where=lambda message: message.text.startswith("Thank you"))

    assert "The right one." in thanks.text
    turns = await bench.services.core.messages.rated_turns(USER_ID)
    assert turns[0].rating is not None
    assert turns[0].rating.correction == "The right one."


async def test_a_remark_enters_the_profile_at_once(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await ask(ada, "hello there")
    await ada.say("/feedback shorter, please")
    await ada.wait_for_reply(where=lambda message: message.text.startswith("Thank you"))

    await ada.say("/profile")
    shown = await ada.wait_for_reply(where=lambda message: "believe" in message.text)

    assert "answer length: short (said once" in shown.text


async def test_a_stranger_gets_one_polite_line_and_leaves_nothing_but_the_refusal(bench: Bench):
    eve = bench.server.person(666, "Eve")
    await eve.say("my secret is rosebud")
    await eve.wait_for_reply(where=lambda message: "private assistant" in message.text)
    await eve.say("hello?")
    ada = bench.server.person(USER_ID, "Ada")
    await ask(ada, "still there?")

    assert len(eve.chat.replies) == 1
    assert bench.model.requests[0].messages[-1].content == "still there?"
    kept = [
        str(tuple(row))
        for table in ("updates", "messages", "users", "refusals")
        for row in await bench.services.core.database.fetch_all(f"SELECT * FROM {table}")
    ]
    dump = "\n".join(kept)
    assert "666" in dump
    assert "rosebud" not in dump
    assert "Eve" not in dump


async def test_the_pairing_code_works_once_and_makes_the_owner(tmp_path: Path, server: BotApiServer):
    async with bench_on(tmp_path, server) as bench:
        code = bench.services.access.code
        assert code is not None
        kim, lee = server.person(7, "Kim"), server.person(8, "Lee")
        await kim.say(code.lower())
        await kim.wait_for_reply(where=lambda message: "paired" in message.text)
        await lee.say(code)
        await lee.wait_for_reply(where=lambda message: "private assistant" in message.text)

        assert bench.services.access.is_owner(7)
        assert not bench.services.access.allows(8)


async def test_an_update_that_cannot_be_read_is_skipped_and_stops_nobody(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    bench.server._world.updates.add("message", {"message_id": "?"})

    reply = await ask(ada, "are you there?")

    assert reply.text == "You said: are you there?"
    states = await bench.services.core.database.fetch_all(
        "SELECT state, payload FROM updates ORDER BY update_id"
    )
    assert states[0]["state"] == "unreadable"
    assert "?" in states[0]["payload"]


async def test_a_forwarded_text_is_answered_but_is_not_the_users_own(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await ada.forward("I love spam", author="Somebody")
    await ada.wait_for_reply(where=is_final)

    (turn,) = await bench.services.core.messages.rated_turns(USER_ID)
    assert turn.question.origin is Origin.FORWARDED
    assert (await bench.services.profiles.get(USER_ID)).style.messages == 0


async def test_what_was_not_finished_is_answered_after_the_restart(tmp_path: Path, server: BotApiServer):
    ada = server.person(USER_ID, "Ada")
    async with bench_on(tmp_path, server) as bench:
        bench.model.hold()
        await ada.say("hello again")
        await bench.server.until(lambda: bench.model.requests)
    assert not any(map(is_final, ada.chat.replies))

    async with bench_on(tmp_path, server):
        reply = await ada.wait_for_reply(where=is_final)

    assert reply.text == "You said: hello again"
    assert sum(map(is_final, ada.chat.replies)) == 1


async def test_a_flood_wait_is_obeyed_and_the_answer_still_arrives(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    bench.server.flood("sendMessage", seconds=1)

    assert (await ask(ada, "hi")).text == "You said: hi"
    assert len(ada.chat.replies) == 1
