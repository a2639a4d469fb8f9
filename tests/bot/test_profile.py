"""/profile and its buttons."""

from bot.running import idle_waiter
from storage.profiles import ProfileStore
from tests.bot.conftest import USER_ID, Bench
from tests.bot.test_app import ask
from tests.bot_api import Person, ShownMessage


async def profile_after(bench: Bench, *texts: str) -> tuple[Person, ShownMessage]:
    ada = bench.server.person(USER_ID, "Ada")
    for text in texts:
        await ask(ada, text)
    await idle_waiter(bench.mynah)()
    await ada.say("/profile")
    return ada, await ada.wait_for_reply()


async def test_each_belief_has_a_number_and_a_button_that_deletes_it(bench: Bench):
    ada, shown = await profile_after(bench, "I live in Oslo.", "I love tea.")
    assert "1. city: Oslo (said once" in shown.text
    assert "2. likes: tea (said once" in shown.text
    assert [button.label for button in shown.buttons] == ["✗ 1", "? 1", "✗ 2", "? 2"]

    await ada.wait_for_answer(await ada.tap(shown, "✗ 1"))
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
    assert [button.label for button in shown.buttons] == ["✓ 1", "✗ 1", "? 1"]
    assert (await bench.services.profiles.get(USER_ID)).held == ()

    await ada.wait_for_answer(await ada.tap(shown, "✓ 1"))
    await bench.server.until(lambda: "delicate" not in shown.text)

    assert [belief.value for belief in (await bench.services.profiles.get(USER_ID)).held] == [
        "going to church"
    ]


async def test_a_button_of_a_belief_that_is_gone_says_so(bench: Bench):
    ada, shown = await profile_after(bench, "I love tea.")
    await bench.services.profiles.erase(USER_ID, 1)
    assert await ada.wait_for_answer(await ada.tap(shown, "✗ 1")) == "I no longer hold that."


async def test_an_old_button_never_hits_what_was_learnt_after_an_erasure(bench: Bench):
    ada, old = await profile_after(bench, "I live in Oslo.", "I love tea.")
    await bench.services.forgetter.forget(USER_ID)
    await profile_after(bench, "I live in Rome.", "I love jazz.")

    for sign in ("✗ 1", "✗ 2"):
        await ada.wait_for_answer(await ada.tap(old, sign))

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
