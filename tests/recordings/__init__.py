"""How the recordings in the README are made: one talk in a terminal, and a picture of it in Telegram."""
