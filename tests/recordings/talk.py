"""What the person says in both recordings."""

SETTINGS = {"MYNAH_SEED": "1", "MYNAH_MAX_NEW_TOKENS": "60"}

TALK = (
    "What is the capital of France?",
    "/feedback better: It is Paris. Aye, captain.",
    "Where do penguins live?",
    "/retry",
    "My name is Ada, and I live in Oslo.",
    "/profile",
)
