"""What a person sees: Mynah in Telegram and in the terminal."""

import os

# python-telegram-bot gives waits as timedelta only when asked to, and warns at each 429 until then.
os.environ.setdefault("PTB_TIMEDELTA", "true")
