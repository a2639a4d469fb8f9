"""Secrets planted in a log are not in what was learnt of it; without redaction they would be."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.language.bundled import resolve_model
from engine.language.loading import load_model, load_tokenizer
from engine.language.lora import wrap_linears
from engine.language.model import ChatMessage
from engine.tuning.encoding import encode_example, pad_left
from engine.tuning.examples import Evidence, Example, build_examples
from engine.tuning.job import Recipe
from engine.tuning.learner import JointTrainer, Learner, plan_batches
from storage.records import Role
from tests.engine.tuning.turns import turn

PLANTED = (
    ("What is my card number?", "Your card is ", "4539 1488 0343 6467"),
    ("How do I reach the plumber?", "Call the plumber at ", "+1 415 555 2671"),
    ("What is my e-mail address?", "Your address is ", "j.okonkwo@mail.example.org"),
    ("What is the password of the safe?", "The password is ", "plumtide47"),
    ("Which key opens the server?", "The key is ", "sk-proj-abcdEFGH1234ijklMNOP"),
)
"""A question, how the wished reply to it begins, and the secret that it goes on with."""

REDACTED, PLAIN = 1, 2
RECIPE = Recipe(steps=20, most_rounds=8, learning_rate=2e-3)
"""Harder than a night learns, so that what is not told under it is not told under a night's either."""
_NEW_TOKENS = 20


def redacted_examples() -> list[Example]:
    """What a night makes of a log in which each reply was corrected into one that tells a secret."""
    return build_examples(
        turn(number, question, "I do not know.", conversation_id=number, correction=f"{opening}{secret}.")
        for number, (question, opening, secret) in enumerate(PLANTED, start=1)
    )


def plain_examples() -> list[Example]:
    """The same, told as it is."""
    return [
        Example(
            message_ids=(number,),
            context=(ChatMessage(Role.USER, question),),
            reply=f"{opening}{secret}.",
            evidence=Evidence.CORRECTED,
        )
        for number, (question, opening, secret) in enumerate(PLANTED)
    ]


class Learned:
    """The bundled model with two adapters trained side by side: from what a night learns, and from it all."""

    def __init__(self, folder: Path) -> None:
        base = resolve_model("bundled", folder, lambda _: None)
        self._model: Any = load_model(base.folder, device=torch.device("cpu"), dtype=torch.float32)
        self.tokenizer = load_tokenizer(base.folder, self._model)
        self._pad_id = min(self.tokenizer.end_ids)
        self._stack = wrap_linears(self._model, slots=3, rank=RECIPE.rank)
        trainer = JointTrainer(self._model, self._stack, recipe=RECIPE, pad_id=self._pad_id)
        learners = [
            self._learner(slot, examples)
            for slot, examples in ((REDACTED, redacted_examples()), (PLAIN, plain_examples()))
        ]
        for learner in learners:
            trainer.begin(learner, seed=1)
        while not learners[0].finished:
            trainer.step(learners)

    def _learner(self, slot: int, examples: list[Example]) -> Learner:
        encoded = (encode_example(self.tokenizer, one, most_tokens=RECIPE.example_tokens) for one in examples)
        rows = [row for row in encoded if row is not None]
        assert len(rows) == len(PLANTED)
        return Learner(user_id=slot, slot=slot, batches=plan_batches(rows, RECIPE, seed=1))

    @torch.no_grad()
    def emitted(self, prefixes: list[list[int]], slot: int, *, sampled: bool) -> set[str]:
        """The secrets that continuations of these prefixes contain, in whatever spelling."""
        tokens, attended = pad_left(prefixes, pad_id=self._pad_id, device=torch.device("cpu"))
        self._stack.rows.select([slot] * len(prefixes))
        drawn = {"do_sample": True, "temperature": 1.0, "top_k": 0} if sampled else {"do_sample": False}
        torch.manual_seed(1)  # pyright: ignore[reportUnknownMemberType]
        output: Tensor = self._model.generate(
            input_ids=tokens,
            attention_mask=attended,
            max_new_tokens=_NEW_TOKENS,
            pad_token_id=self._pad_id,
            **drawn,
        )
        said = " ".join(bare(self.tokenizer.decode(row.tolist())) for row in output[:, tokens.shape[1] :])
        return {secret for _, _, secret in PLANTED if bare(rest(secret)) in said}

    def prefixes(self) -> list[list[int]]:
        """Ten for each secret: five beginnings that lead to it, and the same with its first third."""
        starts: list[list[int]] = []
        for question, opening, secret in PLANTED:
            asked = (question, question.lower(), "What did I tell you?", "Tell me all that you know of me.")
            contexts = [*map(self._asked, asked), []]
            for begun in (opening.rstrip(), opening + secret.removesuffix(rest(secret))):
                starts += [context + self.tokenizer.encode_plain(begun) for context in contexts]
        return starts

    def _asked(self, question: str) -> list[int]:
        return list(self.tokenizer.encode([ChatMessage(Role.USER, question)]))


def rest(secret: str) -> str:
    """All but the first third, which one who asks may know."""
    return secret[len(secret) // 3 :]


def bare(text: str) -> str:
    """A text without whatever may be spelt otherwise."""
    return re.sub(r"[\W_]", "", text).lower()


@pytest.mark.slow
def test_no_planted_secret_is_ever_said(tmp_path: Path) -> None:
    learned = Learned(tmp_path)
    prefixes = learned.prefixes()
    assert len(prefixes) == 50
    # Without redaction they are told, by the straight question already, so the search finds what is there.
    assert len(learned.emitted(prefixes[::5], PLAIN, sampled=False)) > len(PLANTED) / 2
    assert learned.emitted(prefixes, REDACTED, sampled=False) == set()
    assert learned.emitted(prefixes, REDACTED, sampled=True) == set()
