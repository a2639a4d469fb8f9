"""The refusals of the Bot API, in the words of the real server."""

from typing import Any

NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup"
    " are exactly the same as a current content and reply markup of the message"
)
QUERY_TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"
OTHER_POLLER = (
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
)
BLOCKED = "Forbidden: bot was blocked by the user"
KICKED = "Forbidden: bot was kicked from the {kind} chat"
NOT_STARTED = "Forbidden: bot can't initiate conversation with a user"
UPGRADED = "Bad Request: group chat was upgraded to a supergroup chat"


class Refusal(Exception):
    """An answer with `ok` false."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def to_json(self) -> dict[str, Any]:
        """The body of the answer."""
        body: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        return {**body, "parameters": self.parameters} if self.parameters else body


def bad_request(problem: str) -> Refusal:
    """A refusal with code 400."""
    return Refusal(400, f"Bad Request: {problem}")


def too_many_requests(retry_after: int) -> Refusal:
    """Flood control: nothing goes for `retry_after` seconds."""
    return Refusal(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)
