import asyncio
from itertools import count

import pytest

from bot.entities import utf16_length
from engine.tuning.examples import build_examples
from storage.errors import WriteRefusedError
from storage.records import Message, NewMessage, Origin
from tests.bot.conftest import USER_ID, Bench
from tests.bot.test_app import ask, is_final
from tests.bot_api import Person


async def final_replies(bench: Bench, person: Person) -> list[str]:
    """All finished replies, once nothing is left to do."""
    await person.wait_for_reply(where=is_final)
    await bench.server.until_polled()
    await bench.idle()
    return [reply.text for reply in person.chat.replies if is_final(reply)]


async def test_a_text_that_the_client_has_cut_up_is_one_question(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    bench.model.context_tokens = 100_000
    bench.model.enqueue("Read.")
    pieces = ["😀" * 2048, "word " * 805 + "end", "and that was all"]
    assert [utf16_length(piece) >= 4000 for piece in pieces] == [True, True, False]
    for piece in pieces:
        await ada.say(piece)

    assert await final_replies(bench, ada) == ["Read."]
    whole = pieces[0] + pieces[1] + " " + pieces[2]
    assert [message.content for message in bench.model.requests[0].messages] == [whole]
    (turn,) = await bench.services.core.messages.rated_turns(USER_ID)
    assert turn.question.text == whole


async def test_a_long_message_alone_is_answered_after_a_moment(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    bench.model.context_tokens = 100_000
    bench.model.enqueue("Read.")
    await ada.say("x" * 4096)

    assert await final_replies(bench, ada) == ["Read."]


async def test_a_command_right_after_a_long_message_is_no_part_of_it(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    bench.model.context_tokens = 100_000
    bench.model.enqueue("Read.")
    await ada.say("x" * 4096)
    await ada.say("/new")

    assert await final_replies(bench, ada) == ["Read."]
    assert ada.chat.replies[-1].text.startswith("A new conversation")


async def test_a_forward_and_the_words_that_follow_are_one_question(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await ada.forward("I live in Oslo.\nI love spam.", author="Somebody")
    await ada.say("What does my friend like?")
    await final_replies(bench, ada)

    (request,) = bench.model.requests
    assert request.messages[-1].content == ("> I live in Oslo.\n> I love spam.\n\nWhat does my friend like?")


async def test_words_right_before_a_forward_belong_to_it(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    bench.model.hold()
    await ada.say("busy")
    await bench.server.until(lambda: bench.model.requests)
    await ada.say("What does my friend like?")
    await ada.forward("I love spam.", author="Somebody")
    await bench.server.until_polled()
    bench.model.gate.set()
    await final_replies(bench, ada)

    assert [request.messages[-1].content for request in bench.model.requests] == [
        "busy",
        "> I love spam.\n\nWhat does my friend like?",
    ]


async def test_what_comes_while_a_reply_is_under_way_is_one_question(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await while_busy(bench, ada, "Wait.", "I meant Rome.", "Not Paris.")
    await final_replies(bench, ada)

    assert asked_of(bench) == ["busy", "Wait.\nI meant Rome.\nNot Paris."]
    turns = await bench.services.core.messages.rated_turns(USER_ID)
    assert [turn.question.text for turn in turns] == asked_of(bench)


async def test_commands_links_and_replies_are_no_further_lines(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    first = await ask(ada, "first")
    bench.model.hold()
    await ada.say("busy")
    await bench.server.until(lambda: len(bench.model.requests) == 2)
    await ada.say("one")
    await ada.say("/status")
    await ada.say("two")
    await ada.say("three", reply_to=first)
    await bench.server.until_polled()
    bench.model.gate.set()
    await final_replies(bench, ada)

    assert asked_of(bench)[2:] == ["one", "two", "> You said: first\n\nthree"]


async def test_lines_are_answered_once_though_the_process_ends_right_after_the_answer(bench: Bench):
    """Killed between the log and the next line's own turn, the bot finds nothing left to do."""
    ada = bench.server.person(USER_ID, "Ada")
    seen: list[list[int]] = []
    add_turn = bench.services.core.messages.add_turn

    async def logged(question: NewMessage, reply: NewMessage) -> tuple[Message, Message]:
        turn = await add_turn(question, reply)
        seen.append([update.update_id for update in await bench.services.updates.pending()])
        return turn

    bench.services.core.messages.add_turn = logged
    await while_busy(bench, ada, "one", "two", "three")
    await final_replies(bench, ada)

    assert [len(pending) for pending in seen] == [4, 1]


async def test_lines_whose_answer_could_not_be_logged_are_not_lost(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    add_turn, calls = bench.services.core.messages.add_turn, count()

    async def refused_once(question: NewMessage, reply: NewMessage) -> tuple[Message, Message]:
        if next(calls) == 1:
            raise WriteRefusedError("the disk is full")
        return await add_turn(question, reply)

    bench.services.core.messages.add_turn = refused_once
    await while_busy(bench, ada, "one", "two")
    await bench.server.until(lambda: len([reply for reply in ada.chat.replies if is_final(reply)]) >= 3)

    turns = await bench.services.core.messages.rated_turns(USER_ID)
    assert sorted(turn.question.text for turn in turns) == ["busy", "one", "two"]


async def test_lines_that_would_be_too_long_together_are_asked_one_after_another(bench: Bench):
    """What fits the context alone must not be refused because more was written meanwhile."""
    ada = bench.server.person(USER_ID, "Ada")
    lines = [f"{number} " + "x" * 300 for number in range(3)]
    await while_busy(bench, ada, *lines, "short", "shorter")
    await final_replies(bench, ada)

    assert asked_of(bench) == ["busy", lines[0], lines[1], f"{lines[2]}\nshort\nshorter"]


@pytest.mark.parametrize("after_recovery", [True, False])
async def test_lines_whose_answer_was_logged_but_not_delivered_are_answered_once(
    bench: Bench, after_recovery: bool
):
    """Their answer comes when there is room again, and nothing that was written meanwhile goes with it."""
    ada = bench.server.person(USER_ID, "Ada")
    plan, follow, calls = bench.services.outbox.plan, bench.mynah.recovery.follow, count()
    refused, recovers, taken_up = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def refused_once(*args: object, **kwargs: object) -> object:
        if next(calls) == 1:
            bench.model.hold()
            refused.set()
            raise WriteRefusedError("the disk is full")
        return await plan(*args, **kwargs)  # pyright: ignore

    async def followed_in_time() -> None:
        if recovers.is_set():
            await follow()
            taken_up.set()

    bench.services.outbox.plan = refused_once
    bench.mynah.recovery.follow = followed_in_time
    await while_busy(bench, ada, "one", "two")
    await refused.wait()
    await ada.say("next")
    await bench.server.until(lambda: len(bench.model.requests) == 3)
    if not after_recovery:
        await ada.say("later")
        await bench.server.until_polled()
    recovers.set()
    await taken_up.wait()
    if after_recovery:
        await ada.say("later")
    await bench.server.until_polled()
    bench.model.gate.set()
    replies = await final_replies(bench, ada)

    assert asked_of(bench) == ["busy", "one\ntwo", "next", "later"]
    assert sorted(replies) == sorted(f"You said: {text}" for text in asked_of(bench))
    assert await bench.services.updates.pending() == []


async def while_busy(bench: Bench, person: Person, *lines: str) -> None:
    """Say these while the reply to something else is being written."""
    bench.model.hold()
    await person.say("busy")
    await bench.server.until(lambda: bench.model.requests)
    for line in lines:
        await person.say(line)
    await bench.server.until_polled()
    bench.model.gate.set()


def asked_of(bench: Bench) -> list[str]:
    """What the model was asked, in order."""
    return [request.messages[-1].content for request in bench.model.requests]


async def test_a_forwarded_text_is_never_learnt_as_the_users_words(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await ada.forward("I live in Oslo.", author="Somebody")
    await ada.say("I live in Lima, and my friend?")
    await final_replies(bench, ada)

    (turn,) = await bench.services.core.messages.rated_turns(USER_ID)
    assert (turn.question.text, turn.question.origin) == ("I live in Lima, and my friend?", Origin.TYPED)
    assert build_examples([turn]) == []
    profile = await bench.services.profiles.get(USER_ID)
    assert "Oslo" not in str(profile)
    assert profile.style.messages == 1


async def test_the_words_of_a_joined_forward_can_be_edited(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await ada.forward("I love spam.", author="Somebody")
    words = await ada.say("What does he like?")
    await final_replies(bench, ada)
    await ada.edit(words, "What does she like?")
    await bench.server.until(lambda: len(bench.model.requests) == 2)

    assert bench.model.requests[1].messages[-1].content == "> I love spam.\n\nWhat does she like?"


async def test_a_reply_uses_the_text_that_it_replies_to(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    first = await ask(ada, "first")
    last = await ask(ada, "second")
    await ada.say("why?", reply_to=first)
    await final_replies(bench, ada)
    await ada.say("and this?", reply_to=last)
    await final_replies(bench, ada)

    assert bench.model.requests[2].messages[-1].content == "> You said: first\n\nwhy?"
    assert "> You said: first\n\nwhy?" in [message.content for message in bench.model.requests[3].messages]


async def test_the_last_reply_is_not_quoted_since_the_prompt_ends_with_it(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    last = await ask(ada, "first")
    await ada.say("why?", reply_to=last)
    await final_replies(bench, ada)

    assert bench.model.requests[1].messages[-1].content == "why?"
