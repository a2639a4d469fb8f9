"""A random two-layer Llama with a byte-level tokenizer as a model folder, and random adapters for it."""

import random
from pathlib import Path

import pytest
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from engine.language.lora import LoraWeights, wrap_linears
from engine.language.peft_format import write_adapter

BASE_NAME = "tiny-llama"
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """Each byte is a token, so a generated text is full of broken characters."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {"<|endoftext|>": 0, "<|im_start|>": 1, "<|im_end|>": 2}
    vocabulary |= {letter: index for index, letter in enumerate(alphabet, start=3)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(name, special=True) for name in list(vocabulary)[:3]])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    fast.chat_template = TEMPLATE
    return fast


def tiny_model() -> LlamaForCausalLM:
    """A fresh copy of the same random weights, in float32."""
    torch.manual_seed(7)
    config = LlamaConfig(
        vocab_size=259,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        initializer_range=0.3,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
        tie_word_embeddings=True,
    )
    return LlamaForCausalLM(config).eval()


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model as a folder that `transformers` reads."""
    folder = tmp_path_factory.mktemp("models") / BASE_NAME
    tiny_model().save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return folder


def random_weights(seed: int, *, rank: int = 4, scaling: float = 2.0, size: float = 0.3) -> LoraWeights:
    """An adapter for the tiny model that changes every linear layer."""
    generator = torch.Generator().manual_seed(seed)
    shapes = wrap_linears(tiny_model(), slots=1, rank=1).shapes
    return LoraWeights(
        rank=rank,
        scaling=scaling,
        a={
            name: torch.randn(rank, size_in, generator=generator) * size
            for name, (size_in, _) in shapes.items()
        },
        b={name: torch.randn(out, rank, generator=generator) * size for name, (_, out) in shapes.items()},
    )


def save_adapter(folder: Path, weights: LoraWeights, *, base_model: str = BASE_NAME) -> Path:
    """Write an adapter into a new folder."""
    folder.mkdir(parents=True)
    write_adapter(folder, weights, base_model=base_model)
    return folder


def random_tokens(count: int, *, seed: int) -> list[int]:
    """Ordinary token ids of the tiny model."""
    return random.Random(seed).choices(range(3, 259), k=count)
