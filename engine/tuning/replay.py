"""What the base itself would say, kept in mind while something else is learnt.

The base writes a few texts, and every learner is held to the base's predictions on them by a penalty, the
Kullback-Leibler divergence of its predictions from the base's (Li and Hoiem, "Learning without Forgetting",
arXiv 1606.09282). Chats are left out of them: a user may rightly want every answer of a chat to be different.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from engine.language.lora import NO_ADAPTER, LoraStack
from engine.language.tokens import ChatTokenizer
from engine.tuning.encoding import Row, labelled_logits, pad, pad_left, plain_row, until_end

OPENINGS = (
    "The", "In the", "A", "When", "How to", "Water", "People", "One of", "During", "Most", "Our", "If you",
    "Scientists", "Music", "She", "He", "They", "Early", "Each", "Many", "After", "Light", "Cities", "Money",
    "Trees", "Health", "import", "Children", "History", "Food", "There are", "It is",
)  # fmt: skip
"""Words that open texts of many kinds; the base goes on as it likes."""

TEXT_TOKENS = 40


@dataclass(frozen=True, slots=True)
class ReplayText:
    """A text of the base, and its log-probabilities of each next token, [tokens - 1, vocabulary], float16."""

    row: Row
    log_probs: Tensor


@torch.no_grad()
def write_replay(model: Any, stack: LoraStack, tokenizer: ChatTokenizer, *, pad_id: int) -> list[ReplayText]:
    """Have the base write on from each opening, by plain sampling with a fixed seed."""
    rows = [plain_row(tokens) for tokens in _sample(model, stack, tokenizer, pad_id=pad_id)]
    return [ReplayText(row, _log_probs(model, stack, row, pad_id=pad_id)) for row in rows]


def divergence(logits: Tensor, texts: Sequence[ReplayText]) -> Tensor:
    """KL(base || learner) at each token of these texts in nats, [tokens], from the learner's logits."""
    expected = torch.cat([text.log_probs for text in texts]).float()
    predicted = functional.log_softmax(logits, dim=-1)
    return functional.kl_div(predicted, expected, reduction="none", log_target=True).sum(dim=-1)


def _sample(model: Any, stack: LoraStack, tokenizer: ChatTokenizer, *, pad_id: int) -> list[list[int]]:
    prompts = [tokenizer.encode_plain(opening) for opening in OPENINGS]
    tokens, attended = pad_left(prompts, pad_id=pad_id, device=model.device)
    stack.rows.select([NO_ADAPTER] * len(prompts))
    with torch.random.fork_rng():  # pyright: ignore[reportUnknownMemberType]
        torch.manual_seed(0)  # pyright: ignore[reportUnknownMemberType]
        output: Tensor = model.generate(
            input_ids=tokens,
            attention_mask=attended,
            max_new_tokens=TEXT_TOKENS,
            do_sample=True,
            temperature=1.0,
            top_k=0,
            top_p=1.0,
            pad_token_id=pad_id,
        )
    return [
        [*opening, *until_end(row, tokenizer.end_ids)][:TEXT_TOKENS]
        for opening, row in zip(prompts, output[:, tokens.shape[1] :], strict=True)
    ]


def _log_probs(model: Any, stack: LoraStack, row: Row, *, pad_id: int) -> Tensor:
    stack.rows.select([NO_ADAPTER])
    logits, _, _ = labelled_logits(model, pad([row], pad_id=pad_id, device=model.device))
    return functional.log_softmax(logits, dim=-1).half()
