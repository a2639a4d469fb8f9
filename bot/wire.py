"""A wire to Telegram that leaves this process nowhere: what every stand-in for the network has in common."""

from telegram.request import BaseRequest


class InProcessWire(BaseRequest):
    """Nothing is opened, closed or timed; who inherits answers the calls in `do_request`."""

    @property
    def read_timeout(self) -> float | None:
        """Nothing here times out."""
        return None

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""
