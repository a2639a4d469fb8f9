"""How the recordings in the README are made: a talk in a terminal, and a picture of one in Telegram."""
