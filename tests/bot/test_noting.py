"""“Noted: …” after a reply, once a day."""

from datetime import UTC, datetime, timedelta

from tests.bot.conftest import USER_ID, Bench
from tests.bot.test_app import ask
from tests.bot_api import Person, ShownMessage


async def told(bench: Bench, *texts: str) -> tuple[Person, list[ShownMessage]]:
    """A person who says all this, and the notes that they were shown."""
    ada = bench.server.person(USER_ID, "Ada")
    for text in texts:
        await ask(ada, text)
        await bench.idle()
    return ada, [one for one in ada.chat.replies if one.text.startswith("Noted: ")]


async def test_the_first_thing_that_is_learnt_is_told_and_no_more_that_day(bench: Bench):
    _, shown = await told(bench, "Good morning!", "I love tea. I live in Oslo.", "I have two cats.")
    assert [note.text for note in shown] == ["Noted: city: Oslo. /profile shows all of it."]
    assert [button.label for button in shown[0].buttons] == ["✓ keep", "✗ wrong"]


async def test_each_day_has_a_note_of_its_own(bench: Bench):
    store = bench.services.preferences
    await told(bench, "I live in Oslo.")
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date()
    assert [await store.take_note_of(USER_ID, tomorrow) for _ in range(2)] == [True, False]


async def test_what_is_kept_is_sure(bench: Bench):
    ada, [note] = await told(bench, "I live in Oslo.")
    await ada.wait_for_answer(await ada.tap(note, "✓ keep"))
    await bench.server.until(lambda: note.text == "Kept: city: Oslo.")
    assert [button.label for button in note.buttons] == ["↶ undo"]
    [belief] = (await bench.services.profiles.get(USER_ID)).held
    assert belief.support >= 8.0


async def test_what_is_wrong_is_struck_out_until_that_is_undone(bench: Bench):
    ada, [note] = await told(bench, "I live in Oslo.")
    await ada.wait_for_answer(await ada.tap(note, "✗ wrong"))
    await bench.server.until(lambda: note.text == "Struck out: city: Oslo. I do not go by it any more.")
    assert (await bench.services.profiles.get(USER_ID)).held == ()

    await ada.wait_for_answer(await ada.tap(note, "↶ undo"))
    await bench.server.until(lambda: note.text.startswith("Undone."))
    assert [one.value for one in (await bench.services.profiles.get(USER_ID)).held] == ["Oslo"]


async def test_a_button_never_strikes_out_what_it_did_not_name(bench: Bench):
    ada, [note] = await told(bench, "I live in Oslo.")
    await bench.services.profiles.erase(USER_ID, 1)
    await told(bench, "I love tea.")  # takes the number of the erased belief
    await ada.wait_for_answer(await ada.tap(note, "✗ wrong"))
    assert [one.value for one in (await bench.services.profiles.get(USER_ID)).held] == ["tea"]


async def test_nothing_delicate_and_nothing_while_paused_is_noted(bench: Bench):
    ada, shown = await told(bench, "I love going to church.")
    assert shown == []
    await ada.say("/pause")
    await ada.wait_for_reply()
    assert (await told(bench, "I live in Oslo."))[1] == []
