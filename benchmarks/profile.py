"""What the profile learns, how surely, and how fast.

    python -m benchmarks.profile [--data FOLDER] [--messages 200000] [--sample 0] [--json]

Four parts. *Sessions*: our own seeded conversations, in which it is known what must be believed; they share
their author with the patterns, so that they can only tell that nothing has broken. *Personas* (needs
`synthetic_persona_chat_test.csv.gz` in the folder): both sides of conversations, of which a profile may learn
only one. *Speed*: from a message to a stored profile, embedding included, after a short and after a long
history. *Replay*: real messages of the `chitchat-dataset` package (senders whose id begins with 0 to 7), each
through the whole step; an error ends the run.

A persona sentence is *learnt* when a belief about its speaker has at least half of its content words in the
sentence, and the sentence at least three tenths of its own in the belief; *stated* when one line of the
speaker has at least three fifths of its content words; *within reach* when one has three tenths of them, for
nothing less can be learnt. Words are compared by stem, words like "I" and "love" left out. The patterns were
written by the conversations in even places (`seen`); the others (`unseen`) are the test.

Whether a belief is true cannot be read from the personas, since the speakers invent as they talk: `--sample`
prints so many beliefs of the unseen half, drawn at random, each beside the sentence it was taken from, to
be judged by a reader.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from chitchat_dataset import Dataset

from benchmarks.persona_chat import FILE, Speaker, conversations
from benchmarks.replay import percentile
from engine.profile.document import document_of
from engine.profile.embedding import Embedder, NanoEmbedder
from engine.profile.engine import ProfileEngine
from engine.profile.keys import canonical_key
from engine.profile.profile import Profile, observe
from storage.beliefs import SELF, Belief, Cause, Edit
from storage.database import Database
from storage.profiles import ProfileStore
from storage.records import Message, Role
from storage.users import UserStore
from tests.engine.profile.sessions import BEGIN, Line, judge, message_of, sessions

_VECTOR = np.eye(1, 384, dtype=np.float32)[0]
_SHORT, _TIMED = 100, 200
_STATED, _REACH = 0.6, 0.3
_EMPTY = frozenset(
    canonical_key(
        "i me a the is are am was be been of in on at and or with for it have do"
        " like love enjoy favourite favorite"
    ).split()
)


def session_figures(count: int) -> dict[str, float]:
    """The share of right answers by language and kind, and how many refused values were learnt."""
    right: defaultdict[str, list[bool]] = defaultdict(list)
    learnt = 0
    for language in ("en", "zh"):
        for session in sessions(language, count, seed=1):
            for one in judge(session, _after(session.messages)):
                right[f"{language}_{one.kind}"].append(one.right)
                learnt += len(one.learnt)
    return {name: sum(marks) / len(marks) for name, marks in sorted(right.items())} | {
        "refused_learnt": learnt
    }


@dataclass
class _Counts:
    """Persona sentences of one half of the conversations, and the beliefs about its speakers."""

    sentences: int = 0
    stated: int = 0
    within_reach: int = 0
    learnt: int = 0
    stated_learnt: int = 0
    beliefs: int = 0
    own: int = 0
    rightly_attributed: int = 0
    missed: list[tuple[float, str, str]] = field(default_factory=list[tuple[float, str, str]])
    strayed: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def add(self, speaker: Speaker, other: Speaker, held: Sequence[Belief]) -> None:
        """Count one speaker."""
        keys = [_content(f"{belief.subject} {belief.value}") for belief in held]
        self.beliefs += len(held)
        self.rightly_attributed += sum(_is_said_by(speaker, belief) for belief in held)
        for belief, key in zip(held, keys, strict=True):
            is_own = any(_covers(key, _content(sentence)) for sentence in speaker.persona)
            self.own += is_own
            if not is_own and any(_covers(key, _content(one)) for one in other.persona):
                self.strayed.append((belief.value, belief.evidence[0].quote))
        for sentence in speaker.persona:
            content = _content(sentence)
            if content:
                self._add_sentence(sentence, speaker, any(_covers(key, content) for key in keys))

    def _add_sentence(self, sentence: str, speaker: Speaker, is_learnt: bool) -> None:
        shares = [(_share(_content(sentence), _content(line)), line) for line in speaker.lines]
        share, line = max(shares, default=(0.0, ""))
        self.sentences, self.learnt = self.sentences + 1, self.learnt + is_learnt
        self.within_reach += share >= _REACH
        if share >= _STATED:
            self.stated, self.stated_learnt = self.stated + 1, self.stated_learnt + is_learnt
            if not is_learnt:
                self.missed.append((share, sentence, line))

    def figures(self, half: str) -> dict[str, float]:
        """The shares, named after the half."""
        return {
            f"{half}_beliefs": self.beliefs,
            f"{half}_attribution": self.rightly_attributed / self.beliefs,
            f"{half}_recall_of_stated": self.stated_learnt / self.stated,
            f"{half}_recall_of_all": self.learnt / self.sentences,
            f"{half}_stated_share": self.stated / self.sentences,
            f"{half}_within_reach_share": self.within_reach / self.sentences,
            f"{half}_beliefs_in_own_persona": self.own / self.beliefs,
            f"{half}_beliefs_in_others_persona_only": len(self.strayed) / self.beliefs,
        }


def persona_figures(folder: Path, *, sample: int) -> dict[str, float]:
    """Recall on the personas and whose words each belief rests on; prints the worst of what was seen."""
    halves = {"seen": _Counts(), "unseen": _Counts()}
    drawn: list[Belief] = []
    for place, pair in enumerate(conversations(folder)):
        half = "unseen" if place % 2 else "seen"
        for speaker, other in (pair, pair[::-1]):
            held = _talk(speaker, other)
            halves[half].add(speaker, other, held)
            drawn += held if half == "unseen" else ()
    _print_worst(halves["seen"].missed, halves["seen"].strayed)
    for belief in random.Random(0).sample(drawn, sample):
        said = f"{belief.subject} · {belief.slot} · {belief.value} ({belief.polarity:+d})"
        print(f"  {said}   <- {belief.evidence[0].quote}")
    return {name: value for half, counts in halves.items() for name, value in counts.figures(half).items()}


def _print_worst(missed: list[tuple[float, str, str]], strayed: list[tuple[str, str]]) -> None:
    print("\nTen persona sentences that were said nearly word for word and not learnt:")
    for _, sentence, line in sorted(set(missed), key=lambda one: (-one[0], len(one[2])))[:10]:
        print(f"  {sentence}   <- {line}")
    print("\nTen beliefs that only the other speaker's persona has:")
    for value, quote in random.Random(0).sample(strayed, min(10, len(strayed))):
        print(f"  {value}   <- {quote}")
    print()


async def speed_figures(folder: Path, *, history: int) -> dict[str, float]:
    """Milliseconds from a message to a stored profile after a short and after a long history, in one run."""
    texts = real_texts(history + _TIMED)
    engines: dict[int, tuple[ProfileEngine, Database]] = {}
    for count in (_SHORT, history):
        embedder = NanoEmbedder()  # one each, since it keeps its latest vectors
        await embedder.embed("The model is loaded at its first use.")
        engines[count] = await engine_after(folder / f"{count}.db", texts[:count], embedder)
    seconds: dict[int, list[float]] = {_SHORT: [], history: []}
    at_work: dict[int, list[float]] = {_SHORT: [], history: []}
    for place, text in enumerate(texts[-_TIMED:]):
        # In turns and in either order, so that whatever else runs slows both, and neither warms up the other.
        for count, (engine, _) in sorted(engines.items(), reverse=place % 2 == 1):
            message = message_after(count + place, text)
            begun, worked = time.perf_counter(), time.process_time()
            await engine.observe(message)
            seconds[count].append(time.perf_counter() - begun)
            at_work[count].append(time.process_time() - worked)
    for _, database in engines.values():
        await database.close()
    return _step_figures("observe", seconds, history) | _step_figures("observe_processor", at_work, history)


def _step_figures(name: str, seconds: dict[int, list[float]], history: int) -> dict[str, float]:
    """The steps after a short and a long history; time of the processor counts no waiting for other work."""
    short, long = (1_000 * percentile(seconds[count], 95) for count in (_SHORT, history))
    medians = [float(np.median(seconds[count])) for count in (_SHORT, history)]
    return {
        f"{name}_ms_p95": short,
        f"{name}_ms_p95_long_history": long,
        f"{name}_long_to_short_p95": long / short,
        f"{name}_long_to_short_median": medians[1] / medians[0],
    }


async def engine_after(
    path: Path, texts: Sequence[str], embedder: Embedder
) -> tuple[ProfileEngine, Database]:
    """An engine whose user has said all this; the vectors are drawn, since only the profile's size counts."""
    database = await Database.open(path)
    await UserStore(database).add(1, name="Ada", is_owner=False, now=BEGIN)
    store, profile, chance = ProfileStore(database), Profile(), np.random.default_rng(0)
    edits: dict[int, Edit] = {}
    for place, text in enumerate(texts):
        vector = chance.standard_normal(384).astype(np.float32)
        change = observe(profile, _message(place + 1, text), vector / np.linalg.norm(vector))
        profile = change.profile
        edits |= {edit.after.belief_id: edit for edit in change.edits if edit.after is not None}
    await store.save(
        1,
        revision=0,
        last_message_id=profile.last_message_id,
        document=document_of(profile),
        edits=tuple(edits.values()),
        at=BEGIN,
        cause=Cause.MESSAGE,
        message_id=None,
    )
    return ProfileEngine.over(database, embedder=embedder, now=lambda: BEGIN, timezone=UTC), database


def replay_figures(count: int) -> dict[str, float]:
    """Real messages through the step, each sender with a profile of their own."""
    profiles: defaultdict[str, Profile] = defaultdict(Profile)
    beliefs = messages = errors = 0
    for number, (sender, text) in enumerate(_real_messages(), start=1):
        if number > count:
            break
        messages = number
        try:
            change = observe(profiles[sender], _message(number, text), _VECTOR)
        except Exception as error:  # noqa: BLE001
            errors += 1
            print(f"message {number}: {type(error).__name__}", file=sys.stderr)
            continue
        profiles[sender] = change.profile
        beliefs += sum(edit.before is None for edit in change.edits)
    return {
        "replayed": messages,
        "replayed_people": len(profiles),
        "replayed_new_beliefs": beliefs,
        "replay_errors": errors,
    }


def _real_messages() -> Iterator[tuple[str, str]]:
    source: Any = Dataset()
    for conversation in source.values():
        for message in (message for turn in conversation["messages"] for message in turn):
            if message["sender"][0] in "01234567" and message["text"].strip():
                yield message["sender"], message["text"].strip()


def real_texts(count: int) -> list[str]:
    """The first messages of the data set."""
    return [text for _, (_, text) in zip(range(count), _real_messages(), strict=False)]


def _after(messages: Sequence[Message]) -> Profile:
    profile = Profile()
    for message in messages:
        profile = observe(profile, message, _VECTOR).profile
    return profile


def message_after(count: int, text: str) -> Message:
    """The message of the user that follows so many others."""
    return _message(count + 1, text)


def _message(number: int, text: str, role: Role = Role.USER) -> Message:
    return message_of(Line(text, role), message_id=number, at=BEGIN + timedelta(minutes=number))


def _talk(speaker: Speaker, other: Speaker) -> Sequence[Belief]:
    """What is held of a speaker after the conversation, in which the other one is the assistant."""
    turns = [
        (role, line)
        for place in range(max(len(speaker.lines), len(other.lines)))
        for role, lines in ((Role.USER, speaker.lines), (Role.ASSISTANT, other.lines))
        for line in lines[place : place + 1]
    ]
    profile = _after([_message(number, line, role) for number, (role, line) in enumerate(turns, start=1)])
    return (*profile.held, *profile.pending)


def _is_said_by(speaker: Speaker, belief: Belief) -> bool:
    """Whether a belief rests on the speaker's own lines alone."""
    return all(any(one.quote in line for line in speaker.lines) for one in belief.evidence)


def _content(text: str) -> frozenset[str]:
    return frozenset(canonical_key(text).split()) - _EMPTY - {SELF}


def _share(part: frozenset[str], whole: frozenset[str]) -> float:
    return len(part & whole) / len(part) if part else 0.0


def _covers(belief: frozenset[str], sentence: frozenset[str]) -> bool:
    return _share(belief, sentence) >= 0.5 and _share(sentence, belief) >= _REACH


async def measure(arguments: argparse.Namespace) -> dict[str, float]:
    """All parts; that of the personas only when its file is there."""
    figures = _told(session_figures(arguments.sessions))
    if (arguments.data / FILE).is_file():
        figures |= _told(persona_figures(arguments.data, sample=arguments.sample))
    else:
        print(f"No {FILE} in {arguments.data}: what is learnt of personas is not measured.")
    with tempfile.TemporaryDirectory(prefix="mynah-profile-") as folder:
        figures |= _told(await speed_figures(Path(folder), history=arguments.history))
    return figures | _told(replay_figures(arguments.messages))


def _told(figures: dict[str, float]) -> dict[str, float]:
    """Prints figures as they come; each part takes minutes."""
    for name, value in figures.items():
        print(f"{name:34} {value:12.3f}", flush=True)
    return figures


def main() -> int:
    """Print a table and, with `--json`, one object on the last line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("benchmarks/data"), help="folder of data sets")
    parser.add_argument("--sessions", type=int, default=100, help="of each language")
    parser.add_argument("--messages", type=int, default=20_000, help="real messages to replay")
    parser.add_argument("--history", type=int, default=100_000, help="messages of the long history")
    parser.add_argument("--sample", type=int, default=0, help="beliefs to print for a reader")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = asyncio.run(measure(arguments))
    if arguments.json:
        print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
