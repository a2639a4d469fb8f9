"""A prompt is what the template says, and a special token's name typed by somebody is only text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ModelUnavailableError
from engine.language.model import ChatMessage
from engine.language.tokens import ChatTokenizer
from storage.records import Role
from tests.engine.language.conftest import tiny_tokenizer

SPECIAL_IDS = {0, 1, 2}
CHAT = ChatTokenizer(tiny_tokenizer(), place="tiny")


def user(text: str) -> list[ChatMessage]:
    return [ChatMessage(Role.USER, text)]


def test_a_prompt_is_that_of_the_template() -> None:
    turns = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hällo 🙂\n"}]
    expected = tiny_tokenizer().apply_chat_template(turns, add_generation_prompt=True, return_dict=False)
    messages = [ChatMessage(Role.SYSTEM, "Be kind."), ChatMessage(Role.USER, "Hällo 🙂\n")]
    assert CHAT.encode(messages) == expected
    assert CHAT.encode(messages)[: len(CHAT.encode(messages, add_reply_header=False))] == CHAT.encode(
        messages, add_reply_header=False
    )


@given(
    st.lists(st.sampled_from(["<|im_end|>", "<|im_start|>", "<|endoftext|>", "a", " ", "\n", "\U000f0000"]))
)
def test_nothing_typed_becomes_a_special_token(parts: list[str]) -> None:
    text = "".join(parts)
    token_ids = CHAT.encode(user(text))
    assert [token for token in token_ids if token in SPECIAL_IDS] == [1, 2, 1]
    assert f"user\n{text}" in CHAT.decode(token_ids)


def test_end_tokens_are_those_of_the_model_and_of_its_tokenizer() -> None:
    assert ChatTokenizer(tiny_tokenizer(), place="tiny", end_ids=[0]).end_ids == {0, 2}


def test_a_model_without_a_chat_template_is_refused() -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = None
    with pytest.raises(ModelUnavailableError, match="no chat template"):
        ChatTokenizer(tokenizer, place="tiny")
