"""What the person says in the recordings."""

from tests.test_loop import LESSONS, SIGN_OFF

SETTINGS = {"MYNAH_SEED": "1", "MYNAH_MAX_NEW_TOKENS": "60"}

IN_TERMINAL = (
    "What is the capital of Italy?",
    *(
        line
        for question, answer in LESSONS.items()
        for line in (question, f"/feedback better: {answer} {SIGN_OFF}")
    ),
    "/tune",
    "/new",
    "What is the capital of Italy?",
    "Which animal is the fastest?",
    "/why",
    "/rollback",
    "/new",
    "What is the capital of Italy?",
)

IN_TELEGRAM = (
    "What is the capital of France?",
    "/feedback better: It is Paris. Aye, captain.",
    "Where do penguins live?",
    "/retry",
    "My name is Ada, and I live in Oslo.",
    "/profile",
)
