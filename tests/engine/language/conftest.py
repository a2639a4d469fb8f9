"""A random two-layer Llama with a byte-level tokenizer as a model folder, and random adapters for it."""

import random
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from engine.language.local import LocalModel
from engine.language.lora import LoraWeights, wrap_linears
from engine.language.model import AdapterRef, ChatMessage, GenerationRequest, SamplingParams
from engine.language.peft_format import write_adapter
from storage.records import Role

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


def save_tiny(folder: Path) -> Path:
    """The tiny model as a folder that `transformers` reads."""
    tiny_model().save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model on disk."""
    return save_tiny(tmp_path_factory.mktemp("models") / BASE_NAME)


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


def ask(text: str, *, user_id: int = 1, **options: Any) -> GenerationRequest:
    """A short greedy request; `options` go to the request, and those of sampling to its parameters."""
    sampling = SamplingParams(
        max_new_tokens=options.pop("max_new_tokens", 12),
        temperature=options.pop("temperature", 0.0),
        repetition_penalty=options.pop("repetition_penalty", 1.0),
        seed=options.pop("seed", None),
        stop=options.pop("stop", ()),
    )
    messages = options.pop("messages", (ChatMessage(Role.USER, text),))
    return GenerationRequest(user_id=user_id, messages=messages, sampling=sampling, **options)


def load_tiny(folder: Path, **options: Any) -> LocalModel:
    """The tiny model in float32, on one thread."""
    return LocalModel.load(
        folder=folder, name=BASE_NAME, device="cpu", dtype=torch.float32, threads=1, **options
    )


@pytest.fixture
async def model(tiny_folder: Path) -> AsyncGenerator[LocalModel]:
    """A running tiny model."""
    model = load_tiny(tiny_folder)
    yield model
    await model.close()


def adapter_ref(folder: Path, *, user_id: int = 1, version: int = 1, seed: int | None = None) -> AdapterRef:
    """A random adapter on disk, named."""
    weights = random_weights(user_id * 100 + version if seed is None else seed)
    return AdapterRef(user_id, version, save_adapter(folder / f"{user_id}-{version}", weights))
