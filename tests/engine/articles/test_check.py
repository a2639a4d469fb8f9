"""Numbers, dates, names and quotations of a sentence have to stand in its source."""

import pytest

from engine.articles.check import Source, names, same_numbers
from tests.engine.articles.pages import PARAGRAPHS

SOURCE = Source("\n".join(PARAGRAPHS) + " “A gift to walkers”, she said. Three herons were counted.")


@pytest.mark.parametrize(
    "sentence",
    [
        PARAGRAPHS[0].split(". ")[0] + ".",
        "The bridge of Lindau costs 4.2 million euros.",
        "A survey of 1250 residents found two thirds in favour.",
        "Anna Berger called the bridge a gift.",
        "The new bridge is “a gift to walkers”.",
        "However, the old bridge becomes a museum.",
        "There were 3 herons counted in the reeds.",
    ],
)
def test_what_the_source_says_passes(sentence: str):
    assert SOURCE.supports(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "The bridge costs 4.3 million euros.",
        "The bridge costs 4.2 billion euros.",
        "A survey of twelve residents was in favour.",
        "Work on the bridge begins in March 2029.",
        "Work on the bridge begins in April 2027.",
        "The new bridge was opened by Napoleon.",
        "Napoleon opened the new bridge.",
        "Anna Keller called the bridge a gift to walkers.",
        "Ann Berg called the bridge a gift to walkers.",
        "The new bridge is “a gift to cyclists”.",
        'The mayor called the bridge "a waste of money".',
        "Everything was lovely everywhere and nobody complained.",
        "",
    ],
)
def test_what_the_source_does_not_say_fails(sentence: str):
    assert not SOURCE.supports(sentence)


def test_numbers_are_checked_where_names_have_no_capitals():
    source = Source("林道的新桥耗资420万欧元，长80米。")

    assert source.supports("新桥耗资420万欧元。")
    assert not source.supports("新桥耗资520万欧元。")
    assert not source.supports("新桥耗资420亿欧元。")
    assert not source.supports("新桥耗资五百万欧元。")


@pytest.mark.parametrize(
    ("translation", "language", "same"),
    [
        ("Die Brücke kostet 4,2 Millionen Euro, sagen 1.250 Leute.", "de", True),
        ("El puente cuesta 4,2 millones de euros, dicen 1250 personas.", "es", True),
        ("Die Brücke kostet 4,2 Milliarden Euro, sagen 1.250 Leute.", "de", False),
        ("Die Brücke kostet 4,3 Millionen Euro, sagen 1.250 Leute.", "de", False),
        ("Die Brücke kostet 4,2 Millionen Euro.", "de", False),
    ],
)
def test_a_translation_has_the_same_numbers(translation: str, language: str, same: bool):
    text = "The bridge costs 4.2 million euros, say 1,250 people."

    assert same_numbers(text, translation, language=language) is same


def test_a_billion_is_no_german_billion():
    text = "The bridge is what the council of the city wants for 2 billion euros."

    assert same_numbers(text, "Die Brücke kostet 2 Milliarden Euro.", language="de")
    assert not same_numbers(text, "Die Brücke kostet 2 Billionen Euro.", language="de")


def test_the_passage_is_the_sentence_that_shares_most():
    place = SOURCE.passage("Fishermen are afraid for herons.")

    assert place is not None
    assert "herons in the reeds" in SOURCE.sentences[place]
    assert SOURCE.passage("Xylophones!") is None


def test_names_are_runs_of_capitalised_words():
    assert names("Mayor Anna Berger, of Lindau, spoke.") == [("mayor", "anna", "berger"), ("lindau",)]
    assert names("The council said yes.") == []
