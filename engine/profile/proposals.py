"""What a language model reads of a user in their messages, held against what they really wrote (pure)."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.language.model import ChatMessage
from engine.profile.claims import Claim
from engine.profile.facts import is_of_its_author, says_something
from engine.profile.profile import Change, Profile, believe
from engine.profile.sentences import own_words, stated_clauses
from storage.beliefs import SELF, BeliefKind, BeliefStatus, Edit
from storage.records import Message, Role

MOST_READ = 200
"""So many messages of a user are read in a night, the newest."""

_MOST_VALUE_CHARACTERS = 60
_MOST_MESSAGE_CHARACTERS = 500

_KINDS: Mapping[str, BeliefKind] = {
    **dict.fromkeys(
        (
            "name",
            "age",
            "birthday",
            "city",
            "origin",
            "job",
            "employer",
            "studies",
            "diet",
            "marital status",
            "pet",
            "children",
            "siblings",
            "partner",
            "has",
            "is",
            "fears",
            "allergy",
        ),
        BeliefKind.FACT,
    ),
    **dict.fromkeys(("does", "plays", "speaks", "good at"), BeliefKind.BEHAVIOUR),
    **dict.fromkeys(("likes", "dislikes"), BeliefKind.PREFERENCE),
    "wants": BeliefKind.INTEREST,
}
"""The slots that a model may fill: those that the patterns fill, so that new and old values meet."""

_TASK = (
    "Below are messages of one person, each after its number. What do they state of themselves that will"
    " still hold in a month? Write one JSON object a line for each such thing, as in\n"
    '{{"message": 7, "slot": "city", "value": "Oslo", "quote": "I live in Oslo"}}\n'
    "Copy the quote letter by letter from that message, and the value letter by letter from the quote. The"
    " slot is one of: {slots}. Leave out questions, suppositions, what is denied, and other people. Write"
    " nothing else; if there is nothing, write nothing.\n\n{messages}"
)

_OBJECT = re.compile(r"\{[^{}\n]*\}")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A claim and the message that says it."""

    claim: Claim
    message: Message


def worth_reading(messages: Sequence[Message]) -> list[Message]:
    """Those in which their author states something in their own voice."""
    return [message for message in messages if any(True for _ in stated_clauses(message.text))]


def task_over(messages: Sequence[Message]) -> tuple[ChatMessage, ...]:
    """The prompt that asks for beliefs; each message stands on one line, in its author's own words."""
    lines = (
        f"{message.message_id}: {' '.join(own_words(message.text).split())[:_MOST_MESSAGE_CHARACTERS]}"
        for message in messages
    )
    task = _TASK.format(slots=", ".join(_KINDS), messages="\n".join(lines))
    return (ChatMessage(Role.USER, task),)


def proposals_in(answer: str, messages: Sequence[Message]) -> Iterator[Proposal]:
    """What of an answer can be believed.

    The quote must stand in that message in its author's own words, and the value in the quote and in a clause
    that states something of the author and denies nothing. All else is thrown away.
    """
    by_id = {message.message_id: message for message in messages}
    for written in _OBJECT.findall(answer):
        proposal = _accepted(_fields(written), by_id)
        if proposal is not None:
            yield proposal


def _is_new(profile: Profile, proposal: Proposal) -> bool:
    """Whether a proposal says more than is known already, and nothing that the user has taken back."""
    message, claim = proposal.message, proposal.claim
    resting = [
        belief
        for belief in profile.beliefs
        if any(one.message_id == message.message_id for one in belief.evidence)
    ]
    if resting and all(belief.valid_to is not None for belief in resting):
        return False  # what this message said is over
    is_known = any(
        _within(claim.value, belief.value) or _within(belief.value, claim.value) for belief in resting
    )
    is_taken_back = any(
        belief.status is BeliefStatus.RETRACTED
        and _folded(belief.value) == _folded(claim.value)
        and belief.valid_to is not None
        and belief.valid_to >= message.created_at
        for belief in profile.beliefs
    )
    return not is_known and not is_taken_back


def learn(profile: Profile, answer: str, messages: Sequence[Message]) -> Change:
    """Believe what of an answer can be believed and is new."""
    edits: list[Edit] = []
    for proposal in proposals_in(answer, messages):
        if _is_new(profile, proposal):
            said = proposal.message
            change = believe(profile, [proposal.claim], said.message_id, said.created_at)
            profile, edits = change.profile, [*edits, *change.edits]
    return Change(profile=profile, edits=tuple(edits))


def _fields(written: str) -> dict[str, Any]:
    try:
        fields = json.loads(written)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def _accepted(fields: Mapping[str, Any], by_id: Mapping[int, Message]) -> Proposal | None:
    match fields:
        case {"message": int(number), "slot": str(slot), "value": str(value), "quote": str(quote)}:
            message, value = by_id.get(number), value.strip(" .,!。，！")
        case _:
            return None
    if message is None or slot not in _KINDS or not _is_stated(value, slot, quote, message):
        return None
    claim = Claim(
        kind=_KINDS[slot],
        slot="likes" if slot == "dislikes" else slot,
        value=value,
        quote=quote.strip(),
        subject=SELF,
        polarity=-1 if slot == "dislikes" else 1,
        context=quote,
    )
    return Proposal(claim, message)


def _is_stated(value: str, slot: str, quote: str, message: Message) -> bool:
    if not 0 < len(value) <= _MOST_VALUE_CHARACTERS or not says_something(value, slot):
        return False
    if not _within(value, quote) or not _within(quote, own_words(message.text)):
        return False
    saying = [clause.text for clause in stated_clauses(message.text) if _within(value, clause.text)]
    return any(is_of_its_author(clause) for clause in saying)


def _within(part: str, whole: str) -> bool:
    return _folded(part) in _folded(whole)


def _folded(text: str) -> str:
    return " ".join(text.replace("’", "'").casefold().split())
