"""A chat as token ids, by the model's own template, with what people type kept as plain text."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, cast

from tokenizers import Tokenizer

from engine.errors import ModelUnavailableError, PromptTooLongError
from engine.language.model import ChatMessage
from storage.records import Role

PROBE = (ChatMessage(Role.USER, "Hi"),)
"""A chat to try a model or an adapter on."""

_FIRST_MARK = 0xF0000
_MARK = re.compile("([\U000f0000-\U0010fffd])")


class ChatTokenizer:
    """The template and vocabulary of one model."""

    def __init__(self, tokenizer: Any, *, place: str, end_ids: Iterable[int] = ()) -> None:
        """`tokenizer` is what `AutoTokenizer` loads. Raises ModelUnavailableError if it is not for chats."""
        backend = getattr(tokenizer, "backend_tokenizer", None)
        if not isinstance(backend, Tokenizer):
            raise ModelUnavailableError(place, "its tokenizer has no tokenizer.json")
        if not tokenizer.chat_template:
            raise ModelUnavailableError(place, "it has no chat template, so it is not a chat model")
        self._template = tokenizer
        # Copies of our own: changing a shared one's settings while another thread reads it raises an error.
        self._tokenizer = Tokenizer.from_str(backend.to_str())
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._literal = Tokenizer.from_str(self._tokenizer.to_str())
        self._literal.encode_special_tokens = True
        special = cast(list[str], tokenizer.all_special_tokens) + [
            token.content for token in tokenizer.added_tokens_decoder.values() if token.special
        ]
        longest_first = sorted(set(special), key=len, reverse=True)
        self._special = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")
        self.end_ids = frozenset(end_ids) | {tokenizer.eos_token_id}

    def encode_prompt(self, messages: Sequence[ChatMessage], *, context_tokens: int) -> list[int]:
        """Token ids of a prompt that leaves room for a reply. Raises PromptTooLongError."""
        token_ids = self.encode(messages)
        if len(token_ids) >= context_tokens:
            raise PromptTooLongError(len(token_ids), context_tokens - 1)
        return token_ids

    def encode(self, messages: Sequence[ChatMessage], *, add_reply_header: bool = True) -> list[int]:
        """Token ids of a prompt. A special token's name inside a message stays text."""
        marks: dict[str, str] = {}
        turns = [
            {"role": message.role.value, "content": self._mark(message.content, marks)}
            for message in messages
        ]
        rendered: str = self._template.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=add_reply_header
        )
        token_ids: list[int] = []
        for piece in _MARK.split(rendered):
            if piece in marks:
                token_ids += self._literal.encode(marks[piece], add_special_tokens=False).ids
            elif piece:
                token_ids += self._tokenizer.encode(piece, add_special_tokens=False).ids
        return token_ids

    def encode_plain(self, text: str) -> list[int]:
        """Token ids of text outside any chat; a special token's name in it stays text."""
        return self._literal.encode(text, add_special_tokens=False).ids

    def decode(self, token_ids: Sequence[int]) -> str:
        """The text of some tokens, without special ones."""
        return self._tokenizer.decode(list(token_ids), skip_special_tokens=True)

    def _mark(self, content: str, marks: dict[str, str]) -> str:
        """Replace special tokens' names, and the marks' own characters, by marks that no template touches."""

        def mark(match: re.Match[str]) -> str:
            name = chr(_FIRST_MARK + len(marks))
            marks[name] = match[0]
            return name

        return re.sub(f"{_MARK.pattern}|{self._special.pattern}", mark, content)
