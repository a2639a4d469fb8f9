"""Looking at pictures with a vision model of `transformers`: a tiny random one, through its real files."""

import io
from pathlib import Path

import pytest
import torch
from PIL import Image
from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.llava.processing_llava import LlavaProcessor

from engine.errors import ModelUnavailableError, SightError
from engine.language.model import Cancellation
from engine.sight import VisionModel
from tests.engine.language.conftest import save_tiny, tiny_tokenizer

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% for part in message['content'] %}{{ '<image>' if part['type'] == 'image' else part['text'] }}"
    "{% endfor %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SIDE, PATCH = 32, 16


def save_tiny_vision(folder: Path, *, template: str | None = TEMPLATE) -> Path:
    """A random LLaVA of two layers, which sees in patches of 16 pixels."""
    tokenizer = tiny_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": ["<image>"]})
    tokenizer.chat_template = None  # its own is for text
    torch.manual_seed(7)
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = LlavaConfig(
        text_config=LlamaConfig(
            **sizes, vocab_size=len(tokenizer), bos_token_id=1, eos_token_id=2, pad_token_id=0
        ),
        vision_config=CLIPVisionConfig(**sizes, image_size=SIDE, patch_size=PATCH, projection_dim=32),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        image_seq_length=(SIDE // PATCH) ** 2,
    )
    model = LlavaForConditionalGeneration(config).eval()
    for weights in model.parameters():
        torch.nn.init.normal_(weights, std=0.3)
    model.save_pretrained(folder)
    LlavaProcessor(
        image_processor=CLIPImageProcessorPil(
            size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}
        ),
        tokenizer=tokenizer,
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=template,
    ).save_pretrained(folder)
    return folder


def picture(colour: str, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (50, 40), colour).save(file, kind)
    return file.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_vision(tmp_path_factory.mktemp("models") / "tiny-llava")


@pytest.fixture(scope="module")
def model(folder: Path) -> VisionModel:
    return VisionModel.load(folder=folder, device="cpu")


async def test_what_is_said_depends_on_the_picture_and_on_the_question(model: VisionModel):
    async def said(colour: str, question: str, kind: str = "PNG") -> str:
        return await model.describe(picture(colour, kind), question, Cancellation())

    assert await said("black", "") == await said("black", "")
    assert len({await said("black", ""), await said("white", ""), await said("white", "What is it?")}) == 3
    assert await said("red", "", "JPEG")


async def test_what_nobody_waits_for_any_more_is_not_looked_at(model: VisionModel):
    cancelled = Cancellation()
    cancelled.cancel()

    assert await model.describe(picture("black"), "", cancelled) == ""
    assert await model.describe(picture("black"), "", Cancellation())


async def test_a_picture_that_is_being_read_is_given_up_between_two_layers(folder: Path):
    eyes = LlavaForConditionalGeneration.from_pretrained(folder).eval()
    first, second = eyes.model.vision_tower.encoder.layers
    cancellation, reached = Cancellation(), []
    first.register_forward_hook(lambda *_: cancellation.cancel())
    second.register_forward_hook(lambda *_: reached.append("the second layer"))
    model = VisionModel(eyes, LlavaProcessor.from_pretrained(folder))

    assert await model.describe(picture("black"), "", cancellation) == ""
    assert reached == []
    assert await model.describe(picture("black"), "", Cancellation())
    assert reached == ["the second layer"]


async def test_a_description_is_given_up_before_its_next_token(folder: Path):
    eyes = LlavaForConditionalGeneration.from_pretrained(folder).eval()
    cancellation, tokens = Cancellation(), []
    eyes.lm_head.register_forward_hook(lambda *_: tokens.append(1) or cancellation.cancel())
    model = VisionModel(eyes, LlavaProcessor.from_pretrained(folder))

    assert await model.describe(picture("black"), "", cancellation) == ""
    assert tokens == [1]


@pytest.mark.parametrize("content", [b"", b"no picture", picture("red")[:60]])
async def test_what_is_no_picture_is_refused_in_one_sentence(model: VisionModel, content: bytes):
    with pytest.raises(SightError, match="could not be read"):
        await model.describe(content, "", Cancellation())


def test_a_model_without_eyes_is_refused(tmp_path: Path):
    with pytest.raises(ModelUnavailableError, match="cannot be used to look at pictures"):
        VisionModel.load(folder=save_tiny(tmp_path / "tiny-llama"), device="cpu")


def test_a_model_without_a_chat_template_is_refused(tmp_path: Path):
    with pytest.raises(ModelUnavailableError, match="no chat template"):
        VisionModel.load(folder=save_tiny_vision(tmp_path / "mute", template=None), device="cpu")
