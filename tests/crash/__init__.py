"""The bot is killed at random moments: no message may be lost or answered twice."""
