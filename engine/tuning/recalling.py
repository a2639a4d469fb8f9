"""Held-out questions as a model that is shown what was said before would read them."""

from collections.abc import Sequence
from dataclasses import replace

from engine.language.prompt import with_recalled
from engine.profile.memory import Recall, asks_about_the_past, lines_of
from engine.tuning.examples import Example
from engine.tuning.redaction import Redactor

_NEVER = 1 << 62


async def with_what_was_said(
    recall: Recall, user_id: int, held_out: Sequence[Example]
) -> tuple[Example, ...]:
    """The same examples, each question with what was recalled for it; none when nothing was for any.

    Only what was said before a question is recalled for it, for nothing later could have been shown with it.
    """
    shown = tuple([await _shown(recall, user_id, example) for example in held_out])
    return () if shown == tuple(held_out) else shown


async def _shown(recall: Recall, user_id: int, example: Example) -> Example:
    *earlier, question = example.context
    if not asks_about_the_past(question.content):
        return example
    not_before = range(example.message_ids[-2], _NEVER)
    recalled = await recall(user_id, question.content, known=not_before)
    redact = Redactor().redact
    lines = [redact(line) for line in lines_of(recalled)]
    return replace(
        example, context=(*earlier, replace(question, content=with_recalled(question.content, lines)))
    )
