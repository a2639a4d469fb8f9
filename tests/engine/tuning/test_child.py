import os
import time
from pathlib import Path

import pytest

from engine.errors import TuningError
from engine.tuning.child import ChildTrainer
from engine.tuning.nightly import ignore


async def test_a_child_that_hangs_is_ended_and_told(tmp_path: Path):
    os.mkfifo(tmp_path / "job.json")  # nobody writes into it, so the child waits for ever, deaf to SIGTERM
    begun = time.monotonic()

    with pytest.raises(TuningError, match="it had reported nothing for"):
        await ChildTrainer(silence_seconds=2.0).train(tmp_path, ignore)
    assert time.monotonic() - begun < 30
