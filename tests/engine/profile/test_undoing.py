"""Corrections of single beliefs, and changes that are taken back."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.profile.confidence import CONFIRMED_SUPPORT
from engine.profile.correction import correct, keep, strike_out
from engine.profile.profile import Change, Profile, observe
from engine.profile.revision import forget
from engine.profile.undoing import undo
from storage.beliefs import BeliefStatus, Cause, ProfileChange
from storage.records import Message, Origin
from tests.engine.profile.test_profile import SAYINGS, START, VECTOR, after, held, message

LATER = START + timedelta(hours=5)


def entry(change: Change, *, cause: Cause = Cause.CORRECTION) -> ProfileChange:
    """A change as it stands in the history."""
    return ProfileChange(change_id=1, at=LATER, cause=cause, message_id=None, edits=change.edits)


def correction(number: int, text: str) -> Message:
    return message(number, text, origin=Origin.CORRECTION)


def test_the_right_value_stands_in_the_users_words_and_the_old_one_stays_as_history():
    profile = correct(after("I live in Paris."), 1, correction(9, "  Bergen,\nby the sea ")).profile
    assert held(profile) == [("city", "Bergen, by the sea", 1)]
    old, new = profile.beliefs
    assert (old.status, old.valid_to) == (BeliefStatus.SUPERSEDED, correction(9, "").created_at)
    assert new.support == CONFIRMED_SUPPORT
    assert [(one.message_id, one.quote) for one in new.evidence] == [(9, "  Bergen,\nby the sea ")]


@pytest.mark.parametrize("older", ["I live in Rome.", "I live in Paris."])
def test_nothing_older_overrules_a_correction(older: str):
    profile = correct(after("I live in Paris.", first=4), 1, correction(9, "Bergen")).profile
    assert held(observe(profile, message(6, older), VECTOR).profile) == [("city", "Bergen", 1)]
    assert held(observe(profile, message(10, older), VECTOR).profile) != [("city", "Bergen", 1)]


@pytest.mark.parametrize("says", ["I love tea.", "I hate tea."])
def test_what_was_struck_out_is_not_revived_by_what_was_said_before(says: str):
    struck = strike_out(after(says, first=4), 1, START + timedelta(minutes=9)).profile
    assert held(struck) == held(observe(struck, message(6, says), VECTOR).profile) == []
    assert len(held(observe(struck, message(10, says), VECTOR).profile)) == 1


def test_a_corrected_dislike_stays_a_dislike_and_closes_what_says_the_same():
    profile = after("I hate rain.", "I love snow.")
    assert held(correct(profile, 1, correction(9, "snow")).profile) == [("likes", "snow", -1)]


def test_what_waited_for_the_users_word_is_not_made_history():
    profile = after("I love going to church.")
    change = correct(profile, 1, correction(9, "going to museums"))
    assert [edit.before for edit in change.edits] == [None]
    assert held(change.profile) == [("likes", "going to museums", 1)]


def test_a_delicate_value_that_the_user_wrote_needs_no_further_word():
    profile = correct(after("I love tea."), 1, correction(9, "going to church")).profile
    assert held(profile) == [("likes", "going to church", 1)]


def test_a_belief_that_is_closed_or_gone_is_not_corrected():
    profile = after("I live in Paris.", "I've moved to Oslo.")
    for belief_id in (1, 99):
        assert correct(profile, belief_id, correction(9, "Bergen")).edits == ()
        assert strike_out(profile, belief_id, LATER).edits == ()


def test_a_correction_that_is_forgotten_leaves_what_was_before():
    profile = correct(after("I live in Paris."), 1, correction(9, "Bergen")).profile
    assert forget(profile, [correction(9, "Bergen")]).beliefs == after("I live in Paris.").beliefs


@given(st.lists(st.sampled_from(SAYINGS), max_size=8), st.sampled_from(SAYINGS))
def test_undoing_the_last_change_restores_what_held_before(texts: list[str], newest: str):
    before = after(*texts)
    change = observe(before, message(len(texts) + 1, newest), VECTOR)
    undone = undo(change.profile, entry(change, cause=Cause.MESSAGE), LATER)
    if undone.edits:
        assert undone.profile.held == before.held
    else:
        assert held(change.profile) == held(before)


@given(st.lists(st.sampled_from(SAYINGS), min_size=1, max_size=6), st.data())
def test_undoing_change_after_change_leads_back_to_the_beginning(texts: list[str], data: st.DataObject):
    profile, changes, told = Profile(), list[ProfileChange](), list[list[tuple[str, str, int]]]()
    for number, text in enumerate(texts, start=1):
        told.append(sorted(held(profile)))
        change = observe(profile, message(number, text), VECTOR)
        changes.append(entry(change, cause=Cause.MESSAGE))
        profile = change.profile
        open_ids = [belief.belief_id for belief in (*profile.held, *profile.pending)]
        if open_ids:
            act = data.draw(st.sampled_from((keep, strike_out)))
            told.append(sorted(held(profile)))
            change = act(profile, data.draw(st.sampled_from(open_ids)), message(number, "").created_at)
            changes.append(entry(change))
            profile = change.profile
    for made, before in zip(reversed(changes), reversed(told), strict=True):
        profile = undo(profile, made, LATER).profile
        assert sorted(held(profile)) == before
    assert not any(undo(profile, made, LATER).edits for made in changes), "each can be undone once"


@pytest.mark.parametrize("act", [keep, strike_out])
def test_what_the_user_did_to_a_belief_is_undone_to_the_letter(act):
    profile = after("I love going to church.", "I live in Oslo.", "I love tea.")
    for belief_id in (1, 2, 3):
        change = act(profile, belief_id, LATER)
        assert undo(change.profile, entry(change), LATER).profile == profile


def test_an_undone_correction_brings_the_old_value_back():
    profile = after("I live in Paris.")
    change = correct(profile, 1, correction(9, "Bergen"))
    undone = undo(change.profile, entry(change), LATER).profile
    assert undone.held == profile.held
    assert undone.beliefs[1].status is BeliefStatus.RETRACTED


def test_nothing_is_undone_where_something_newer_stands():
    profile = after("I live in Paris.")
    struck = strike_out(profile, 1, START + timedelta(minutes=2))
    moved = after("I live in Oslo.", profile=struck.profile, first=3)
    assert undo(moved, entry(struck), LATER).edits == ()
    corrected = correct(profile, 1, correction(9, "Bergen"))
    newer = after("I've moved to Rome.", profile=corrected.profile, first=10)
    assert undo(newer, entry(corrected), LATER).edits == ()


def test_nothing_is_undone_of_what_is_gone_or_of_an_undo():
    profile = after("I love tea.")
    struck = strike_out(profile, 1, LATER)
    assert undo(Profile(), entry(struck), LATER).edits == ()
    undone = undo(struck.profile, entry(struck), LATER)
    assert undo(undone.profile, entry(undone, cause=Cause.UNDO), LATER).edits == ()


def test_an_undo_brings_no_lost_words_back():
    profile = after("I love tea.", "I really love tea!")
    struck = strike_out(profile, 1, START + timedelta(hours=1))
    lost = forget(struck.profile, [message(2, "I really love tea!")])
    undone = undo(lost, entry(struck), LATER).profile
    assert [one.quote for one in undone.held[0].evidence] == ["I love tea."]
