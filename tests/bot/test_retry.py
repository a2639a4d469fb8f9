from bot.languages import LANGUAGES
from engine.tuning.examples import build_examples
from tests.bot.conftest import USER_ID, Bench
from tests.bot.test_app import ask, is_final
from tests.bot_api import Person, ShownMessage


def labels(message: ShownMessage) -> list[str]:
    return [button.label for button in message.buttons]


async def retried(bench: Bench, *answers: str) -> tuple[Person, ShownMessage]:
    """A question with these answers, the last of which is shown in the last message."""
    ada = bench.server.person(USER_ID, "Ada")
    bench.model.enqueue(*answers)
    reply = await ask(ada, "hello")
    for _ in answers[1:]:
        await ada.say("/retry")
        reply = await ada.wait_for_reply(where=is_final)
    return ada, reply


async def turn(bench: Bench, person: Person, message: ShownMessage, label: str) -> None:
    """Press an arrow and wait until the bot is done."""
    await person.wait_for_answer(await person.tap(message, label))
    await bench.idle()


async def test_retry_shows_which_of_the_answers_it_is_and_arrows_lead_to_the_others(bench: Bench):
    ada, shown = await retried(bench, "One.", "Two.")
    assert (shown.text, labels(shown)) == ("Two.", ["👍", "👎", "◀", "2/2", "▶"])

    await turn(bench, ada, shown, "◀")
    assert (shown.text, labels(shown)) == ("One.", ["👍", "👎", "◀", "1/2", "▶"])
    await turn(bench, ada, shown, "◀")
    assert (shown.text, labels(shown)[3]) == ("Two.", "2/2")


async def test_a_first_answer_has_no_arrows(bench: Bench):
    _, shown = await retried(bench, "One.")
    assert labels(shown) == ["👍", "👎"]


async def test_the_rating_belongs_to_the_answer_that_is_shown(bench: Bench):
    ada, shown = await retried(bench, "One.", "Two.")
    await ada.wait_for_answer(await ada.tap(shown, "👎"))
    await turn(bench, ada, shown, "▶")
    assert labels(shown)[:2] == ["👍", "👎"]
    await ada.react(shown, "🔥")
    await bench.server.until_polled()
    await bench.idle()

    (kept,) = await bench.services.core.messages.rated_turns(USER_ID)
    assert kept.rating is not None
    assert (kept.reply.text, kept.rating.value) == ("One.", 1)
    assert kept.refused is not None
    assert kept.refused.text == "Two."
    (example,) = build_examples([kept])
    assert (example.reply, example.rejected) == ("One.", "Two.")
    await turn(bench, ada, shown, "▶")
    assert labels(shown)[:2] == ["👍", "👎 ✓"]
    (kept,) = await bench.services.core.messages.rated_turns(USER_ID)
    assert kept.rating is not None
    assert (kept.reply.text, kept.rating.value, kept.refused) == ("Two.", -1, None)


async def test_the_conversation_goes_on_from_the_answer_that_is_shown(bench: Bench):
    ada, shown = await retried(bench, "One.", "Two.")
    await turn(bench, ada, shown, "◀")
    await ask(ada, "more")

    assert [message.content for message in bench.model.requests[-1].messages] == ["hello", "One.", "more"]


async def test_a_long_answer_unfolds_and_folds_again(bench: Bench):
    ada, shown = await retried(bench, "word " * 1500, "Short.")
    await turn(bench, ada, shown, "◀")
    texts = [message.text for message in ada.chat.replies]
    assert len(texts) == 4
    assert " ".join(texts[2:]) == " ".join(texts[:2])
    await turn(bench, ada, ada.chat.replies[-1], "▶")

    assert [message.text for message in ada.chat.replies[2:]] == ["Short."]
    assert labels(ada.chat.replies[-1])[3] == "2/2"


async def test_nobody_turns_over_another_persons_answers(bench: Bench):
    _, shown = await retried(bench, "One.", "Two.")
    await bench.services.access.enter(666, "Eve")
    eve = bench.server.person(666, "Eve")
    answer = await eve.wait_for_answer(await eve.tap(shown, "◀"))

    assert answer == LANGUAGES["en"].rating_unknown
    assert shown.text == "Two."


async def test_after_three_answers_an_edit_begins_anew_in_the_message_that_shows_one(bench: Bench):
    ada, shown = await retried(bench, "One.", "Two.", "Three.")
    await turn(bench, ada, shown, "▶")
    assert (shown.text, labels(shown)[3]) == ("One.", "1/3")
    question = next(message for message in ada.chat.messages if message.text == "hello")
    await ada.edit(question, "hello!")
    await bench.server.until(lambda: shown.text == "You said: hello!" and is_final(shown))

    assert labels(shown) == ["👍", "👎"]
