"""Where weights come from: what each version was learnt from, and how it was found to be better."""

import json
from dataclasses import dataclass
from datetime import datetime

from storage.errors import GoneError
from storage.records import Adapter
from storage.runs import RunStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The figures that let a version in: losses in nats a token on `held_out` replies it was not shown.

    `apart` is by how many nats a liked one became likelier against a disliked one, where those count.
    """

    examples: int
    held_out: int
    before: float
    after: float
    apart: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """One version of a user's weights; `trial` is None where its run is no longer known."""

    version: int
    since: datetime
    trial: Trial | None


class Lineages:
    """Reads lineages from the table of runs."""

    def __init__(self, *, runs: RunStore) -> None:
        self._runs = runs

    async def of(self, user_id: int, version: int) -> Lineage | None:
        """The lineage of one version; None when there is no such version."""
        for adapter in await self._runs.adapters_of(user_id):
            if adapter.version == version:
                return await self._read(adapter)
        return None

    async def _read(self, adapter: Adapter) -> Lineage:
        try:
            run = await self._runs.get(adapter.run_id)
        except GoneError:
            return Lineage(version=adapter.version, since=adapter.created_at, trial=None)
        report = json.loads(run.report)
        figures = ("examples", "held_out", "before", "after")
        apart = report.get("apart")  # runs of earlier versions have none
        return Lineage(
            version=adapter.version,
            since=run.finished_at or adapter.created_at,
            trial=Trial(**{name: report[name] for name in figures}, apart=apart)
            if "after" in report
            else None,
        )
