"""Messages that are changed or forgotten: what was learnt from their words is taken back (pure)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from engine.profile.embedding import Vector
from engine.profile.profile import Change, Profile, is_own_words, observe
from engine.profile.style import Style, observe_style
from engine.profile.topics import MOST_EVIDENCE, Topic, words_of
from storage.beliefs import Belief, BeliefStatus, Edit
from storage.records import Message, Origin, Role


def revise(profile: Profile, message: Message, *, before: str, vector: Vector) -> Change:
    """Unlearn `before` and learn the message as it reads now, unless it may no longer be learnt from."""
    unlearnt = _unlearn(profile, message, before)
    if not is_own_words(message):
        return unlearnt
    learnt = observe(unlearnt.profile, message, vector)
    return Change(profile=learnt.profile, edits=(*unlearnt.edits, *learnt.edits))


def forget(profile: Profile, messages: Sequence[Message]) -> Profile:
    """The profile as if these messages had never been, nor what was remarked about those that are replies,
    nor what they put in the place of a belief.
    """
    own = [message for message in messages if is_own_words(message)]
    topics = [topic for topic in profile.topics if not any(_names(message, topic) for message in own)]
    profile = replace(profile, topics=tuple(topics))
    for message in own:
        profile = _unlearn(profile, message, message.text).profile
    for message in messages:
        if message.role is not Role.ASSISTANT and message.origin is not Origin.CORRECTION:
            continue
        beliefs = [_without(belief, message) for belief in profile.beliefs]
        profile = replace(profile, beliefs=tuple(belief for belief in beliefs if belief is not None))
    return profile


def _names(message: Message, topic: Topic) -> bool:
    """Whether a topic may have its name from this message: from its first, which may be unknown by now."""
    may_be_first = topic.evidence[0] == message.message_id or len(topic.evidence) >= MOST_EVIDENCE
    return may_be_first and not set(topic.label.split()).isdisjoint(words_of(message.text))


def _unlearn(profile: Profile, message: Message, before: str) -> Change:
    edits = [
        Edit(before=belief, after=after)
        for belief in profile.beliefs
        if (after := _without(belief, message)) is not belief
    ]
    changed = {edit.before.belief_id: edit.after for edit in edits if edit.before is not None}
    beliefs = [changed.get(belief.belief_id, belief) for belief in profile.beliefs]
    topics = [_topic_without(topic, message) for topic in profile.topics]
    return Change(
        profile=replace(
            profile,
            style=_style_without(profile.style, before, message.created_at),
            topics=tuple(topic for topic in topics if topic is not None),
            beliefs=tuple(belief for belief in beliefs if belief is not None),
        ),
        edits=tuple(edits),
    )


def _without(belief: Belief, message: Message) -> Belief | None:
    """The belief as if the message had never been; None when it rests on nothing else."""
    evidence = tuple(one for one in belief.evidence if one.message_id != message.message_id)
    if len(evidence) < len(belief.evidence):
        if not evidence:
            return None
        return replace(
            belief,
            evidence=evidence,
            support=max(0.0, belief.support - 1.0),
            times_said=max(len(evidence), belief.times_said - 1),
        )
    if belief.status is BeliefStatus.SUPERSEDED and belief.valid_to == message.created_at:
        return replace(
            belief, status=BeliefStatus.ACTIVE, valid_to=None, against=max(0.0, belief.against - 1.0)
        )
    return belief


def _topic_without(topic: Topic, message: Message) -> Topic | None:
    evidence = tuple(one for one in topic.evidence if one != message.message_id)
    if not evidence:
        return None
    if len(evidence) == len(topic.evidence):
        return topic
    return replace(topic, evidence=evidence, weight=max(0.0, topic.weight - 1.0))


def _style_without(style: Style, text: str, at: datetime) -> Style:
    """The counters less what one message has added to them."""
    one = observe_style(Style(), text, at)
    hours = {hour: max(0, count - one.hours.get(hour, 0)) for hour, count in style.hours.items()}
    return Style(
        messages=max(0, style.messages - one.messages),
        words=max(0, style.words - one.words),
        lower_case=max(0, style.lower_case - one.lower_case),
        punctuated=max(0, style.punctuated - one.punctuated),
        with_emoji=max(0, style.with_emoji - one.with_emoji),
        chinese=max(0, style.chinese - one.chinese),
        latin=max(0, style.latin - one.latin),
        hours={hour: count for hour, count in hours.items() if count},
    )
