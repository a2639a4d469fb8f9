import logging
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from bot.languages import LANGUAGES
from engine.assistant import SILENCE
from storage.pruning import prune_unlearnable
from storage.records import Origin
from tests.bot.conftest import USER_ID, Bench, bench_on
from tests.bot.test_app import is_final
from tests.bot_api import BotApiServer, Chat, Person, ShownMessage
from tests.conftest import Clock

EN = LANGUAGES["en"]
BIRDS = -1001
GUEST_ID = 3003


@pytest.fixture
def ada(server: BotApiServer) -> Person:
    """Somebody who is let in."""
    return server.person(USER_ID, "Ada")


@pytest.fixture
def bob(server: BotApiServer) -> Person:
    """Somebody whom the bot does not know."""
    return server.person(GUEST_ID, "Bob")


@pytest.fixture
def birds(server: BotApiServer) -> Chat:
    return server.group(BIRDS, "Birds")


@pytest.fixture
async def bench(tmp_path: Path, server: BotApiServer, clock: Clock) -> AsyncGenerator[Bench]:
    async with bench_on(tmp_path, server, now=clock) as bench:
        yield bench


async def ask(person: Person, chat: Chat, text: str, **how: Any) -> ShownMessage:
    await person.say(text, chat=chat, **how)
    return await person.wait_for_reply(chat=chat, where=is_final)


async def command(person: Person, chat: Chat, text: str, expected: str) -> None:
    await person.say(text, chat=chat)
    await person.wait_for_reply(chat=chat, where=lambda message: message.text == expected)


async def settle(bench: Bench) -> None:
    """Wait until all that was sent is handled."""
    await bench.server.until_polled()
    await bench.idle()


def prompts(bench: Bench) -> list[list[str]]:
    return [[message.content for message in request.messages] for request in bench.model.requests]


async def texts_on_disk(bench: Bench) -> str:
    tables = ("updates", "messages", "outbox", "users", "conversations", "profiles", "beliefs")
    database = bench.services.core.database
    rows = [row for table in tables for row in await database.fetch_all(f"SELECT * FROM {table}")]
    return "\n".join(str(tuple(row)) for row in rows)


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("@mynah_bot how do birds sleep?", "how do birds sleep?"),
        ("how do birds sleep, @Mynah_Bot?", "how do birds sleep?"),
        ("/ask@mynah_bot how do birds sleep?", "how do birds sleep?"),
        ("/ask@MYNAH_bot how do birds sleep?", "how do birds sleep?"),
        ("/ask how do birds sleep?", "how do birds sleep?"),
    ],
)
async def test_its_name_and_its_commands_are_answered(
    bench: Bench, ada: Person, birds: Chat, said: str, asked: str
):
    reply = await ask(ada, birds, said)

    assert reply.text == f"You said: {asked}"
    assert reply.reply_to is not None
    assert reply.reply_to.text == said


async def test_a_reply_to_what_it_said_is_answered(bench: Bench, ada: Person, birds: Chat):
    first = await ask(ada, birds, "@mynah_bot hello")
    second = await ask(ada, birds, "why?", reply_to=first)

    assert second.text == "You said: why?"


async def test_what_is_said_to_others_is_neither_answered_nor_kept(bench: Bench, ada: Person, birds: Chat):
    bench.server.hear_everything()
    await ask(ada, birds, "@mynah_bot hello")
    for text in ("rosebud", "/ask@other_bot rosebud", "/unknown", "@mynah_bots rosebud", "mynah_bot rosebud"):
        await ada.say(text, chat=birds)
    await ada.send_photo(b"rosebud", chat=birds)
    await ada.rename(birds, "Rosebuds")
    await settle(bench)

    assert len(birds.replies) == 1
    assert len(bench.model.requests) == 1
    assert "rosebud" not in (await texts_on_disk(bench)).lower()


async def test_a_bare_mention_below_a_message_asks_about_that_message(bench: Bench, ada: Person, birds: Chat):
    said = await ada.say("Owls sleep by day.", chat=birds)
    reply = await ask(ada, birds, "@mynah_bot", reply_to=said)

    assert reply.text == "You said: Owls sleep by day."
    (message,) = [m for m in await bench.services.core.messages.all_of(USER_ID) if m.role == "user"]
    assert message.origin is Origin.FORWARDED


async def test_a_bare_mention_alone_is_told_how_to_ask(bench: Bench, ada: Person, birds: Chat):
    await command(ada, birds, "@mynah_bot", EN.ask_usage)


async def test_a_group_shares_one_conversation_with_names(
    bench: Bench, ada: Person, bob: Person, birds: Chat
):
    await ask(ada, birds, "@mynah_bot I like owls.")
    await ask(bob, birds, "@mynah_bot I like gulls.")
    await ask(ada, birds, "@mynah_bot Who likes what?")

    assert prompts(bench)[0] == ["I like owls."]
    assert prompts(bench)[2] == [
        "Ada: I like owls.",
        "You said: I like owls.",
        "Bob: I like gulls.",
        "You said: Bob: I like gulls.",
        "Ada: Who likes what?",
    ]


async def test_each_topic_has_its_own_conversation_and_gets_its_own_answers(
    bench: Bench, server: BotApiServer, ada: Person
):
    forum = server.group(-1002, "Forum", forum=True)
    in_seven = await ask(ada, forum, "@mynah_bot one", thread_id=7)
    in_nine = await ask(ada, forum, "@mynah_bot two", thread_id=9)
    in_general = await ask(ada, forum, "@mynah_bot three")
    again = await ask(ada, forum, "@mynah_bot four", thread_id=7)

    assert [message.thread_id for message in (in_seven, in_nine, in_general, again)] == [7, 9, None, 7]
    assert [len(prompt) for prompt in prompts(bench)] == [1, 1, 1, 3]


async def test_new_and_retry_are_about_the_topic_in_which_they_are_sent(
    bench: Bench, server: BotApiServer, ada: Person
):
    forum = server.group(-1002, "Forum", forum=True)
    await ask(ada, forum, "@mynah_bot one", thread_id=7)
    await ask(ada, forum, "@mynah_bot two", thread_id=9)
    await ada.say("/retry@mynah_bot", chat=forum, thread_id=7)
    await ada.wait_for_reply(chat=forum, where=is_final)
    await ada.say("/new@mynah_bot", chat=forum, thread_id=7)
    await ada.wait_for_reply(chat=forum, where=lambda message: message.text == EN.started_over)
    await ask(ada, forum, "@mynah_bot three", thread_id=7)
    await ask(ada, forum, "@mynah_bot four", thread_id=9)

    assert prompts(bench)[2] == ["one"]
    assert prompts(bench)[3] == ["three"]
    assert len(prompts(bench)[4]) == 3


async def test_a_topic_that_is_gone_does_not_lose_the_answer(bench: Bench, server: BotApiServer, ada: Person):
    forum = server.group(-1002, "Forum", forum=True)
    bench.model.hold()
    await ada.say("@mynah_bot hello", chat=forum, thread_id=7)
    await server.until(lambda: bench.model.requests)
    forum.threads.remove(7)
    for reply in forum.replies:
        reply.deleted = True
    bench.model.gate.set()
    reply = await ada.wait_for_reply(chat=forum, where=is_final)

    assert (reply.text, reply.thread_id) == ("You said: hello", None)
    assert ada.chat.replies == []


async def test_a_topic_that_is_closed_does_not_lose_the_answer(
    bench: Bench, server: BotApiServer, ada: Person
):
    forum = server.group(-1002, "Forum", forum=True)
    bench.model.hold()
    await ada.say("@mynah_bot hello", chat=forum, thread_id=7)
    await server.until(lambda: forum.replies)
    forum.closed_threads.add(7)
    bench.model.gate.set()
    reply = await ada.wait_for_reply(chat=forum, where=is_final)

    assert (reply.text, reply.thread_id) == ("You said: hello", None)
    assert ada.chat.replies == []


async def test_a_question_that_is_deleted_does_not_lose_the_answer(
    bench: Bench, server: BotApiServer, ada: Person, birds: Chat
):
    bench.model.place = 1
    question = await ada.say("@mynah_bot hello", chat=birds)
    await server.until(lambda: birds.actions)
    question.deleted = True
    bench.model.place = None
    reply = await ada.wait_for_reply(chat=birds, where=is_final)

    assert (reply.text, reply.reply_to) == ("You said: hello", None)


async def test_stop_ends_the_reply_in_its_topic_only(bench: Bench, server: BotApiServer, ada: Person):
    forum = server.group(-1002, "Forum", forum=True)
    bench.model.hold()
    await ada.say("@mynah_bot one two", chat=forum, thread_id=7)
    await ada.say("@mynah_bot three four", chat=forum, thread_id=9)
    await server.until(lambda: len(bench.model.requests) == 2)
    await ada.say("/stop@mynah_bot", chat=forum, thread_id=7)
    await server.until(lambda: any(map(is_final, forum.replies)))
    bench.model.gate.set()
    await server.until(lambda: sum(map(is_final, forum.replies)) == 2)

    shown = {reply.thread_id: reply.text for reply in forum.replies}
    assert shown == {7: "You … (stopped)", 9: "You said: three four"}


async def test_a_stranger_is_answered_only_where_somebody_known_uses_the_bot(
    bench: Bench, ada: Person, bob: Person, birds: Chat
):
    await bob.say("@mynah_bot hello", chat=birds)
    await settle(bench)
    assert birds.replies == []

    await ask(ada, birds, "@mynah_bot hello")
    assert (await ask(bob, birds, "@mynah_bot hello")).text == "You said: Bob: hello"
    await bob.say("hello")
    await bob.wait_for_reply(where=lambda message: message.text == EN.refusal)


async def test_adding_the_bot_opens_a_group_for_everybody(
    bench: Bench, ada: Person, bob: Person, birds: Chat
):
    await ada.add_bot(birds)
    await settle(bench)

    assert (await ask(bob, birds, "@mynah_bot hello")).text == "You said: hello"


async def test_a_stranger_who_adds_the_bot_opens_nothing(bench: Bench, bob: Person, birds: Chat):
    await bob.add_bot(birds)
    await bob.say("@mynah_bot hello", chat=birds)
    await settle(bench)

    assert birds.replies == []


async def test_nothing_is_learnt_of_a_stranger_and_their_text_goes_with_the_conversation(
    tmp_path: Path, server: BotApiServer, clock: Clock, ada: Person, bob: Person, birds: Chat
):
    async with bench_on(tmp_path, server, now=clock) as bench:
        await ask(ada, birds, "@mynah_bot I live in Oslo.")
        reply = await ask(bob, birds, "@mynah_bot I live in Lima.")
        assert [button.label for button in reply.buttons] == [EN.not_learnt]
        tap = await bob.tap(reply, EN.not_learnt)
        assert await bob.wait_for_answer(tap) == EN.why_not_learnt_in_group
        await settle(bench)

        assert (await bench.services.profiles.get(GUEST_ID)).revision == 0
        assert await bench.services.core.messages.rated_turns(GUEST_ID) == []
        assert [user.user_id for user in await bench.services.core.users.all()] == [USER_ID]
        assert "Lima" in await texts_on_disk(bench)
    clock.advance(seconds=SILENCE.total_seconds() + 1)
    async with bench_on(tmp_path, server, now=clock) as bench:
        await server.until_polled()
        await server.until(lambda: True)
        await prune_unlearnable(bench.services.core.database, before=clock() - SILENCE)
        kept = await texts_on_disk(bench)
        assert "Lima" not in kept
        assert "Bob" not in kept
        assert "Oslo" in kept


async def test_what_others_say_is_context_and_never_learnt_of_somebody_else(
    bench: Bench, ada: Person, bob: Person, birds: Chat
):
    await ask(ada, birds, "@mynah_bot I live in Oslo.")
    await ask(bob, birds, "@mynah_bot I live in Lima.")
    await ask(ada, birds, "@mynah_bot I have a dog named Rex.")
    await settle(bench)

    turns = await bench.services.core.messages.rated_turns(USER_ID)
    assert [turn.question.text for turn in turns] == ["I live in Oslo.", "I have a dog named Rex."]
    profile = await bench.services.profiles.get(USER_ID)
    assert "Lima" not in str(profile)
    assert "Rex" in str(profile)


async def test_whoever_joins_is_learnt_from_until_they_leave(
    bench: Bench, ada: Person, bob: Person, birds: Chat
):
    await ask(ada, birds, "@mynah_bot hello")
    await command(bob, birds, "/join@mynah_bot", EN.joined)
    reply = await ask(bob, birds, "@mynah_bot I live in Lima.")
    await settle(bench)
    assert [button.label for button in reply.buttons] == ["👍", "👎"]
    assert len(await bench.services.core.messages.rated_turns(GUEST_ID)) == 1
    assert "Lima" in str(await bench.services.profiles.get(GUEST_ID))
    assert GUEST_ID in [user.user_id for user in await bench.services.core.users.all()]

    await command(bob, birds, "/leave@mynah_bot", EN.left)
    await ask(bob, birds, "@mynah_bot I work as a nurse.")
    await settle(bench)
    assert await bench.services.core.messages.rated_turns(GUEST_ID) == []
    assert "nurse" not in str(await bench.services.profiles.get(GUEST_ID))
    assert "Lima" not in str((await bench.services.profiles.get(GUEST_ID)).beliefs)


async def test_joining_holds_for_that_group_alone(
    bench: Bench, server: BotApiServer, ada: Person, bob: Person, birds: Chat
):
    fish = server.group(-1003, "Fish")
    await ask(ada, birds, "@mynah_bot hello")
    await ask(ada, fish, "@mynah_bot hello")
    await command(bob, birds, "/join@mynah_bot", EN.joined)
    await ask(bob, fish, "@mynah_bot I live in Lima.")
    await settle(bench)

    assert await bench.services.core.messages.rated_turns(GUEST_ID) == []


async def test_somebody_let_in_can_leave_as_well(bench: Bench, ada: Person, birds: Chat):
    await command(ada, birds, "/leave@mynah_bot", EN.left)
    await ask(ada, birds, "@mynah_bot I live in Oslo.")
    await settle(bench)

    assert await bench.services.core.messages.rated_turns(USER_ID) == []


async def test_whoever_has_joined_may_see_and_erase_their_data_and_nothing_else(
    bench: Bench, ada: Person, bob: Person, birds: Chat
):
    await ask(ada, birds, "@mynah_bot hello")
    await command(bob, birds, "/join@mynah_bot", EN.joined)
    await ask(bob, birds, "@mynah_bot I live in Lima.")
    await bench.idle()  # the profile learns after the answer, and the private chat does not wait for it
    await bob.say("/profile")
    await bob.wait_for_reply(where=lambda message: "Lima" in message.text)
    await bob.say("/forget")
    asked = await bob.wait_for_reply(where=is_final)
    await bob.tap(asked, EN.forget_yes)
    await bench.server.until(lambda: asked.text.startswith("Erased"))
    await bob.say("hello")
    await bob.wait_for_reply(where=lambda message: message.text == EN.refusal)

    assert "Lima" not in await texts_on_disk(bench)


@pytest.mark.parametrize("name", ["profile", "export", "forget", "settings", "pause", "private"])
async def test_what_is_nobody_elses_business_is_for_the_private_chat(
    bench: Bench, ada: Person, birds: Chat, name: str
):
    await command(ada, birds, f"/{name}@mynah_bot", EN.in_private.format(link="https://t.me/mynah_bot"))


async def test_only_who_asked_can_rate(bench: Bench, ada: Person, bob: Person, birds: Chat):
    reply = await ask(ada, birds, "@mynah_bot hello")

    assert await bob.wait_for_answer(await bob.tap(reply, "👎")) == EN.not_your_reply
    assert await ada.wait_for_answer(await ada.tap(reply, "👍")) == EN.rated_up
    (turn,) = await bench.services.core.messages.rated_turns(USER_ID)
    assert turn.rating is not None
    assert turn.rating.value == 1


async def test_each_is_answered_with_their_own_weights(bench: Bench, ada: Person, bob: Person, birds: Chat):
    await ask(ada, birds, "@mynah_bot hello")
    runs, now = bench.services.core.runs, bench.services.core.now()
    adapter = await runs.add_candidate(USER_ID, base_model="scripted", run_id=None, now=now)
    await runs.activate(USER_ID, adapter.version)
    await bench.services.adapters.refresh()
    await ask(bob, birds, "@mynah_bot hello")
    await ask(ada, birds, "@mynah_bot hello")

    used = [request.adapter and request.adapter.user_id for request in bench.model.requests]
    assert used == [None, None, USER_ID]


async def test_a_group_that_becomes_a_supergroup_keeps_its_conversation(
    bench: Bench, server: BotApiServer, ada: Person, bob: Person
):
    small = server.group(-77, "Birds", kind="group")
    await ask(ada, small, "@mynah_bot hello")
    await command(bob, small, "/join@mynah_bot", EN.joined)
    large = await bob.upgrade(small, -1077)
    await settle(bench)
    reply = await ask(bob, large, "@mynah_bot still there?")

    assert prompts(bench)[-1] == ["Ada: hello", "You said: hello", "Bob: still there?"]
    assert [button.label for button in reply.buttons] == ["👍", "👎"]


async def test_an_answer_under_way_follows_a_group_to_its_new_number(
    bench: Bench, server: BotApiServer, ada: Person
):
    small = server.group(-77, "Birds", kind="group")
    bench.model.hold()
    await ada.say("@mynah_bot hello", chat=small)
    await server.until(lambda: small.replies)
    large = await ada.upgrade(small, -1077)
    bench.model.gate.set()
    reply = await ada.wait_for_reply(chat=large, where=is_final)

    assert reply.text == "You said: hello"


async def test_a_group_that_removes_the_bot_makes_nobody_unreachable(
    bench: Bench, server: BotApiServer, ada: Person, bob: Person, birds: Chat
):
    bench.model.hold()
    await ada.say("@mynah_bot hello", chat=birds)
    await server.until(lambda: bench.model.requests)
    birds.blocked = True
    bench.model.gate.set()
    await settle(bench)
    user = await bench.services.core.users.get(USER_ID)
    assert user is not None
    assert user.reachable

    birds.blocked = False
    await bob.say("@mynah_bot hello", chat=birds)
    await settle(bench)
    assert [reply.text for reply in birds.replies if is_final(reply)] == []


async def test_a_group_is_closed_when_the_bot_is_removed(bench: Bench, ada: Person, bob: Person, birds: Chat):
    await ask(ada, birds, "@mynah_bot hello")
    await bob.remove_bot(birds)
    await bob.add_bot(birds)
    await bob.say("@mynah_bot hello", chat=birds)
    await settle(bench)

    assert len(birds.replies) == 1


async def test_a_question_that_is_edited_in_a_group_is_answered_again(bench: Bench, ada: Person, birds: Chat):
    question = await ada.say("@mynah_bot beas?", chat=birds)
    reply = await ada.wait_for_reply(chat=birds, where=is_final)
    await ada.edit(question, "@mynah_bot bees?")
    await bench.server.until(lambda: reply.text == "You said: bees?")

    assert birds.replies == [reply]


async def test_what_was_not_finished_in_a_topic_is_answered_there_after_a_restart(
    tmp_path: Path, server: BotApiServer, ada: Person
):
    forum = server.group(-1002, "Forum", forum=True)
    async with bench_on(tmp_path, server) as bench:
        bench.model.hold()
        await ada.say("@mynah_bot hello again", chat=forum, thread_id=7)
        await server.until(lambda: bench.model.requests)
    async with bench_on(tmp_path, server):
        reply = await ada.wait_for_reply(chat=forum, where=is_final)

    assert (reply.text, reply.thread_id) == ("You said: hello again", 7)
    assert len(forum.replies) == 1


async def test_help_says_how_to_reach_it_where_it_hears_little(bench: Bench, ada: Person, birds: Chat):
    await ada.say("/help@mynah_bot", chat=birds)
    shown = await ada.wait_for_reply(chat=birds)

    assert "/ask@mynah_bot" in shown.text
    assert EN.help_privacy_on.format(name="mynah_bot") in shown.text

    bench.server.hear_everything()
    await ada.say("/help@mynah_bot", chat=birds)
    assert EN.help_privacy_off in (await ada.wait_for_reply(chat=birds)).text


@pytest.mark.parametrize(("hears_everything", "said"), [(False, "mode is on"), (True, "mode is off")])
async def test_the_log_tells_how_much_of_groups_is_heard(
    tmp_path: Path,
    server: BotApiServer,
    caplog: pytest.LogCaptureFixture,
    hears_everything: bool,
    said: str,
):
    if hears_everything:
        server.hear_everything()
    with caplog.at_level(logging.INFO):
        async with bench_on(tmp_path, server):
            pass

    assert said in caplog.text
