"""What a candidate is held against, all on the same replies that it has not seen: the arms of the gate.

Beside the base and the adapter that serves, other people's adapters tell what of a gain is personal: one of
them alone, and the mean of several in place of an adapter trained on everybody's examples. That one would
cost every night as much as one person more, the mean costs one more pass over the held-out replies. For the
same reason nobody who is alone has an adapter trained on shuffled replies beside theirs: instead the held-out
replies are scored after each other's questions, which tells whether the candidate still reads them.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.errors import AdapterError
from engine.language.lora import NO_ADAPTER, LoraStack, LoraWeights
from engine.language.peft_format import read_adapter
from engine.language.tokens import ChatTokenizer
from engine.tuning.canary import CANARY_QUESTIONS, CANARY_TEXTS
from engine.tuning.encoding import Row, encode_example, plain_row
from engine.tuning.evaluate import FirstSight, Measurement, Preference, TurnLosses
from engine.tuning.examples import Example
from engine.tuning.job import AdapterFiles, Job, UserJob
from engine.tuning.manner import manner_of
from engine.tuning.measure import Meter
from engine.tuning.merge import mean_adapter

MOST_STRANGERS = 4
"""So many other people's adapters are in the mean."""

_TRIED = 8
"""So many of the held-out questions are also answered."""


class Examiner:
    """Measures candidates; `guest_slot` is a slot of the stack for weights that are not in training."""

    def __init__(
        self, *, job: Job, meter: Meter, stack: LoraStack, tokenizer: ChatTokenizer, guest_slot: int
    ) -> None:
        self._job = job
        self._meter = meter
        self._stack = stack
        self._tokenizer = tokenizer
        self._guest_slot = guest_slot
        self._canary = [plain_row(tokenizer.encode_plain(text)) for text in CANARY_TEXTS]
        self._canary_base = self._canary_loss(NO_ADAPTER)
        self._canary_replies = self._replies(CANARY_QUESTIONS, NO_ADAPTER)
        self._finished = deque[LoraWeights](maxlen=MOST_STRANGERS)

    def first_sight(self, user: UserJob) -> FirstSight | None:
        """Score new replies under what serves now, before anything is learnt from them; None without any."""
        rows = self._encode(user.fresh)
        if not rows:
            return None
        tokens = sum(row.reply_tokens for row in rows)
        active = self._losses_of(self._read(user.active), rows)
        return FirstSight(
            turns=len(rows),
            tokens=tokens,
            base=sum(self._meter.losses(rows, NO_ADAPTER)) / tokens,
            active=None if active is None else sum(active) / tokens,
        )

    def examine(
        self, user: UserJob, slot: int, weights: LoraWeights, *, first_sight: FirstSight | None
    ) -> Measurement:
        """Everything about the candidate in a slot, whose `weights` these are."""
        active, strangers = self._read(user.active), self._strangers(user)
        finite = all(bool(half.isfinite().all()) for part in (weights.a, weights.b) for half in part.values())
        if finite:
            self._finished.append(weights)
        asked = [example.context[-1].content for example in user.split.held_out[-_TRIED:]]
        written = self._replies(asked, slot)
        written_by_base = self._replies(asked, NO_ADAPTER)
        canary_replies = self._replies(CANARY_QUESTIONS, slot)
        return Measurement(
            turns=self._turns(user, slot, active, strangers),
            disliked=self._disliked(user, slot, active, strangers),
            canary_base=self._canary_base,
            canary_candidate=self._canary_loss(slot),
            finite=finite,
            generations=len(canary_replies) + len(written),
            faulty_generations=self._faults([*canary_replies, *written]),
            faulty_by_base=self._faults([*self._canary_replies, *written_by_base]),
            preferences=self._preferences(user, slot, active),
            wanted=manner_of(example.reply for example in user.split.held_out[-_TRIED:]),
            written_by_base=manner_of(map(self._tokenizer.decode, written_by_base)),
            written_by_candidate=manner_of(map(self._tokenizer.decode, written)),
            first_sight=first_sight,
        )

    def _turns(
        self, user: UserJob, slot: int, active: LoraWeights | None, strangers: Sequence[LoraWeights]
    ) -> tuple[TurnLosses, ...]:
        fitting = self._fitting(user.split.held_out)
        if not fitting:
            return ()
        rows = [row for _, row in fitting]
        arms = self._arms(rows, slot, active, strangers)
        arms["pooled"] = self._losses_of(self._mean(strangers), rows)
        recalled = self._encode(user.recalled)
        if len(recalled) == len(rows):
            arms["base_with_recall"] = self._meter.losses(recalled, NO_ADAPTER)
            arms["candidate_with_recall"] = self._meter.losses(recalled, slot)
        elsewhere = self._encode(_asked_in_turn([example for example, _ in fitting]))
        if len(rows) > 1 and len(elsewhere) == len(rows):
            arms["base_elsewhere"] = self._meter.losses(elsewhere, NO_ADAPTER)
            arms["candidate_elsewhere"] = self._meter.losses(elsewhere, slot)
        return _turn_losses(fitting, arms)

    def _disliked(
        self, user: UserJob, slot: int, active: LoraWeights | None, strangers: Sequence[LoraWeights]
    ) -> tuple[TurnLosses, ...]:
        fitting = self._fitting(user.split.disliked)
        if not fitting:
            return ()
        return _turn_losses(fitting, self._arms([row for _, row in fitting], slot, active, strangers))

    def _arms(
        self, rows: Sequence[Row], slot: int, active: LoraWeights | None, strangers: Sequence[LoraWeights]
    ) -> dict[str, list[float] | None]:
        """The losses of the same rows under each of these weights, None where there are none."""
        return {
            "base": self._meter.losses(rows, NO_ADAPTER),
            "candidate": self._meter.losses(rows, slot),
            "active": self._losses_of(active, rows),
            "control": self._losses_of(strangers[0] if strangers else None, rows),
        }

    def _preferences(self, user: UserJob, slot: int, active: LoraWeights | None) -> tuple[Preference, ...]:
        """By how much each held-out reply is likelier than the one that it was preferred to."""
        chosen = [one for one, _ in self._fitting(user.split.held_out) if one.rejected]
        rejected = [replace(one, reply=one.rejected or "") for one in chosen]
        rows = [(self._row(one), self._row(other)) for one, other in zip(chosen, rejected, strict=True)]
        pairs = [(good, bad) for good, bad in rows if good is not None and bad is not None]
        arms = {
            "base": self._margins(pairs, NO_ADAPTER),
            "candidate": self._margins(pairs, slot),
        }
        if active is not None:
            self._stack.write(self._guest_slot, active)
            arms["active"] = self._margins(pairs, self._guest_slot)
        return tuple(
            Preference(**{name: margins[place] for name, margins in arms.items()})
            for place in range(len(pairs))
        )

    def _margins(self, pairs: Sequence[tuple[Row, Row]], slot: int) -> list[float]:
        """The loss of the second row of each pair less that of the first, in nats a token."""
        means = [
            [loss / row.reply_tokens for loss, row in zip(self._meter.losses(rows, slot), rows, strict=True)]
            for rows in ([good for good, _ in pairs], [bad for _, bad in pairs])
        ]
        return [bad - good for good, bad in zip(*means, strict=True)]

    def _strangers(self, user: UserJob) -> list[LoraWeights]:
        """Adapters of other people, those that serve first, then those finished in the same run."""
        if not self._job.controls:
            return []
        served = [weights for files in user.others if (weights := self._read(files)) is not None]
        return [*served, *reversed(self._finished)][:MOST_STRANGERS]

    def _mean(self, strangers: Sequence[LoraWeights]) -> LoraWeights | None:
        if len(strangers) < 2:
            return None
        return mean_adapter(strangers, rank=self._stack.rank)

    def _losses_of(self, weights: LoraWeights | None, rows: Sequence[Row]) -> list[float] | None:
        """Losses under weights that are not in training; None when there are none."""
        if weights is None:
            return None
        self._stack.write(self._guest_slot, weights)
        return self._meter.losses(rows, self._guest_slot)

    def _read(self, files: AdapterFiles | None) -> LoraWeights | None:
        """An adapter on disk; None when there is none or it cannot be read."""
        if files is None:
            return None
        try:
            return read_adapter(
                files.folder,
                base_model=self._job.base_name,
                shapes=self._stack.shapes,
                max_rank=self._stack.rank,
                secret=files.secret,
            )
        except AdapterError:
            return None

    def _canary_loss(self, slot: int) -> float:
        tokens = sum(row.reply_tokens for row in self._canary)
        return sum(self._meter.losses(self._canary, slot)) / tokens

    def _replies(self, questions: Sequence[str], slot: int) -> list[list[int]]:
        return self._meter.replies(questions, slot) if questions and self._job.controls else []

    def _faults(self, replies: Sequence[Sequence[int]]) -> int:
        """How many trial replies are empty or go round in circles."""
        return sum(map(self._meter.is_faulty, replies))

    def _encode(self, examples: Sequence[Example]) -> list[Row]:
        return [row for _, row in self._fitting(examples)]

    def _fitting(self, examples: Sequence[Example]) -> list[tuple[Example, Row]]:
        rows = ((example, self._row(example)) for example in examples)
        return [(example, row) for example, row in rows if row is not None]

    def _row(self, example: Example) -> Row | None:
        return encode_example(self._tokenizer, example, most_tokens=self._job.recipe.example_tokens)


def _turn_losses(
    fitting: Sequence[tuple[Example, Row]], arms: Mapping[str, list[float] | None]
) -> tuple[TurnLosses, ...]:
    return tuple(
        TurnLosses(
            conversation_id=example.conversation_id,
            tokens=row.reply_tokens,
            reply_bytes=len(example.reply.encode()),
            **{name: losses[place] for name, losses in arms.items() if losses is not None},
        )
        for place, (example, row) in enumerate(fitting)
    )


def _asked_in_turn(examples: Sequence[Example]) -> list[Example]:
    """The same replies, each after the question of the next."""
    following = [*examples[1:], *examples[:1]]
    return [replace(one, context=other.context[-1:]) for one, other in zip(examples, following, strict=True)]
