from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from engine.language.model import ChatMessage
from engine.profile.memory import Recollection
from engine.tuning.examples import Evidence, Example
from engine.tuning.recalling import with_what_was_said
from storage.memories import RememberedTurn
from storage.records import Role

SAID_AT = datetime(2026, 3, 1, tzinfo=UTC)
SAID = {3: "I live in Oslo.", 21: "I live in Bergen now, call +49 170 1234567."}


async def recall(user_id: int, question: str, *, known: Collection[int] = ()) -> Sequence[Recollection]:
    """All that was said but what is known."""
    assert user_id == 7
    return [
        Recollection(
            turn=RememberedTurn(message_id=number, said_at=SAID_AT, said=said, answered=None, states=True),
            score=5.0,
        )
        for number, said in SAID.items()
        if number not in known
    ]


def asked(question: str, *, question_id: int) -> Example:
    return Example(
        message_ids=(question_id, question_id + 1),
        context=(ChatMessage(Role.USER, question),),
        reply="In Oslo.",
        evidence=Evidence.LIKED,
    )


async def test_only_what_was_said_before_is_recalled():
    [early, late] = await with_what_was_said(
        recall, 7, [asked("Where do I live?", question_id=10), asked("Where do I live?", question_id=30)]
    )

    assert "Oslo" in early.context[-1].content
    assert "Bergen" not in early.context[-1].content
    assert "Bergen" in late.context[-1].content
    assert late.reply == "In Oslo."


async def test_what_is_recalled_is_redacted():
    [late] = await with_what_was_said(recall, 7, [asked("Where do I live?", question_id=30)])

    assert "1234567" not in late.context[-1].content


async def test_without_a_question_about_the_past_there_is_nothing_to_compare():
    assert await with_what_was_said(recall, 7, [asked("What do bees make?", question_id=30)]) == ()
