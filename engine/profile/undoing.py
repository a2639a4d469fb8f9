"""Taking back one change of a profile by a further one (pure): the history only grows."""

from dataclasses import replace
from datetime import datetime

from engine.profile.profile import Change, Profile, applied, overruled_by, retracted
from storage.beliefs import Belief, BeliefStatus, Cause, Edit, ProfileChange


def undo(profile: Profile, change: ProfileChange, at: datetime) -> Change:
    """What a change began is taken back, and what it closed, struck out or confirmed is as it was before.

    All of it or nothing: no edits where something newer has changed one of these beliefs, or stands in the
    place of one; where one is gone; and of what is an undo itself. What waits for the user's word stays, and
    so do the words that beliefs rest on: none that were lost since then come back.
    """
    unchanged = Change(profile=profile)
    if change.cause is Cause.UNDO:
        return unchanged
    now = {belief.belief_id: belief for belief in profile.beliefs}
    edits: list[Edit] = []
    for edit in change.edits:
        if edit.after is None or not _tells(edit):
            continue
        belief = now.get(edit.after.belief_id)
        if belief is None or not _stands(edit, belief):
            return unchanged
        before = retracted(belief, at) if edit.before is None else _as_before(belief, edit.before)
        edits.append(Edit(before=belief, after=before))
    undone = applied(profile, edits)
    return unchanged if _is_contradicted(undone) else undone


def telling(change: ProfileChange) -> list[Edit]:
    """The edits of a change that a person would call a change: what is only said once more is none."""
    return [edit for edit in change.edits if _tells(edit)]


def _tells(edit: Edit) -> bool:
    before, after = edit.before, edit.after
    if before is None or after is None:
        return after is not None and after.status is BeliefStatus.ACTIVE
    if before.valid_to is not None:  # it holds again since the words that had closed it were changed
        return False
    return before != after and before.times_said == after.times_said


def _stands(edit: Edit, belief: Belief) -> bool:
    """Whether a belief is still what the edit has made of it."""
    before, after = edit.before, edit.after
    assert after is not None, "an edit that tells something has left a belief"
    if before is not None and before.status is after.status:
        return belief == after
    return (belief.status, belief.valid_to) == (after.status, after.valid_to)


def _as_before(belief: Belief, before: Belief) -> Belief:
    return replace(
        belief,
        status=before.status,
        support=before.support,
        against=before.against,
        last_seen=before.last_seen,
        valid_to=before.valid_to,
    )


def _is_contradicted(undone: Change) -> bool:
    """Whether a belief that holds again cannot hold beside another one."""
    again = [edit.after for edit in undone.edits if edit.after is not None]
    return any(
        rival.status is BeliefStatus.ACTIVE
        for belief in again
        if belief.status is BeliefStatus.ACTIVE
        for rival in overruled_by(belief, undone.profile.beliefs)
    )
