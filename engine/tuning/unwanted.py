"""Replies that were not wanted, as rows to keep away from."""

from collections.abc import Iterable
from dataclasses import replace

from engine.language.lora import NO_ADAPTER
from engine.language.tokens import ChatTokenizer
from engine.tuning.encoding import Row, encode_example
from engine.tuning.examples import Evidence, Example
from engine.tuning.measure import Meter

UNWANTED_TOKENS = 48
"""So much of such a reply is read: a manner shows early, and what is read takes time."""


def encode_all(
    tokenizer: ChatTokenizer, meter: Meter, examples: Iterable[Example], *, most_tokens: int
) -> list[Row]:
    """The rows of the examples that fit, wanted or not."""
    rows: list[Row] = []
    for example in (each for one in examples for each in _with_disliked(one)):
        row = encode_example(tokenizer, example, most_tokens=most_tokens)
        if row is not None:
            rows.append(_unwanted(meter, row) if example.evidence is Evidence.DISLIKED else row)
    return rows


def _with_disliked(example: Example) -> list[Example]:
    """An example, and the answer to the same question that was disliked before it was liked."""
    if example.evidence is not Evidence.LIKED or not example.rejected:
        return [example]
    return [example, replace(example, reply=example.rejected, evidence=Evidence.DISLIKED)]


def _unwanted(meter: Meter, row: Row) -> Row:
    read = replace(row, tokens=row.tokens[: row.reply_start + UNWANTED_TOKENS])
    (base_loss,) = meter.losses([read], NO_ADAPTER)
    return replace(read, base_loss=base_loss)
