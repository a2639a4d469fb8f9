"""Which sentences carry a text."""

from engine.articles.salience import choose
from engine.articles.sentences import split_sentences
from tests.engine.articles.pages import PARAGRAPHS

SENTENCES = split_sentences("\n".join(PARAGRAPHS))


def test_the_most_telling_sentence_comes_first_and_none_twice():
    places = choose(SENTENCES, count=4)

    assert places[:1] == choose(SENTENCES, count=1)
    assert len(set(places)) == 4


def test_no_more_is_chosen_than_there_is():
    assert choose(SENTENCES[:2], count=9) == [0, 1]
    assert choose([], count=3) == []


def test_the_same_is_not_said_twice():
    repeated = [SENTENCES[0], SENTENCES[0], *SENTENCES[1:]]

    assert not {0, 1} <= set(choose(repeated, count=3))


def test_what_the_reader_cares_about_is_chosen():
    herons = next(place for place, sentence in enumerate(SENTENCES) if "herons" in sentence)

    assert herons not in choose(SENTENCES, count=2)
    assert herons in choose(SENTENCES, count=2, interests=("herons and fishermen",))


def test_a_line_without_an_end_is_no_sentence_to_choose():
    assert 0 not in choose(["Photo of the bridge of Lindau", *SENTENCES], count=2)


def test_headings_and_bylines_do_not_push_the_news_down():
    news = "The council of Lindau has voted for a new bridge over the harbour."
    others = [
        "Its members met in the old town hall near the lake for that.",
        "A band played for the guests who had come by boat from Bregenz.",
        "The weather of the day was fine and the terraces were full.",
    ]
    byline = ["Staff Reports", "Story continues below gallery"]

    after_byline = choose([*byline, news, *others], count=3)

    assert [place - len(byline) for place in after_byline] == choose([news, *others], count=3)
