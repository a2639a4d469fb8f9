"""What every training needs, whatever it is for, and the lock that keeps two from running at once."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from engine.errors import TuningBusyError
from engine.language.bundled import ResolvedModel
from engine.tuning.child import Trainer
from engine.tuning.job import JOBS_NAME
from storage.database import Database
from storage.errors import LockedError
from storage.lock import folder_lock, is_held
from storage.messages import MessageStore
from storage.runs import RunStore
from storage.sealing import new_secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """One data folder with its log, its base model, and what trains.

    With `sealed` no file of a training can be read by anybody but the training itself.
    """

    messages: MessageStore
    runs: RunStore
    trainer: Trainer
    data_folder: Path
    base: ResolvedModel
    now: Callable[[], datetime]
    sealed: bool
    seed: int = 0

    @classmethod
    def over(
        cls,
        database: Database,
        *,
        trainer: Trainer,
        data_folder: Path,
        base: ResolvedModel,
        now: Callable[[], datetime],
    ) -> Self:
        """Trainings are sealed where the database is encrypted."""
        return cls(
            messages=MessageStore(database),
            runs=RunStore(database),
            trainer=trainer,
            data_folder=data_folder,
            base=base,
            now=now,
            sealed=database.encrypted,
        )

    @property
    def jobs(self) -> Path:
        """Where jobs and checkpoints lie while they are needed."""
        return self.data_folder / JOBS_NAME

    @contextmanager
    def alone(self) -> Generator[None]:
        """Hold the folder for one training. Raises TuningBusyError while another one or a backup holds it."""
        try:
            with folder_lock(self.data_folder, "tuning"):
                yield
        except LockedError as error:
            raise TuningBusyError(backing_up=is_held(self.data_folder, "backup")) from error

    def new_secret(self) -> bytes | None:
        """A key for the files of one training, if they are to be sealed."""
        return new_secret() if self.sealed else None
