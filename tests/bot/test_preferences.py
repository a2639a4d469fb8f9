from datetime import date
from pathlib import Path

from bot.languages import LANGUAGES
from storage.preferences import Preferences, QuietHours, ReplyLength
from storage.records import RunStatus
from tests.bot.conftest import USER_ID, Bench, bench_on
from tests.bot.test_app import ask
from tests.bot_api import BotApiServer, Person
from tests.conftest import Clock

EN, ZH = LANGUAGES["en"], LANGUAGES["zh"]


async def choose(server: BotApiServer, person: Person, command: str, data: str) -> str:
    """Tap a button of what a command shows; returns the answer to the tap, once the choice is marked."""
    await person.say(command)
    shown = await person.wait_for_reply(where=lambda message: message.buttons)
    answer = await person.wait_for_answer(await person.tap(shown, data))
    await server.until(lambda: shown.edits)
    return answer


async def test_the_language_of_the_persons_telegram_is_spoken_until_they_choose(bench: Bench):
    mei = bench.server.person(USER_ID, "Mei", language_code="zh-hans")
    await mei.say("/new")
    assert (await mei.wait_for_reply()).text == ZH.started_over

    assert await choose(bench.server, mei, "/language", "set:language:en:one") == EN.chosen
    assert mei.chat.replies[-1].text == EN.choose_language
    assert mei.chat.replies[-1].button("English ✓")
    await mei.say("/new")
    assert (await mei.wait_for_reply()).text == EN.started_over


async def test_a_chosen_language_outlives_a_restart_and_has_its_own_menu(
    tmp_path: Path, server: BotApiServer
):
    ada = server.person(USER_ID, "Ada")
    async with bench_on(tmp_path, server):
        await choose(server, ada, "/language", "set:language:zh:one")
    server.calls.clear()
    async with bench_on(tmp_path, server):
        await ada.say("/new")
        assert (await ada.wait_for_reply()).text == ZH.started_over
    menus = [call.parameters for call in server.calls_of("setMyCommands")]
    own = next(menu for menu in menus if menu.get("scope") == {"type": "chat", "chat_id": USER_ID})
    assert own["commands"][0]["description"] == ZH.commands["new"]


async def test_every_setting_is_a_button_and_is_kept(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    for data in ("quiet:0-9", "length:short", "buttons:off", "links:read", "learning:off", "language:zh"):
        await choose(bench.server, ada, "/settings", f"set:{data}:all")

    assert await bench.services.preferences.get(USER_ID) == Preferences(
        language="zh",
        client_language="en",
        quiet_hours=QuietHours(0, 9),
        learning=False,
        buttons=False,
        reply_length=ReplyLength.SHORT,
        summarize_links=True,
    )
    marked = [button.data for button in ada.chat.replies[-1].buttons if button.label.endswith("✓")]
    assert marked == [
        "set:language:zh:all",
        "set:length:short:all",
        "set:buttons:off:all",
        "set:links:read:all",
        "set:learning:off:all",
        "set:quiet:0-9:all",
    ]


async def test_a_short_reply_is_asked_for_in_the_prompt_and_not_in_the_log(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await choose(bench.server, ada, "/settings", "set:length:short:all")
    bench.model.enqueue("Honey.", "蜂蜜。")
    await ask(ada, "What do bees make?")
    await ask(ada, "蜜蜂酿什么？")

    english, chinese = (request.messages[-1].content for request in bench.model.requests)
    assert english == "What do bees make?\n\nAnswer in one or two short sentences."
    assert chinese == "蜜蜂酿什么？\n\n请用一两句话简短回答。"
    turns = await bench.services.core.messages.rated_turns(USER_ID)
    assert [turn.question.text for turn in turns] == ["What do bees make?", "蜜蜂酿什么？"]


async def test_a_remark_about_the_length_is_felt_in_the_next_reply_unless_a_setting_says_otherwise(
    bench: Bench,
):
    ada = bench.server.person(USER_ID, "Ada")
    await ask(ada, "What do bees make?")
    await ada.say("/feedback shorter, please")
    await ada.wait_for_reply()
    await ask(ada, "And wasps?")
    assert (
        bench.model.requests[-1].messages[-1].content == "And wasps?\n\nAnswer in one or two short sentences."
    )

    await choose(bench.server, ada, "/settings", "set:length:long:all")
    await ask(ada, "And ants?")
    assert bench.model.requests[-1].messages[-1].content == "And ants?\n\nAnswer at length and in detail."


async def test_without_rating_buttons_a_reply_carries_none(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await choose(bench.server, ada, "/settings", "set:buttons:off:all")
    await ada.say("hello")
    await bench.server.until(lambda: ada.chat.replies[-1].text == "You said: hello")
    await ada.say("/new")
    await ada.wait_for_reply(where=lambda message: message.text == EN.started_over)

    assert [reply.buttons for reply in ada.chat.replies if reply.text.startswith("You said")] == [[]]


async def test_with_learning_off_neither_profile_nor_tuning_reads_a_message(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await ask(ada, "I live in Oslo.")
    await bench.idle()
    await choose(bench.server, ada, "/settings", "set:learning:off:all")
    await ask(ada, "I have a cat named Rex.")
    await choose(bench.server, ada, "/settings", "set:learning:on:all")
    await ask(ada, "I work as a nurse.")
    await bench.idle()

    turns = await bench.services.core.messages.rated_turns(USER_ID)
    assert [turn.question.text for turn in turns] == ["I live in Oslo.", "I work as a nurse."]
    profile = await bench.services.profiles.get(USER_ID)
    assert profile.style.messages == 2
    assert "Rex" not in str(profile.beliefs)


async def test_the_line_about_the_night_waits_for_the_end_of_the_quiet_hours_and_speaks_the_users_language(
    tmp_path: Path, server: BotApiServer, clock: Clock
):
    clock.time = clock.time.replace(hour=6)
    mei = server.person(USER_ID, "Mei", language_code="zh")
    async with bench_on(tmp_path, server, now=clock) as bench:
        await ask(mei, "你好")
        runs = bench.services.core.runs
        for local_date, reason in ((date(2026, 3, 2), "night"), (None, "by hand")):
            run = await runs.start(USER_ID, local_date=local_date, now=clock())
            assert run is not None
            await runs.finish(run.run_id, status=RunStatus.REJECTED, reason=reason, now=clock())
        await bench.mynah.admin.follow()
        assert mei.chat.replies[-1].text == ZH.tune_rejected.format(reason="by hand")

        clock.advance(hours=1)
        await mei.wait_for_reply(where=lambda m: m.text == ZH.tune_rejected.format(reason="night"))
        assert mei.chat.replies[-1].silent
