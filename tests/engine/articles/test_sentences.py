"""Where a sentence ends."""

import pytest

from engine.articles.sentences import split_sentences


@pytest.mark.parametrize(
    "sentences",
    [
        ["He saw “Mary” and “Bambi.”", "There were more."],
        ["“What?” he said.", "“Go!”", "She went."],
        ["Mr. Smith met J. Keller at 5 p.m. then.", "J. Smith came (late.)", "Next."],
        ["ST. JOSEPH, Mich. (AP) — Dr. Lee wrote to Gen. Grant.", "Mix No. 3 won."],
        ["He was ill.", "She said no.", "They sat."],
        ["i like it.", "you do too."],
        ["Use e.g. salt and 1 tsp. oil, z.B. Rapsöl.", "Fertig!"],
    ],
)
def test_a_sentence_keeps_its_abbreviations_and_the_marks_that_close_it(sentences: list[str]):
    assert split_sentences(" ".join(sentences)) == sentences


def test_chinese_needs_no_spaces():
    sentences = ["他说：“桥明年开工。”", "真的？！", "是的。", "（完。）", "明年见"]

    assert split_sentences("".join(sentences)) == sentences


def test_a_line_ends_what_stands_on_it():
    assert split_sentences("A heading\nThen a line with Dr.\nand\n\n the rest") == [
        "A heading",
        "Then a line with Dr.",
        "and",
        "the rest",
    ]
