"""The languages that are spoken here."""

from bot.locales.en import EN
from bot.locales.zh import ZH
from bot.texts import Texts

LANGUAGES: dict[str, Texts] = {"en": EN, "zh": ZH}
"""The sentences by two-letter language code; the first is spoken where no other is asked for."""
