"""Questions about an article: which are meant for it, and what it answers."""

import pytest

from engine.articles.answer import Answerer, shares_of_words
from engine.articles.questions import asks, clearly_about
from engine.articles.summarize import Reader
from engine.errors import SummaryStoppedError
from engine.language.model import Cancellation
from engine.profile.embedding import NanoEmbedder
from tests.engine.articles.pages import PARAGRAPHS
from tests.scripted_model import ScriptedModel

TEXT = "\n".join(PARAGRAPHS)
EMBEDDER = NanoEmbedder()


@pytest.mark.parametrize(
    "text",
    ["What does it cost?", "why that", "tell me more about herons", "桥有多长", "Was kostet die Brücke?"],
)
def test_a_question_is_known_by_its_form(text: str):
    assert asks(text)


@pytest.mark.parametrize("text", ["Thanks!", "I like that.", "Interesting, I love herons", "好的，谢谢"])
def test_a_remark_is_no_question(text: str):
    assert not asks(text)


@pytest.mark.parametrize(
    "question",
    ["What does the bridge cost?", "Does the article name a date?", "What about herons?", "文章里说了什么？"],
)
def test_it_is_about_the_article_when_it_names_it_or_shares_its_words(question: str):
    assert clearly_about(question, TEXT)


@pytest.mark.parametrize(
    "question",
    ["What is the capital of France?", "How are you?", "Can you write a poem?", "The bridge is nice."],
)
def test_any_other_question_is_not_about_it(question: str):
    assert not clearly_about(question, TEXT)


def test_rare_words_count_more_than_common_ones():
    shares = shares_of_words(
        ["The bridge is long.", "The bridge is for herons.", "Rain."], "Are herons on the bridge?"
    )

    assert shares[1] == 1.0
    assert shares[0] < 0.5
    assert shares[2] == 0.0


def answerer(model: ScriptedModel, *, own_words: bool) -> Answerer:
    return Answerer(writer=model if own_words else None, embedder=EMBEDDER)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What does the bridge cost?", "4.2 million euros"),
        ("When does the work begin?", "March 2027"),
        ("What do fishermen fear?", "herons"),
        ("Why was the second lane turned down?", "piers"),
    ],
)
async def test_a_small_model_answers_with_the_passage_itself(question: str, said: str):
    model = ScriptedModel()

    points = await answerer(model, own_words=False).answer(TEXT, question, Reader(user_id=1))

    assert not model.requests
    assert said in " ".join(point.text for point in points)
    assert all(point.text in TEXT.replace("\n", " ") for point in points)


@pytest.mark.parametrize(
    "question",
    ["What is the capital of France?", "Who was Napoleon?", "How deep is the lake?", "谁设计了这座桥？"],
)
async def test_what_the_article_does_not_say_is_not_answered(question: str):
    assert await answerer(ScriptedModel(), own_words=False).answer(TEXT, question, Reader(user_id=1)) == ()


async def test_a_large_model_words_the_answer_from_fenced_passages():
    model = ScriptedModel()
    model.enqueue("The bridge costs 4.2 million euros.")

    points = await answerer(model, own_words=True).answer(
        TEXT, "What does the bridge cost?", Reader(user_id=1)
    )

    assert [point.text for point in points] == ["The bridge costs 4.2 million euros."]
    prompt = model.requests[0].messages[-1].content
    assert prompt.index("<<<") < prompt.index("4.2 million") < prompt.index(">>>")


async def test_an_invented_answer_gives_way_to_the_passage():
    model = ScriptedModel()
    model.enqueue("The bridge costs 77 million dollars, says Napoleon.")

    (point,) = await answerer(model, own_words=True).answer(
        TEXT, "What does the bridge cost?", Reader(user_id=1)
    )

    assert "4.2 million euros" in point.text
    assert "77" not in point.text


async def test_a_model_may_say_that_the_article_does_not_say():
    model = ScriptedModel()
    model.enqueue("The article does not say.")

    assert not await answerer(model, own_words=True).answer(
        TEXT, "What does the bridge cost?", Reader(user_id=1)
    )


async def test_a_stopped_question_is_not_answered():
    stop = Cancellation()
    stop.cancel()

    with pytest.raises(SummaryStoppedError):
        await answerer(ScriptedModel(), own_words=False).answer(
            TEXT, "What does the bridge cost?", Reader(user_id=1, cancellation=stop)
        )


async def test_a_long_text_is_searched_by_its_words_first():
    filler = [f"In week {number} the council of Lindau heard report {number}." for number in range(5000)]
    text = "\n".join([*filler[:4000], "The herons moved to Bregenz.", *filler[4000:]])

    points = await answerer(ScriptedModel(), own_words=False).answer(
        text, "Where did the herons move?", Reader(user_id=1)
    )

    assert points[0].text.startswith("The herons moved to Bregenz.")
