"""Which adapter each user is served with, kept in step with the table of adapters.

Another process may have promoted or withdrawn a version, so the table decides and `refresh` follows it.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

from engine.errors import AdapterError, ModelError
from engine.language.model import AdapterRef, LanguageModel
from storage.records import Adapter
from storage.runs import RunStore

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """One change of a user's weights; versions are None for the bare base model.

    With a `refusal` the new version could not be served, and the old one still is.
    """

    user_id: int
    old_version: int | None
    new_version: int | None
    refusal: str | None = None


class ServedAdapters:
    """The adapters in use, by user."""

    def __init__(self, *, runs: RunStore, model: LanguageModel, data_folder: Path) -> None:
        self._runs = runs
        self._model = model
        self._data_folder = data_folder
        self._served: dict[int, AdapterRef] = {}

    def of(self, user_id: int) -> AdapterRef | None:
        """The adapter that this user's next reply is written with; None for the base model."""
        return self._served.get(user_id)

    async def refresh(self) -> list[Swap]:
        """Follow the table of adapters: load what became active, let go of what no longer is.

        A reply under way finishes on the weights it began with. A version that cannot be loaded is marked
        rejected, and the one that served before is active again. While the model itself fails, the next
        `refresh` tries again.
        """
        active = {adapter.user_id: adapter for adapter in await self._runs.active_adapters()}
        swaps: list[Swap] = []
        for user_id in sorted(active.keys() | self._served.keys()):
            swap = await self._follow(user_id, active.get(user_id))
            if swap is not None:
                swaps.append(swap)
        return swaps

    async def _follow(self, user_id: int, wanted: Adapter | None) -> Swap | None:
        served = self._served.get(user_id)
        old_version = None if served is None else served.version
        new_version = None if wanted is None else wanted.version
        if old_version == new_version:
            return None
        if wanted is not None:
            ref = AdapterRef(user_id, wanted.version, self._data_folder / wanted.folder, wanted.secret)
            try:
                await self._model.load_adapter(ref)
            except AdapterError as error:
                await self._runs.reject_broken(user_id, wanted.version, fall_back_to=old_version)
                return Swap(
                    user_id=user_id, old_version=old_version, new_version=wanted.version, refusal=str(error)
                )
            except ModelError as error:
                _log.warning("version %d of user %d is not served yet: %s", wanted.version, user_id, error)
                return None
            self._served[user_id] = ref
        else:
            del self._served[user_id]
        if served is not None:
            await self._model.unload_adapter(served)
        return Swap(user_id=user_id, old_version=old_version, new_version=new_version)
