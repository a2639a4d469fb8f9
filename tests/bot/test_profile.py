"""/profile and its buttons."""

import pytest
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.running import idle_waiter
from storage.profiles import ProfileStore
from tests.bot.conftest import USER_ID, Bench
from tests.bot.test_app import ask, is_final
from tests.bot_api import Person, ShownMessage


async def profile_after(bench: Bench, *texts: str) -> tuple[Person, ShownMessage]:
    ada = bench.server.person(USER_ID, "Ada")
    for text in texts:
        await ask(ada, text)
    await idle_waiter(bench.mynah)()
    await ada.say("/profile")
    return ada, await ada.wait_for_reply()


async def test_each_belief_has_a_number_and_a_button_that_erases_it(bench: Bench):
    ada, shown = await profile_after(bench, "I live in Oslo.", "I love tea.")
    assert "1. city: Oslo (said once" in shown.text
    assert "2. likes: tea (said once" in shown.text
    signs = ["✗ 1", "✎ 1", "🗑 1", "? 1", "✗ 2", "✎ 2", "🗑 2", "? 2"]
    assert [button.label for button in shown.buttons] == [*signs, "↶ undo: + likes: tea"]

    answer = await ada.wait_for_answer(await ada.tap(shown, "🗑 1"))
    assert answer == "Erased without a trace. That cannot be undone."
    await bench.server.until(lambda: "Oslo" not in shown.text)

    assert "1. likes: tea" in shown.text
    store = ProfileStore(bench.services.core.database)
    assert [belief.value for belief in await store.all_beliefs(USER_ID)] == ["tea"]
    history = await store.history(USER_ID)
    assert "Oslo" not in str(history)


async def test_a_belief_about_somebody_near_names_them(bench: Bench):
    _, shown = await profile_after(bench, "My dog is called Rex.", "My favourite food is ramen.")
    assert "dog · name: Rex" in shown.text
    assert "favourite food: ramen" in shown.text


async def test_what_is_denied_is_told_as_denied(bench: Bench):
    ada, shown = await profile_after(bench, "I don't eat meat every day. I hate rain. I don't want kids.")
    for line in ("does not: eat meat every day", "dislikes: rain", "does not want: kids"):
        assert line in shown.text

    await ada.say("/why")
    assert "dislikes: rain" in (await ada.wait_for_reply()).text


async def test_what_is_delicate_is_asked_about_and_used_only_then(bench: Bench):
    ada, shown = await profile_after(bench, "I love going to church.")
    assert "This is delicate" in shown.text
    assert [button.label for button in shown.buttons] == ["✓ 1", "✎ 1", "🗑 1", "? 1"]
    assert (await bench.services.profiles.get(USER_ID)).held == ()

    await ada.wait_for_answer(await ada.tap(shown, "✓ 1"))
    await bench.server.until(lambda: "delicate" not in shown.text)

    assert [belief.value for belief in (await bench.services.profiles.get(USER_ID)).held] == [
        "going to church"
    ]


@pytest.mark.parametrize("sign", ["✗ 1", "✎ 1", "🗑 1", "? 1"])
async def test_a_button_of_a_belief_that_is_gone_says_so(bench: Bench, sign: str):
    ada, shown = await profile_after(bench, "I love tea.")
    await bench.services.profiles.erase(USER_ID, 1)
    assert await ada.wait_for_answer(await ada.tap(shown, sign)) == "I no longer hold that."


async def test_an_old_button_never_hits_what_was_learnt_after_an_erasure(bench: Bench):
    ada, old = await profile_after(bench, "I live in Oslo.", "I love tea.")
    await bench.services.forgetter.forget(USER_ID)
    await profile_after(bench, "I live in Rome.", "I love jazz.")

    taps = [await ada.tap(old, data) for data in ("🗑 1", "✗ 2")]
    for tap in taps:
        await ada.wait_for_answer(tap)

    held = (await bench.services.profiles.get(USER_ID)).held
    assert [belief.value for belief in held] == ["Rome", "jazz"]


async def test_why_shows_the_sentences_with_their_dates(bench: Bench):
    ada, shown = await profile_after(bench, "I love tea.", "I really love tea, you know.")
    await ada.tap(shown, "? 1")
    await bench.server.until(lambda: "I really love tea, you know." in ada.chat.replies[-1].text)
    today = f"{bench.services.core.now():%Y-%m-%d}"
    assert f"{today}: “I love tea.”" in ada.chat.replies[-1].text


async def test_what_is_new_and_what_is_over_this_week_is_told(bench: Bench):
    _, shown = await profile_after(bench, "I live in Paris.", "I've moved to Oslo.")
    told = shown.text.split("this week:")[1]
    assert "+ city: Oslo" in told
    assert "city: Paris" not in told


async def test_the_last_changes_are_undone_one_by_one_the_newest_first(bench: Bench):
    ada, shown = await profile_after(bench, "I live in Paris.", "I've moved to Oslo.")
    await ada.wait_for_answer(await ada.tap(shown, "✗ 1"))
    await bench.server.until(lambda: "1. city" not in shown.text)
    assert [button.label for button in shown.buttons] == ["↶ undo: − city: Oslo"]

    for label, city in (("− city: Oslo", "Oslo"), ("+ city: Oslo", "Paris")):
        await ada.wait_for_answer(await ada.tap(shown, f"↶ undo: {label}"))
        await bench.server.until(lambda city=city: f"1. city: {city}" in shown.text)
    await ada.wait_for_answer(await ada.tap(shown, "↶ undo: + city: Paris"))
    await bench.server.until(lambda: not shown.buttons)

    store = ProfileStore(bench.services.core.database)
    causes = [str(change.cause) for change in await store.history(USER_ID)]
    assert causes == ["undo", "undo", "undo", "correction", "message", "message"]


async def test_what_was_erased_cannot_be_undone(bench: Bench):
    ada, shown = await profile_after(bench, "I live in Oslo.")
    old = shown.button("↶ undo: + city: Oslo").data
    assert old is not None
    await ada.wait_for_answer(await ada.tap(shown, "🗑 1"))
    await bench.server.until(lambda: not shown.buttons)
    await bench.services.profiles.note(USER_ID, "shorter answers, please", 1)

    assert await bench.services.profiles.undo(USER_ID, int(old.split(":")[1])) is None
    store = ProfileStore(bench.services.core.database)
    assert "Oslo" not in str(await store.all_beliefs(USER_ID)) + str(await store.history(USER_ID))
    assert [belief.value for belief in (await bench.services.profiles.get(USER_ID)).held] == ["short"]


async def test_the_reasons_have_buttons_in_words(bench: Bench):
    ada, shown = await profile_after(bench, "I love tea.")
    await ada.tap(shown, "? 1")
    reasons = await ada.wait_for_reply(where=lambda message: "“I love tea.”" in message.text)
    assert [button.label for button in reasons.buttons] == ["✗ wrong", "✎ edit", "🗑 forget"]

    await ada.wait_for_answer(await ada.tap(reasons, "✗ wrong"))
    await bench.server.until(lambda: reasons.text == "Struck out: likes: tea. I do not go by it any more.")
    await ada.wait_for_answer(await ada.tap(reasons, "↶ undo"))
    await bench.server.until(lambda: reasons.text == "Undone. /profile shows what I hold now.")
    assert [belief.value for belief in (await bench.services.profiles.get(USER_ID)).held] == ["tea"]


async def test_many_beliefs_stand_on_pages_and_none_is_too_many_for_telegram(bench: Bench):
    things = ["tea", "jazz", "chess", "snow", "bread", "cheese", "maths", "trains", "books", "birds"]
    said = [f"I love {one} with {other}." for one in things for other in things if one < other]
    ada, shown = await profile_after(bench, *(" ".join(said[first : first + 9]) for first in range(0, 45, 9)))
    assert [button.label for button in shown.buttons[-4:-1]] == ["◀", "1/4", "▶"]
    assert "12. likes:" in shown.text
    assert "13. likes:" not in shown.text

    await ada.wait_for_answer(await ada.tap(shown, "◀"))
    await bench.server.until(lambda: "45. likes:" in shown.text)
    assert "this week:" not in shown.text
    for number in range(37, 46):  # the page stays until nothing is left on it
        await ada.wait_for_answer(await ada.tap(shown, "🗑 37"))
        await bench.server.until(lambda number=number: f"{82 - number}. likes:" not in shown.text)
    assert [button.label for button in shown.buttons[-4:-1]] == ["◀", "3/3", "▶"]


async def test_nobody_acts_on_a_profile_by_buttons_that_hang_in_another_chat(bench: Bench):
    await profile_after(bench, "I live in Oslo.")
    ada = bench.server.person(USER_ID, "Ada")
    birds = bench.server.group(-1001, "Birds")
    await ada.say("@mynah_bot hello", chat=birds)
    await ada.wait_for_reply(chat=birds, where=is_final)
    for data in ("belief:wrong:1", "belief:edit:1", "undo:1", "profile:0", "noted:wrong:1:1"):
        button = InlineKeyboardMarkup.from_button(InlineKeyboardButton("x", callback_data=data))
        await bench.mynah.application.bot.send_message(-1001, data, reply_markup=button)
        answer = await ada.wait_for_answer(await ada.tap(birds.replies[-1], "x"))
        assert answer == "These buttons belong to somebody else's profile."
    assert [belief.value for belief in (await bench.services.profiles.get(USER_ID)).held] == ["Oslo"]
