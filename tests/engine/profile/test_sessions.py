"""Whole conversations: what is believed at their end, and what was never to be learnt."""

from collections import defaultdict

import numpy as np
import pytest

from engine.profile.profile import Profile, observe
from tests.engine.profile.sessions import Kind, Session, Verdict, judge, sessions

VECTOR = np.eye(1, 384, dtype=np.float32)[0]
SESSIONS = 40


def learnt_from(session: Session) -> Profile:
    profile = Profile()
    for message in session.messages:
        profile = observe(profile, message, VECTOR).profile
    return profile


def verdicts(language: str) -> list[Verdict]:
    return [one for session in sessions(language, SESSIONS) for one in judge(session, learnt_from(session))]


@pytest.mark.parametrize(("language", "share"), [("en", 0.95), ("zh", 0.9)])
def test_what_holds_at_the_end_is_believed(language: str, share: float):
    by_kind: defaultdict[Kind, list[bool]] = defaultdict(list)
    wrong: set[tuple[str, tuple[str, ...]]] = set()
    for one in verdicts(language):
        by_kind[one.kind].append(one.right)
        if not one.right:
            wrong.add((one.name, one.lines))
    shares = {kind: sum(right) / len(right) for kind, right in by_kind.items()}
    assert min(shares[kind] for kind in (Kind.FACT, Kind.UPDATE, Kind.REVERSAL, Kind.FORGET)) >= share, wrong


@pytest.mark.parametrize("language", ["en", "zh"])
def test_nothing_is_learnt_of_others_questions_quotations_and_denials(language: str):
    assert [(one.lines, one.learnt) for one in verdicts(language) if one.learnt] == []


def test_the_same_seed_gives_the_same_sessions():
    (one,), (same,), (other,) = (list(sessions("en", 1, seed=seed)) for seed in (1, 1, 2))
    assert one == same != other
