"""Who is served next: chat before background, then whoever has been served least.

The counter is the virtual token counter of Sheng et al., "Fairness in Serving Large Language Models"
(arXiv 2401.00588): a user who comes back from a pause is lifted to the least served of those present, so that
nobody saves up a right to the model.
"""

from collections import Counter
from typing import Generic, Protocol, TypeVar

from engine.errors import QueueFullError
from engine.language.model import Priority


class Waiting(Protocol):
    """What the queue needs to know of a request."""

    @property
    def user_id(self) -> int:
        """Whose it is."""
        ...

    @property
    def priority(self) -> Priority:
        """Chat or background."""
        ...


WaitingT = TypeVar("WaitingT", bound=Waiting)


class FairQueue(Generic[WaitingT]):
    """A bounded queue of requests, and what each user present has been served."""

    def __init__(self, *, limit: int) -> None:
        self._limit = limit
        self._waiting: list[WaitingT] = []
        self._rows: Counter[int] = Counter()
        self._served: dict[int, int] = {}

    def push(self, item: WaitingT) -> None:
        """Add a request. Raises QueueFullError."""
        if len(self._waiting) >= self._limit:
            raise QueueFullError(len(self._waiting))
        present = self._present()
        if item.user_id not in present:
            least = min((self._served[user_id] for user_id in present), default=0)
            self._served[item.user_id] = max(self._served.get(item.user_id, 0), least)
        self._waiting.append(item)

    def push_back(self, item: WaitingT) -> None:
        """Put a request that was begun before all others of its user and priority."""
        self._waiting.insert(0, item)

    def ranked(self) -> list[WaitingT]:
        """All requests, the next to serve first; of equals, the one that came first."""
        return sorted(
            self._waiting,
            key=lambda item: (
                item.priority is not Priority.CHAT,
                self._rows[item.user_id],
                self._served[item.user_id],
            ),
        )

    def remove(self, item: WaitingT) -> None:
        """Take a request out, to be served or dropped."""
        self._waiting.remove(item)

    def begin(self, user_id: int) -> None:
        """A request of this user takes a place in the batch."""
        self._rows[user_id] += 1

    def end(self, user_id: int) -> None:
        """A request of this user gives its place back."""
        self._rows[user_id] -= 1

    def charge(self, user_id: int, tokens: int) -> None:
        """Count tokens that were computed for a user."""
        self._served[user_id] += tokens

    def forget_absent(self) -> None:
        """Drop the counters of users who neither wait nor are served."""
        present = self._present()
        self._served = {user_id: self._served[user_id] for user_id in present}
        self._rows = Counter({user_id: self._rows[user_id] for user_id in present})

    def _present(self) -> set[int]:
        served = {user_id for user_id, rows in self._rows.items() if rows}
        return served | {item.user_id for item in self._waiting}

    def __len__(self) -> int:
        return len(self._waiting)
