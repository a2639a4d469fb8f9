import asyncio
from pathlib import Path

from bot.languages import LANGUAGES
from engine.assistant import SILENCE
from storage.pruning import prune_unlearnable
from storage.records import Role
from tests.bot.conftest import USER_ID, Bench, bench_on
from tests.bot.test_app import ask
from tests.bot_api import BotApiServer, Person
from tests.conftest import Clock

EN = LANGUAGES["en"]


async def command(person: Person, text: str, expected: str) -> None:
    await person.say(text)
    await person.wait_for_reply(where=lambda message: message.text == expected)


async def learnt(bench: Bench) -> tuple[list[str], str, int]:
    """The questions that tuning reads, the beliefs, and how many messages shaped the style."""
    await bench.idle()
    turns = await bench.services.core.messages.rated_turns(USER_ID)
    profile = await bench.services.profiles.get(USER_ID)
    return [turn.question.text for turn in turns], str(profile.beliefs), profile.style.messages


def _read(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")


async def test_neither_profile_nor_tuning_reads_a_private_conversation(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await ask(ada, "I live in Oslo.")
    await command(ada, "/private", EN.private_started)
    await ask(ada, "I live in Lima.")
    await ask(ada, "I have a dog named Rex.")
    await command(ada, "/new", EN.private_ended)
    await ask(ada, "I work as a nurse.")

    questions, beliefs, messages = await learnt(bench)
    assert questions == ["I live in Oslo.", "I work as a nurse."]
    assert "Oslo" in beliefs
    assert "Lima" not in beliefs
    assert "Rex" not in beliefs
    assert messages == 2


async def test_a_private_conversation_has_its_own_context_both_ways(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await ask(ada, "before")
    await command(ada, "/private", EN.private_started)
    await ask(ada, "secret")
    await ask(ada, "more")
    await command(ada, "/new", EN.private_ended)
    await ask(ada, "after")

    prompts = [[message.content for message in request.messages] for request in bench.model.requests]
    assert prompts[1] == ["secret"]
    assert prompts[2] == ["secret", "You said: secret", "more"]
    assert prompts[3] == ["after"]


async def test_what_is_not_learnt_is_erased_when_its_conversation_is_over(
    tmp_path: Path, server: BotApiServer, clock: Clock
):
    ada = server.person(USER_ID, "Ada")

    async def kept(bench: Bench) -> list[str]:
        await bench.idle()
        await prune_unlearnable(bench.services.core.database, before=clock() - SILENCE)
        messages = await bench.services.core.messages.all_of(USER_ID)
        return [message.text for message in messages if message.role is Role.USER]

    async with bench_on(tmp_path, server, now=clock) as bench:
        await ask(ada, "before")
        await command(ada, "/private", EN.private_started)
        await ask(ada, "Zanzibar")
        clock.advance(days=3)
        assert await kept(bench) == ["before", "Zanzibar"], "no silence ends a private conversation"
        await command(ada, "/new", EN.private_ended)
        assert await kept(bench) == ["before"]

        await command(ada, "/pause", EN.paused)
        await ask(ada, "aside")
        clock.advance(hours=11)
        assert await kept(bench) == ["before", "aside"]
        clock.advance(hours=2)
        assert await kept(bench) == ["before"]
    on_disk = await asyncio.to_thread(_read, tmp_path / "mynah.db")
    assert "before" in on_disk
    assert "Zanzibar" not in on_disk


async def test_no_silence_ends_a_private_conversation(tmp_path: Path, server: BotApiServer, clock: Clock):
    ada = server.person(USER_ID, "Ada")
    async with bench_on(tmp_path, server, now=clock) as bench:
        await command(ada, "/private", EN.private_started)
        clock.advance(days=3)
        await ask(ada, "I live in Lima.")

        assert await learnt(bench) == ([], "()", 0)


async def test_nothing_is_learnt_between_pause_and_resume(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await ask(ada, "I live in Oslo.")
    await command(ada, "/pause", EN.paused)
    await ask(ada, "I have a dog named Rex.")
    await command(ada, "/resume", EN.resumed)
    await ask(ada, "I work as a nurse.")

    questions, beliefs, messages = await learnt(bench)
    assert questions == ["I live in Oslo.", "I work as a nurse."]
    assert "Rex" not in beliefs
    assert messages == 2


async def test_a_question_asked_again_in_a_pause_is_not_learnt_with_its_new_answer(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await ask(ada, "first")
    await command(ada, "/pause", EN.paused)
    await ada.say("/retry")
    await ada.wait_for_reply(where=lambda message: message.buttons)

    assert (await learnt(bench))[0] == []


async def test_a_private_reply_shows_a_sign_in_place_of_thumbs_and_explains_it(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await command(ada, "/private", EN.private_started)
    reply = await ask(ada, "hello")

    assert [button.label for button in reply.buttons] == [EN.not_learnt]
    assert await ada.wait_for_answer(await ada.tap(reply, EN.not_learnt)) == EN.why_not_learnt


async def test_a_remark_about_a_private_reply_teaches_nothing(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await command(ada, "/private", EN.private_started)
    await ask(ada, "hello")
    await command(ada, "/feedback shorter, please", EN.why_not_learnt)

    assert await learnt(bench) == ([], "()", 0)


async def test_status_tells_that_nothing_is_learnt(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await command(ada, "/private", EN.private_started)
    await command(ada, "/pause", EN.paused)
    await ada.say("/status")

    status = (await ada.wait_for_reply()).text
    assert EN.status_private in status
    assert EN.status_paused in status
