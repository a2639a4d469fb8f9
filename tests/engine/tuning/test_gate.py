"""The gate over the bundled model, trained by the real child process."""

from pathlib import Path

import pytest

from engine.language.bundled import resolve_model
from engine.language.model import ChatMessage
from engine.tuning.child import ChildTrainer
from engine.tuning.evaluate import judge
from engine.tuning.examples import Evidence, Example, Split
from engine.tuning.job import Job, UserJob, read_candidate, write_job
from engine.tuning.nightly import ignore
from storage.records import Role
from tests.test_loop import LESSONS, SIGN_OFF

HELD_OUT = 4
SHUFFLED, LEARNT = 1, 2


def example(number: int, question: str, answer: str) -> Example:
    return Example(
        message_ids=(2 * number, 2 * number + 1),
        context=(ChatMessage(Role.USER, question),),
        reply=f"{answer} {SIGN_OFF}",
        evidence=Evidence.CORRECTED,
        conversation_id=number,
    )


@pytest.mark.slow
async def test_shuffled_corrections_are_refused_and_the_same_in_order_are_let_in(tmp_path: Path):
    """One run of both side by side, two minutes of training on two quiet cores.

    Whoever is alone has nobody else's weights for a control, and shuffled replies still teach their manner.
    """
    base = resolve_model("bundled", tmp_path / "models", lambda _sentence: None)
    lessons = list(LESSONS.items())
    learnt, held_out = lessons[:-HELD_OUT], lessons[-HELD_OUT:]
    answers = [answer for _, answer in learnt]
    shuffled = zip((question for question, _ in learnt), answers[5:] + answers[:5], strict=True)
    later = tuple(example(100 + number, *lesson) for number, lesson in enumerate(held_out))
    users = tuple(
        UserJob(
            user_id=user_id,
            split=Split(
                train=tuple(example(number, *lesson) for number, lesson in enumerate(taught)),
                held_out=later,
            ),
        )
        for user_id, taught in ((SHUFFLED, shuffled), (LEARNT, learnt))
    )
    folder = tmp_path / "run-1"
    write_job(folder, Job(base_name=base.name, base_folder=base.folder, users=users, seed=0))
    await ChildTrainer().train(folder, ignore)
    candidates = {user.user_id: read_candidate(folder, user.user_id) for user in users}
    alone, honest = candidates[SHUFFLED], candidates[LEARNT]
    assert alone is not None
    assert honest is not None

    refused, let_in = (judge(one.measurement, seed=0) for one in (alone, honest))
    assert all(turn.control is None for turn in alone.measurement.turns)
    assert not refused.promoted
    assert "heeds the question less" in refused.reason, refused
    assert refused.high < 0  # by the held-out loss alone it would have been let in
    assert let_in.promoted, let_in
    assert let_in.after < refused.after
