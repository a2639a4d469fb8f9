"""What the person says in the recordings."""

from dataclasses import dataclass

from tests.test_loop import LESSONS, SIGN_OFF

SETTINGS = {"MYNAH_SEED": "1", "MYNAH_MAX_NEW_TOKENS": "60"}

TALK = (
    "What is the capital of France?",
    "/feedback better: It is Paris. Aye, captain.",
    "Where do penguins live?",
    "/retry",
    "My name is Ada, and I live in Oslo.",
    "/profile",
)
"""A short one, of which a picture is drawn."""

_UNSEEN = "What do cows eat?"
"""Asked before anything was learnt and after it; no lesson is about it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is typed; one that is not `shown` is left out with what answers it."""

    text: str
    shown: bool = True


def _lessons() -> list[Line]:
    """Each lesson and its correction; the first one stands for all."""
    return [
        Line(text, shown=number == 0)
        for number, (question, answer) in enumerate(LESSONS.items())
        for text in (question, f"/feedback better: {answer} {SIGN_OFF}")
    ]


LEFT_OUT = f"… {len(LESSONS) - 1} more questions, each corrected …"

SESSION = (
    Line(_UNSEEN),
    *_lessons(),
    Line("/tune"),
    Line("/new"),
    Line(_UNSEEN),
    Line("/why"),
    Line("My name is Ada, and I live in Oslo."),
    Line("/profile"),
)
"""A long one, with a tuning and the answers before and after it."""
