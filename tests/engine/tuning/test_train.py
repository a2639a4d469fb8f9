"""The child process as a process."""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from engine.errors import TuningError
from engine.language.model import ChatMessage
from engine.language.peft_format import WEIGHTS_NAME
from engine.tuning.child import ChildTrainer
from engine.tuning.evaluate import judge
from engine.tuning.examples import Evidence, Example, Split
from engine.tuning.job import (
    Job,
    Recipe,
    UserJob,
    candidate_folder,
    is_sealed_job,
    read_candidate,
    write_job,
)
from engine.tuning.nightly import ignore
from storage.records import Role
from storage.sealing import new_secret, unseal
from tests.engine.language.conftest import BASE_NAME, save_tiny

CHILD = """
import time
from engine.tuning.stopping import end_when_asked

end_when_asked(lambda: None)
print("ready", flush=True)
time.sleep(600)
"""

PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
child.wait()
"""


async def test_a_child_whose_parent_was_killed_ends_by_itself():
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, CHILD, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    parent.kill()
    await parent.wait()

    try:
        async with asyncio.timeout(60):
            while is_running(child):  # noqa: ASYNC110 (the end of somebody else's child gives no event)
                await asyncio.sleep(0.02)
    finally:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


@pytest.mark.slow
async def test_a_sealed_job_is_read_with_the_secret_from_the_pipe_and_its_candidate_is_sealed(tmp_path: Path):
    secret, folder = new_secret(), tmp_path / "run-1"
    write_job(folder, job_for(tmp_path, {7: lessons("reply")}), secret=secret)
    assert is_sealed_job(folder)

    with pytest.raises(TuningError):
        await ChildTrainer().train(folder, ignore)
    await ChildTrainer().train(folder, ignore, secret=secret)

    assert read_candidate(folder, 7) is not None
    weights = (candidate_folder(folder, 7) / WEIGHTS_NAME).read_bytes()
    assert b"lora_A" not in weights
    assert b"lora_A" in unseal(weights, secret)


@pytest.mark.slow
async def test_a_user_whose_examples_are_all_too_long_costs_nobody_else_the_night(tmp_path: Path):
    folder = tmp_path / "run-1"
    write_job(folder, job_for(tmp_path, {7: lessons("word " * 5000), 8: lessons("reply")}))

    await ChildTrainer().train(folder, ignore)

    too_long, other = read_candidate(folder, 7), read_candidate(folder, 8)
    assert too_long is not None
    assert other is not None
    assert (len(too_long.measurement.turns), len(other.measurement.turns)) == (0, 4)
    assert not judge(too_long.measurement, seed=0).promoted


def lessons(reply: str) -> tuple[Example, ...]:
    return tuple(
        Example(
            message_ids=(2 * number, 2 * number + 1),
            context=(ChatMessage(Role.USER, f"question {number}"),),
            reply=f"{reply} {number}",
            evidence=Evidence.CORRECTED,
        )
        for number in range(4)
    )


def job_for(folder: Path, learnt: dict[int, tuple[Example, ...]]) -> Job:
    """Two steps on the tiny model for each of these users."""
    return Job(
        base_name=BASE_NAME,
        base_folder=save_tiny(folder / BASE_NAME),
        users=tuple(
            UserJob(user_id=user_id, split=Split(train=examples, held_out=examples))
            for user_id, examples in learnt.items()
        ),
        seed=0,
        threads=1,
        recipe=Recipe(steps=2, most_rounds=1, fewest_rounds=1),
    )


def is_running(process_id: int) -> bool:
    """Whether a process is more than an entry that nobody has collected."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
