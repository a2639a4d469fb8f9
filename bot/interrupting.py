"""Ctrl-C in the terminal: stops the reply under way; pressed twice, or again after a hint, it leaves."""

from collections.abc import Callable

from bot.local import TerminalWire


class Interrupting:
    """What a press of Ctrl-C does. A typed line in between makes the next press the first one again."""

    def __init__(self, *, wire: TerminalWire, leave: Callable[[], None], hint: str) -> None:
        self._wire = wire
        self._leave = leave
        self._hint = hint
        self._pressed_at: int | None = None

    def press(self) -> None:
        """Ctrl-C was pressed."""
        lines = self._wire.lines_typed
        if self._pressed_at == lines:
            self._leave()
            return
        self._pressed_at = lines
        if self._wire.awaits_reply:
            self._wire.stop_reply()
        else:
            self._wire.notice(self._hint)
