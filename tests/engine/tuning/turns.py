"""Rated turns to build examples from."""

from datetime import UTC, datetime
from typing import Any

from storage.records import FinishReason, Generation, Message, Origin, RatedTurn, Rating, Role, View

MORNING = datetime(2026, 5, 4, 9, tzinfo=UTC)


def turn(
    number: int,
    question: str = "",
    reply: str = "",
    *,
    conversation_id: int = 1,
    origin: Origin = Origin.TYPED,
    finish_reason: FinishReason = FinishReason.STOP,
    control: bool = False,
    recalled: int = 0,
    card: int = 0,
    echoed: int = 0,
    **rating: Any,
) -> RatedTurn:
    """The turn with message ids 2n - 1 and 2n; `value`, `note` and `correction` rate its reply."""

    def message(message_id: int, role: Role, text: str, generation: Generation | None) -> Message:
        return Message(
            message_id=message_id,
            user_id=7,
            chat_id=7,
            conversation_id=conversation_id,
            role=role,
            text=text,
            created_at=MORNING,
            origin=origin if role is Role.USER else Origin.TYPED,
            telegram_id=None,
            question_id=None,
            current=True,
            generation=generation,
        )

    generation = Generation(
        model="tiny",
        adapter_version=None,
        prompt_tokens=1,
        reply_tokens=1,
        first_token_seconds=0.1,
        total_seconds=0.2,
        finish_reason=finish_reason,
        view=View(control=control, recalled=recalled, card=card, echoed=echoed),
    )
    said = Rating(
        message_id=2 * number,
        user_id=7,
        value=rating.get("value"),
        note=rating.get("note"),
        correction=rating.get("correction"),
        updated_at=MORNING,
    )
    return RatedTurn(
        question=message(2 * number - 1, Role.USER, question or f"question {number}", None),
        reply=message(2 * number, Role.ASSISTANT, reply or f"reply {number}", generation),
        rating=said if rating else None,
    )
