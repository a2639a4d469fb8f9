"""A version is rejected for what is wrong with it, not because the model is away."""

from pathlib import Path

from engine.serving import ServedAdapters, Swap
from storage.database import Database
from storage.runs import RunStore
from storage.users import UserStore
from tests.conftest import Clock
from tests.scripted_model import ScriptedModel


async def test_a_version_waits_while_the_model_is_away(
    tmp_path: Path, database: Database, clock: Clock
) -> None:
    await UserStore(database).add(7, name="Ada", is_owner=True, now=clock())
    runs = RunStore(database)
    adapter = await runs.add_candidate(7, base_model="scripted", run_id=None, now=clock())
    await runs.activate(7, adapter.version)
    model = ScriptedModel()
    served = ServedAdapters(runs=runs, model=model, data_folder=tmp_path)

    model.away = True
    assert await served.refresh() == []
    assert served.of(7) is None

    model.away = False
    assert await served.refresh() == [Swap(user_id=7, old_version=None, new_version=1)]
