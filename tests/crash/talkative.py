"""A tiny model that always has something to say."""

from pathlib import Path
from typing import cast

import torch

from tests.engine.language.conftest import tiny_model, tiny_tokenizer


def save_talkative(folder: Path) -> Path:
    """The tiny model without a wish to end or to write what cannot be seen.

    To an empty reply the bot says that it has no answer, and the count would take that for a lost message.
    """
    model, tokenizer = tiny_model(), tiny_tokenizer()
    silent = [token for token in range(len(tokenizer)) if not _is_seen(str(tokenizer.decode([token])))]
    with torch.no_grad():
        cast(torch.nn.Embedding, model.get_input_embeddings()).weight[silent] = 0.0
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _is_seen(text: str) -> bool:
    return len(text) == 1 and text.isprintable() and not text.isspace()
