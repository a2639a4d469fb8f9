"""Whether an n-gram cache of somebody's words, mixed into the model's next token, pays without any training.

    python -m benchmarks.cache [--people 12] [--wishes 6] [--replies] [--json]

Simulated: users of `benchmarks.wishes` correct twenty replies each into the manner that they wish. Real:
the lines of people of `chitchat-dataset` (ids that begin with 0 to 7) as replies to what was said to them.
The first three fifths fill a cache, the fourth one chooses its weight and then fills it, too, and the last
one is scored: nats a token under the base model alone, and with a cache of the own words, of somebody
else's and of everybody's.

Then questions never seen are asked, with the caches and without. An oracle counts how many greedy replies
to the simulated users have the wished manner, and how many hold six words in a row of the answer to another
question.
"""

import argparse
import json
import random
import re
import statistics
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks.people import conversing, lines_of
from benchmarks.wishes import ASKED, WISHES, Wish, sentences
from engine.language.bundled import resolve_model
from engine.language.loading import load_model, load_tokenizer
from engine.language.model import ChatMessage, SamplingParams
from engine.language.sampling import RowSampler, draw
from engine.tuning.encoding import Row, encode_example, pad_left
from engine.tuning.examples import Evidence, Example
from storage.records import Role
from tests.test_loop import UNSEEN

WEIGHTS = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
SOURCES = ("own", "other", "all")

QUESTIONS = UNSEEN[::2]
ASKED_TOKENS = 60
REPLY_TOKENS = 48

FEW_LESSONS = 4
HEAVY = 0.9
"""A weight far above the chosen ones of the n-gram cache, at which every wish shows."""

_BEGIN = -1
"""Stands before the first token of a reply."""

_COPIED_WORDS = 6
_MOST_TOKENS = 320
_RESAMPLES = 10_000


@dataclass(frozen=True, slots=True)
class Scored:
    """The tokens of a reply, and the probability of each under the base, [tokens]."""

    tokens: tuple[int, ...]
    base: Tensor


@dataclass(frozen=True, slots=True)
class Kind:
    """How many tokens before the next one are looked at, and what is taken off each count."""

    lengths: range
    discount: float


KINDS = {
    "unigram": Kind(lengths=range(1), discount=0.0),
    "n-gram": Kind(lengths=range(4), discount=0.75),
    "said twice": Kind(lengths=range(1, 4), discount=1.0),
}
"""The unigram cache is that of Kuhn and De Mori (IEEE Transactions on Pattern Analysis and Machine
Intelligence 12, 1990). With a discount of 1, what followed a history but once counts for nothing: a manner
comes again, what was said in it does not."""


class Cache:
    """Counts of what followed a few tokens, smoothed down to the base's own prediction.

    Interpolated absolute discounting (Ney, Essen and Kneser, Computer Speech and Language 8, 1994): what is
    taken off the counts after a history goes to the one that is a token shorter, and from the shortest to the
    base.
    """

    def __init__(self, replies: Iterable[Sequence[int]], kind: Kind) -> None:
        self._kind = kind
        self._followers: defaultdict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
        for reply in replies:
            for place, token in enumerate(reply):
                for history in self._histories(reply[:place]):
                    self._followers[history][token] += 1

    def probabilities(self, reply: Scored) -> Tensor:
        """Of each token of a reply, [tokens]."""
        values: list[float] = []
        for place, token in enumerate(reply.tokens):
            value = reply.base[place].item()
            for counts in self._levels(reply.tokens[:place]):
                rest = self._kind.discount * len(counts) * value
                value = (max(counts[token] - self._kind.discount, 0.0) + rest) / counts.total()
            values.append(value)
        return torch.tensor(values)

    def distribution(self, said: Sequence[int], base: Tensor) -> Tensor:
        """The next token after the beginning of a reply, [vocabulary], as `base` is."""
        values = base
        for counts in self._levels(said):
            values = values * (self._kind.discount * len(counts) / counts.total())
            kept = [max(count - self._kind.discount, 0.0) / counts.total() for count in counts.values()]
            values[list(counts)] += torch.tensor(kept)
        return values

    def _levels(self, said: Sequence[int]) -> list[Counter[int]]:
        """What followed the last tokens, the shortest history first."""
        return [self._followers[key] for key in self._histories(said) if key in self._followers]

    def _histories(self, said: Sequence[int]) -> list[tuple[int, ...]]:
        begun = (_BEGIN, *said)
        return [begun[len(begun) - length :] for length in self._kind.lengths if length <= len(begun)]


@dataclass(frozen=True, slots=True)
class Mix:
    """A cache with its share of the next token."""

    cache: Cache
    weight: float

    def into(self, logits: Tensor, said: Sequence[int]) -> Tensor:
        """Logits of the mixture, [vocabulary], on the scale of the base's, for the repetition penalty."""
        base = logits.softmax(dim=-1)
        mixed = torch.lerp(base, self.cache.distribution(said, base), self.weight)
        return logits.logsumexp(dim=-1) + mixed.log()

    def nats(self, replies: Sequence[Scored]) -> float:
        """The loss of a token."""
        mixed = [
            torch.lerp(reply.base, self.cache.probabilities(reply), self.weight).log() for reply in replies
        ]
        return -torch.cat(mixed).mean().item()


@dataclass(frozen=True, slots=True)
class Past:
    """Somebody's replies by time: three fifths as tokens, and two more fifths as the base sees them."""

    first: list[tuple[int, ...]]
    fourth: list[Scored]
    last: list[Scored]

    @property
    def earlier(self) -> list[tuple[int, ...]]:
        """All but the last fifth."""
        return self.first + [reply.tokens for reply in self.fourth]


class Model:
    """The base: scores replies, and writes some."""

    def __init__(self, folder: Path) -> None:
        self._model: Any = load_model(folder, device=torch.device("cpu"), dtype=torch.float32)
        self.tokenizer = load_tokenizer(folder, self._model)
        said = [self.tokenizer.encode([ChatMessage(Role.USER, text)]) for text in ("A", "1")]
        self._head = [one for one, _ in takewhile(lambda pair: pair[0] == pair[1], zip(*said, strict=False))]
        """What every prompt begins with is computed once."""
        with torch.no_grad():
            head = self._model(input_ids=torch.tensor([self._head]), use_cache=True)
        self._head_keys_and_values = head.past_key_values

    def past(self, rows: Sequence[Row]) -> Past:
        """Rows by time, the last two fifths of them scored."""
        fifth = len(rows) // 5
        scored = [self._score(row) for row in rows[-2 * fifth :]]
        first = [row.tokens[row.reply_start :] for row in rows[: -2 * fifth]]
        return Past(first, scored[:fifth], scored[fifth:])

    @torch.no_grad()
    def _score(self, row: Row) -> Scored:
        head = len(self._head)
        assert list(row.tokens[:head]) == self._head, "another system line"
        hidden: Tensor = self._model.base_model(
            input_ids=torch.tensor([row.tokens[head:]]),
            past_key_values=deepcopy(self._head_keys_and_values),
            use_cache=True,
        ).last_hidden_state[0]
        states = hidden[row.reply_start - head - 1 : -1]
        predicted: Tensor = self._model.get_output_embeddings()(states).softmax(dim=-1)
        reply = row.tokens[row.reply_start :]
        return Scored(reply, predicted[torch.arange(len(reply)), torch.tensor(reply)])

    @torch.no_grad()
    def write(
        self, questions: Sequence[str], mixes: Sequence[Mix | None], *, tokens: int
    ) -> list[list[list[int]]]:
        """For each mix a greedy reply to each question; an end token is the last one where it came."""
        prompts = [self.tokenizer.encode([ChatMessage(Role.USER, question)]) for question in questions]
        batch, attended = pad_left(prompts, pad_id=min(self.tokenizer.end_ids), device=self._model.device)
        output = self._model(input_ids=batch, attention_mask=attended, use_cache=True, logits_to_keep=1)
        past = output.past_key_values
        past.batch_repeat_interleave(len(mixes))
        attended = attended.repeat_interleave(len(mixes), dim=0)
        logits: Tensor = output.logits[:, -1].repeat_interleave(len(mixes), dim=0)
        params = SamplingParams(temperature=0.0)
        rows = [RowSampler(params) for _ in range(len(logits))]
        for _ in range(tokens):
            mixed = [
                values if mix is None else mix.into(values, row.said)
                for values, row, mix in zip(logits, rows, [*mixes] * len(questions), strict=True)
            ]
            for row, token in zip(rows, draw(torch.stack(mixed), rows), strict=True):
                row.said.append(token)
            if all(self.tokenizer.end_ids & set(row.said) for row in rows):
                break
            attended = torch.cat([attended, attended.new_ones(len(rows), 1)], dim=-1)
            logits = self._model(
                input_ids=torch.tensor([row.said[-1:] for row in rows]),
                attention_mask=attended,
                past_key_values=past,
            ).logits[:, -1]
        replies = [self._until_end(row.said) for row in rows]
        return [replies[place :: len(mixes)] for place in range(len(mixes))]

    def _until_end(self, said: list[int]) -> list[int]:
        ends = [place for place, token in enumerate(said) if token in self.tokenizer.end_ids]
        return said[: ends[0] + 1] if ends else said


def chosen_mix(person: Past, sources: Sequence[Past], kind: Kind) -> Mix:
    """A cache of the sources' earlier replies, at the weight that suits the person's fourth fifth best."""
    trial = Cache([reply for source in sources for reply in source.first], kind)
    weight = min(WEIGHTS, key=lambda weight: Mix(trial, weight).nats(person.fourth))
    return Mix(Cache([reply for source in sources for reply in source.earlier], kind), weight)


def compare(persons: Sequence[Past]) -> dict[str, list[Mix]]:
    """The mix of every person with their own words, by kind; prints what the last fifths say of all mixes."""
    base = [Mix(Cache([], KINDS["unigram"]), 0.0).nats(person.last) for person in persons]
    print(f"{'cache':18} {'nats':>6} {'against base':>23} {'better':>7} {'weight':>7}   of {len(persons)}")
    print(f"{'none':18} {statistics.fmean(base):6.3f}", flush=True)
    own: dict[str, list[Mix]] = {}
    for name, kind in KINDS.items():
        losses: dict[str, list[float]] = {}
        for source in SOURCES:
            mixes = [
                chosen_mix(person, _of(source, place, persons), kind) for place, person in enumerate(persons)
            ]
            own.setdefault(name, mixes)
            losses[source] = [mix.nats(person.last) for mix, person in zip(mixes, persons, strict=True)]
            mean, weight = statistics.fmean(losses[source]), statistics.fmean(mix.weight for mix in mixes)
            told = difference(losses[source], base)
            print(f"{f'{name}, {source}':18} {mean:6.3f} {told} {weight:7.2f}", flush=True)
        for rival in SOURCES[1:]:
            print(f"{f'  own and {rival}':25} {difference(losses['own'], losses[rival])}", flush=True)
    return own


def _of(source: str, place: int, persons: Sequence[Past]) -> Sequence[Past]:
    match source:
        case "own":
            return [persons[place]]
        case "other":
            return [persons[(place + 1) % len(persons)]]
        case _:
            return persons


def difference(losses: Sequence[float], rivals: Sequence[float]) -> str:
    """The mean difference, its 95 % interval by a paired bootstrap over people, and the share below 0."""
    changes = [loss - rival for loss, rival in zip(losses, rivals, strict=True)]
    chance = random.Random(0)
    means = sorted(statistics.fmean(chance.choices(changes, k=len(changes))) for _ in range(_RESAMPLES))
    low, high = means[int(0.025 * _RESAMPLES)], means[int(0.975 * _RESAMPLES)]
    better = sum(change < 0 for change in changes) / len(changes)
    return f"{statistics.fmean(changes):+.3f} [{low:+.3f}, {high:+.3f}] {better:7.0%}"


def simulate(model: Model, wishes: Sequence[Wish], *, show: bool) -> dict[str, float]:
    """Corrections in a cache, and what is answered with it."""
    asked = ASKED[::2]
    [plain] = _answers(model, asked, [None], tokens=ASKED_TOKENS)
    pasts = [
        model.past(
            [_lesson(model, question, wish, text) for question, text in zip(asked, plain, strict=True)]
        )
        for wish in wishes
    ]
    own = compare(pasts)
    kind = KINDS["said twice"]
    ways: dict[str, Sequence[Mix | None]] = {
        "no cache": [None] * len(wishes),
        "n-gram": own["n-gram"],
        "said twice": own["said twice"],
        "n-gram, heavy": [Mix(mix.cache, HEAVY) for mix in own["n-gram"]],
        "said twice, few": [
            Mix(Cache(past.first[:FEW_LESSONS], kind), mix.weight)
            for past, mix in zip(pasts, own["said twice"], strict=True)
        ],
    }
    answers = iter(
        _answers(model, QUESTIONS, [mix for way in ways.values() for mix in way], tokens=REPLY_TOKENS)
    )
    figures: dict[str, float] = {}
    for way in ways:
        held = copied = 0
        for wish, replies in zip(wishes, answers, strict=False):
            count = sum(map(wish.holds, replies))
            held += count
            copied += sum(any(_shares_words(reply, other) for other in plain) for reply in replies)
            print(f"{way:16} {wish.name:20} {count} of {len(QUESTIONS)}", flush=True)
            if show:
                print("".join(f"    {reply!r}\n" for reply in replies), end="")
        figures[f"fulfilled, {way}"] = held / (len(wishes) * len(QUESTIONS))
        figures[f"copied, {way}"] = copied / (len(wishes) * len(QUESTIONS))
    return figures


def imitate(model: Model, mixes: Sequence[Mix], *, show: bool) -> float:
    """The share of replies that a cache of somebody's own lines changes."""
    without, *rest = _answers(model, QUESTIONS, [None, *mixes], tokens=REPLY_TOKENS)
    for number, replies in enumerate(rest, start=1):
        if show:
            print(f"person {number}\n" + "".join(f"    {reply!r}\n" for reply in replies), end="")
    return statistics.fmean(
        reply != usual for replies in rest for reply, usual in zip(replies, without, strict=True)
    )


def _answers(
    model: Model, questions: Sequence[str], mixes: Sequence[Mix | None], *, tokens: int
) -> list[list[str]]:
    written = model.write(questions, mixes, tokens=tokens)
    return [[model.tokenizer.decode(reply) for reply in replies] for replies in written]


def _shares_words(text: str, other: str) -> bool:
    return not _runs(text).isdisjoint(_runs(other))


def _runs(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return set(zip(*(words[start:] for start in range(_COPIED_WORDS)), strict=False))


def _lesson(model: Model, question: str, wish: Wish, text: str) -> Row:
    reply = text if wish.holds(text) else wish.write(sentences(text))
    context = (ChatMessage(Role.USER, question),)
    example = Example(message_ids=(1,), context=context, reply=reply, evidence=Evidence.CORRECTED)
    row = encode_example(model.tokenizer, example, most_tokens=_MOST_TOKENS)
    assert row is not None, "a reply of so few tokens fits"
    return row


def main() -> None:
    """Run both parts and print what came of them."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--model", default="bundled", help="as MYNAH_MODEL")
    arguments.add_argument("--people", type=int, default=12, help="how many real people; 0 leaves them out")
    arguments.add_argument("--wishes", type=int, default=6, help="how many simulated users")
    arguments.add_argument("--replies", action="store_true", help="print what was answered")
    arguments.add_argument("--json", action="store_true", help="the shares of replies on the last line")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        base = resolve_model(options.model, Path(name), lambda said: print(said, file=sys.stderr))
        model = Model(base.folder)
    figures = simulate(model, WISHES[: options.wishes], show=options.replies)
    if options.people:
        people = [lines_of(model.tokenizer, told) for told in conversing(options.people)]
        own = compare([model.past([*lines.train, *lines.later]) for lines in people])
        figures["changed by own lines"] = imitate(model, own["n-gram"], show=options.replies)
    for key, value in figures.items():
        print(f"{key:28} {value:8.3f}")
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
