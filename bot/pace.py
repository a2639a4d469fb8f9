"""How often a chat may see a growing reply change."""


class Pace:
    """The pause between two changes in one chat, longer for as long as Telegram asks for patience."""

    def __init__(self, least_seconds: float) -> None:
        self.seconds = least_seconds
        self._least_seconds = least_seconds
        self._was_kept = True

    def widen(self, wait_seconds: float) -> None:
        """Telegram has refused a change and wants so long a wait."""
        self.seconds = max(2 * self.seconds, wait_seconds)
        self._was_kept = False

    def ease(self) -> None:
        """A reply is finished: after one that was not refused anything the pause becomes half as long."""
        if self._was_kept:
            self.seconds = max(self.seconds / 2, self._least_seconds)
        self._was_kept = True
