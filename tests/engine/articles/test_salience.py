"""Sentences: where they end, and which of them carry a text."""

from engine.articles.salience import choose, split_sentences
from tests.engine.articles.pages import PARAGRAPHS

SENTENCES = split_sentences("\n".join(PARAGRAPHS))


def test_a_sentence_does_not_end_after_an_initial_or_a_title():
    text = "Mr. Smith met J. Keller on Monday. They talked. 他们谈了。然后走了。"

    assert split_sentences(text) == [
        "Mr. Smith met J. Keller on Monday.",
        "They talked.",
        "他们谈了。",
        "然后走了。",
    ]


def test_chosen_sentences_come_in_the_order_of_the_text():
    places = choose(SENTENCES, count=4)

    assert places == sorted(places)
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
