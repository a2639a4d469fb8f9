from dataclasses import replace

import pytest

from engine.language.model import ChatMessage
from engine.tuning.examples import (
    CONTEXT_TURNS,
    ENOUGH_CORRECTIONS,
    FEWEST_THUMBS,
    MOST_EXAMPLES,
    Evidence,
    build_examples,
    dislikes_teach,
    fingerprint,
    missing_evidence,
    split_by_time,
)
from storage.records import FinishReason, Origin, RatedTurn, Role
from tests.engine.tuning.turns import turn


@pytest.mark.parametrize(
    ("rating", "evidence", "target"),
    [
        ({}, Evidence.UNRATED, "reply 1"),
        ({"value": 1}, Evidence.LIKED, "reply 1"),
        ({"value": 1, "note": "nice"}, Evidence.LIKED, "reply 1"),
        ({"correction": "better"}, Evidence.CORRECTED, "better"),
        ({"value": -1, "correction": "better"}, Evidence.CORRECTED, "better"),
    ],
)
def test_what_was_said_of_a_reply_decides_what_is_learnt(rating: dict, evidence: Evidence, target: str):
    [example] = build_examples([turn(1, **rating)])
    assert (example.evidence, example.reply) == (evidence, target)


@pytest.mark.parametrize("rating", [{"value": -1}, {"note": "too long"}, {"value": -1, "correction": "  "}])
def test_a_reply_that_was_not_wanted_is_never_a_target(rating: dict):
    assert build_examples([turn(1, **rating)]) == []


@pytest.mark.parametrize("reason", [FinishReason.LENGTH, FinishReason.CANCELLED])
def test_a_reply_that_broke_off_is_no_target_even_when_liked_but_its_correction_is(reason: FinishReason):
    assert build_examples([turn(1, finish_reason=reason), turn(2, finish_reason=reason, value=1)]) == []
    [corrected] = build_examples([turn(1, finish_reason=reason, correction="short")])
    assert corrected.reply == "short"


def test_a_reply_that_rests_on_what_was_recalled_is_learnt_only_as_it_was_corrected():
    assert build_examples([turn(1, recalled=2), turn(2, recalled=1, value=1)]) == []
    [corrected] = build_examples([turn(1, recalled=2, correction="In Rome.")])
    assert corrected.reply == "In Rome."


def test_a_reply_under_a_card_is_learnt_unless_it_tells_what_stood_there():
    assert len(build_examples([turn(1, card=3), turn(2, card=3, value=1)])) == 2
    assert build_examples([turn(1, card=3, echoed=1), turn(2, card=3, echoed=1, value=1)]) == []


def test_a_reply_of_the_base_as_a_control_is_learnt_only_when_it_was_rated():
    assert build_examples([turn(1, control=True)]) == []
    assert [one.reply for one in build_examples([turn(1, control=True, value=1)])] == ["reply 1"]


def test_a_correction_keeps_what_it_corrects_and_every_example_its_conversation():
    corrected, liked = build_examples(
        [turn(1, correction="better", conversation_id=4), turn(2, value=1, conversation_id=5)]
    )

    assert (corrected.rejected, liked.rejected) == ("reply 1", None)
    assert (corrected.conversation_id, liked.conversation_id) == (4, 5)


def test_an_answer_liked_after_another_was_disliked_keeps_what_was_refused():
    refused = replace(turn(1, reply="no").reply, message_id=99)
    liked, unrated, disliked = turn(1, value=1), turn(2), turn(3, value=-1)
    examples = build_examples([replace(one, refused=refused) for one in (liked, unrated, disliked)])

    assert [example.rejected for example in examples] == ["no", None]
    assert examples[0].message_ids == (99, 1, 2)


def test_forwarded_text_is_neither_learnt_nor_context():
    examples = build_examples([turn(1, origin=Origin.FORWARDED, value=1), turn(2)])
    assert [example.message_ids for example in examples] == [(3, 4)]


def test_context_is_what_was_wanted_in_the_same_conversation_before():
    turns = [turn(1, correction="right"), turn(2, conversation_id=2), turn(3)]
    example = build_examples(turns)[-1]
    assert example.message_ids == (1, 2, 5, 6)
    assert example.context == (
        ChatMessage(Role.USER, "question 1"),
        ChatMessage(Role.ASSISTANT, "right"),
        ChatMessage(Role.USER, "question 3"),
    )


def test_context_is_bounded():
    example = build_examples([turn(number) for number in range(1, 10)])[-1]
    assert len(example.context) == 2 * CONTEXT_TURNS + 1


def test_what_was_said_twice_counts_once_and_late():
    turns = [turn(1, "How ARE you?", "Fine."), turn(2), turn(3, "how are  you?", "fine.")]
    assert [example.message_ids[-1] for example in build_examples(turns)] == [4, 6]


def test_only_the_newest_are_kept():
    examples = build_examples([turn(number) for number in range(1, MOST_EXAMPLES + 3)])
    assert len(examples) == MOST_EXAMPLES
    assert examples[0].message_ids[-1] == 6


def test_a_secret_never_becomes_an_example():
    mail = "ada@example.org"
    turns = [turn(1, f"My mail is {mail}", f"Noted: {mail}"), turn(2, correction=f"{mail}!")]
    told = repr(build_examples(turns))
    assert "ada@" not in told


def test_eight_corrections_are_enough_and_seven_say_how_much_is_missing():
    corrected = [turn(number, correction=f"right {number}") for number in range(1, 9)]
    assert missing_evidence(build_examples(corrected)) is None
    assert missing_evidence(build_examples(corrected[:7])) == (
        "There is not enough to learn from yet: 1 more corrections, or 3 more liked replies, "
        "or 30 more messages would do."
    )


def test_nothing_is_trained_on_that_comes_after_what_judges():
    turns = [turn(number, **({"value": 1} if number % 2 else {})) for number in range(1, 41)]
    split = split_by_time(build_examples(turns))
    assert [example.evidence for example in split.held_out] == [Evidence.LIKED] * 4
    assert max(example.message_ids[-1] for example in split.train) < split.held_out[0].message_ids[-1]


def test_the_fingerprint_follows_every_change_of_what_would_be_learnt():
    turns = [turn(1), turn(2)]
    before = fingerprint(build_examples(turns))
    assert before == fingerprint(build_examples(turns))
    assert before != fingerprint(build_examples([*turns, turn(3)]))
    assert before != fingerprint(build_examples([turns[0], turn(2, value=1)]))


def rated(*thumbs: int, corrections: int = 0) -> list[RatedTurn]:
    """Turns with these thumbs in order, and corrected ones after them."""
    first = [turn(number, value=value) for number, value in enumerate(thumbs, start=1)]
    return first + [
        turn(number, correction="better") for number in range(len(first) + 1, len(first) + 1 + corrections)
    ]


def test_dislikes_are_learnt_from_beside_likes_and_few_corrections():
    up_and_down = [1, -1] * FEWEST_THUMBS
    examples = build_examples(rated(*up_and_down, corrections=1))
    assert [one.wanted for one in examples] == [True, False] * FEWEST_THUMBS + [True]
    assert examples[1].evidence is Evidence.DISLIKED

    for turns in (
        rated(*up_and_down[:-1]),
        rated(*[-1] * 30),
        [*rated(*up_and_down), *(turn(n, correction=f"{n}") for n in range(50, 50 + ENOUGH_CORRECTIONS))],
    ):
        examples = build_examples(turns)
        assert not dislikes_teach(examples)
        assert all(one.wanted for one in examples)


def test_of_likes_and_dislikes_the_last_of_each_are_held_back():
    split = split_by_time(build_examples(rated(*[-1] * 15, *[1] * 15)))

    assert [one.message_ids[-1] for one in split.held_out] == [56, 58, 60]
    assert [one.message_ids[-1] for one in split.disliked] == [26, 28, 30]
    assert [one.message_ids[-1] for one in split.train] == [*range(2, 26, 2), *range(32, 56, 2)]
