"""From rated turns to training examples: what the user would have wanted to read, in its context (pure).

A correction says it outright, a liked reply says it again, an unrated one only that nobody objected. What the
user disliked is never a target; of somebody who rates by thumbs alone it tells what to keep away from. Only
typed and spoken words count: a forwarded text or a web page may carry instructions of somebody else.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from engine.language.model import ChatMessage
from engine.tuning.redaction import Redactor
from storage.records import FinishReason, Message, Origin, RatedTurn, Rating, Role

CONTEXT_TURNS = 3
"""Earlier turns of the same conversation that an example keeps."""

MOST_EXAMPLES = 400
"""The newest ones of a user; a night has to end."""

_LEARNABLE = frozenset({Origin.TYPED, Origin.SPOKEN})

FEWEST_THUMBS = 5
"""So many up and so many down tell one from the other."""

ENOUGH_CORRECTIONS = 8
"""From so many on dislikes add nothing (docs/learning.md)."""

_POINTS_NEEDED = 60
_HELD_OUT_SHARE = 0.2
_MOST_HELD_OUT = 40


class Evidence(StrEnum):
    """What the user said of a target."""

    CORRECTED = "corrected"
    LIKED = "liked"
    UNRATED = "unrated"
    DISLIKED = "disliked"


WEIGHTS = {Evidence.CORRECTED: 2.0, Evidence.LIKED: 1.5, Evidence.UNRATED: 0.5, Evidence.DISLIKED: 1.5}
"""How often a target is learnt, relative to the others."""

_POINTS = {Evidence.CORRECTED: 7.5, Evidence.LIKED: 2.5, Evidence.UNRATED: 0.25, Evidence.DISLIKED: 1.25}
"""Evidence per turn: 8 corrections reach the 60 points, or 24 liked replies, or 240 without a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A reply to learn, or to keep away from. `context` ends with the question; `message_ids` are all used
    ones, the reply last.

    `rejected` is what the user was told and has corrected, or disliked before they liked another answer.
    """

    message_ids: tuple[int, ...]
    context: tuple[ChatMessage, ...]
    reply: str
    evidence: Evidence
    conversation_id: int = 0
    rejected: str | None = None

    @property
    def wanted(self) -> bool:
        """Whether it is what the user would like to read."""
        return self.evidence is not Evidence.DISLIKED

    @property
    def weight(self) -> float:
        """How often it is learnt, relative to the others."""
        return WEIGHTS[self.evidence]


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Examples to train on, and later ones that judge the result: wanted replies, and disliked ones beside
    them if those are learnt from.
    """

    train: tuple[Example, ...]
    held_out: tuple[Example, ...]
    disliked: tuple[Example, ...] = ()


@dataclass(slots=True)
class _Conversation:
    """What has been read of one conversation."""

    redactor: Redactor
    turns: list[tuple[tuple[int, int], tuple[ChatMessage, ChatMessage]]]


def build_examples(turns: Iterable[RatedTurn]) -> list[Example]:
    """The newest examples of one user, oldest first, from turns that are oldest first.

    Disliked replies are among them where they teach something.
    """
    conversations: dict[int, _Conversation] = {}
    examples: dict[tuple[str, str], Example] = {}
    for turn in turns:
        if turn.question.origin not in _LEARNABLE or turn.reply.origin not in _LEARNABLE:
            continue
        if turn.question.quoted is not None:
            continue  # the reply may say what the quoted text says, and that was written by somebody else
        key = turn.question.conversation_id
        conversation = conversations.setdefault(key, _Conversation(Redactor(), []))
        example = _example(turn, conversation)
        if example is not None:
            same = (_folded(example.context[-1].content), _folded(example.reply))
            examples.pop(same, None)  # said twice counts once, where it was said last
            examples[same] = example
    newest = list(examples.values())[-MOST_EXAMPLES:]
    return newest if dislikes_teach(newest) else wanted_of(newest)


def wanted_of(examples: Iterable[Example]) -> list[Example]:
    """Those that the user would like to read."""
    return [one for one in examples if one.wanted]


def dislikes_teach(examples: Iterable[Example]) -> bool:
    """Whether somebody rates by thumbs, up and down, and hardly corrects anything."""
    count = Counter(one.evidence for one in examples)
    fewest = min(count[Evidence.LIKED], count[Evidence.DISLIKED])
    return fewest >= FEWEST_THUMBS and count[Evidence.CORRECTED] < ENOUGH_CORRECTIONS


def evidence_points(examples: Iterable[Example]) -> float:
    """How much there is to learn from."""
    return sum(_POINTS[example.evidence] for example in examples)


def missing_evidence(examples: Sequence[Example]) -> str | None:
    """What is lacking for tuning, in one plain sentence; None when there is enough."""
    missing = _POINTS_NEEDED - evidence_points(examples)
    if missing <= 0:
        return None
    corrections, liked, messages = (
        -(-missing // _POINTS[evidence])
        for evidence in (Evidence.CORRECTED, Evidence.LIKED, Evidence.UNRATED)
    )
    return (
        f"There is not enough to learn from yet: {corrections:.0f} more corrections, or {liked:.0f} more"
        f" liked replies, or {messages:.0f} more messages would do."
    )


def split_by_time(examples: Sequence[Example]) -> Split:
    """Hold the last fifth of what was rated back, at least two or three; nothing later is trained on.

    So it is of what was disliked, by itself: where replies get better, the last dislikes are old.
    """
    held_out = _last(judged_by_the_user(examples))
    disliked = _last([one for one in examples if not one.wanted])
    return Split(
        train=tuple(one for one in examples if _is_before(one, held_out if one.wanted else disliked)),
        held_out=tuple(held_out),
        disliked=tuple(disliked),
    )


def judged_by_the_user(examples: Sequence[Example]) -> list[Example]:
    """Those that were liked or corrected; all wanted ones when there are none.

    A reply that nobody rated is what the weights of its time would say anyhow.
    """
    wanted = wanted_of(examples)
    return [one for one in wanted if one.evidence is not Evidence.UNRATED] or wanted


def _last(rated: Sequence[Example]) -> Sequence[Example]:
    fewest = 3 if len(rated) >= 12 else 2
    return rated[-min(max(fewest, round(len(rated) * _HELD_OUT_SHARE)), _MOST_HELD_OUT) :]


def _is_before(example: Example, held_out: Sequence[Example]) -> bool:
    return example.message_ids[-1] < held_out[0].message_ids[-1]


def fingerprint(examples: Iterable[Example]) -> str:
    """A digest that changes when anything that would be learnt changes; it gives no text away."""
    digest = hashlib.sha256()
    for example in examples:
        digest.update(json.dumps([example.message_ids, example.reply, example.evidence]).encode())
    return digest.hexdigest()


def _example(turn: RatedTurn, conversation: _Conversation) -> Example | None:
    """The example of one turn, if it is one; either way the turn becomes context of the following."""
    evidence, target = _judged(turn)
    redact = conversation.redactor.redact
    question = ChatMessage(Role.USER, redact(turn.question.text))
    wanted = ChatMessage(Role.ASSISTANT, redact(target).strip())
    rejected = _rejected(turn, evidence)
    refused = [] if rejected is None or rejected is turn.reply else [rejected.message_id]
    ids = (turn.question.message_id, turn.reply.message_id)
    before = conversation.turns[-CONTEXT_TURNS:]
    conversation.turns.append((ids, (question, wanted)))
    if evidence is None or not wanted.content or not question.content.strip():
        return None
    return Example(
        message_ids=(
            *(message_id for earlier, _ in before for message_id in earlier),
            *refused,
            *ids,
        ),
        context=(*(message for _, earlier in before for message in earlier), question),
        reply=wanted.content,
        evidence=evidence,
        conversation_id=turn.reply.conversation_id,
        rejected=None if rejected is None else redact(rejected.text).strip(),
    )


def _rejected(turn: RatedTurn, evidence: Evidence | None) -> Message | None:
    """What was less wanted than the target: the reply as it was, or one disliked where another was liked."""
    if evidence is Evidence.CORRECTED:
        return turn.reply
    refused = turn.refused
    if evidence is Evidence.LIKED and refused is not None and refused.origin in _LEARNABLE:
        return refused
    return None


def _judged(turn: RatedTurn) -> tuple[Evidence | None, str]:
    """The evidence of a turn, None when it must not be learnt, and what the reply should have been."""
    rating: Rating | None = turn.rating
    unrated = Evidence.UNRATED if _stands_alone(turn.reply) else None
    if rating is None:
        return (None if _is_control(turn.reply) else unrated), turn.reply.text
    if rating.correction is not None and rating.correction.strip():
        return Evidence.CORRECTED, rating.correction
    if rating.value == 1:
        return unrated and Evidence.LIKED, turn.reply.text
    if rating.value == -1:
        return unrated and Evidence.DISLIKED, turn.reply.text
    # A remark without a thumb is a wish, so the reply was not what the user wanted.
    return None if rating.note is not None else unrated, turn.reply.text


def _stands_alone(reply: Message) -> bool:
    """Whether a reply may be learnt as it is.

    One that was cut or stopped would teach to break off; one that rests on recall, or tells what stood on the
    card of the profile, to say it unasked. That a card was there is no hindrance: it nearly always is.
    """
    how = reply.generation
    if how is None:
        return True
    return how.finish_reason is FinishReason.STOP and not how.view.recalled and not how.view.echoed


def _is_control(reply: Message) -> bool:
    """Whether a reply was left to the base to be compared: without a rating nobody has asked for it."""
    return reply.generation is not None and reply.generation.view.control


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
