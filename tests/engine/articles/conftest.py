"""A web site on loopback, and a fetcher that may visit it."""

from collections.abc import AsyncGenerator

import pytest

from engine.articles.fetch import Fetcher
from tests.engine.articles.web import Site, open_site


@pytest.fixture
async def site() -> AsyncGenerator[Site]:
    async with open_site() as site:
        yield site


@pytest.fixture
async def fetcher() -> AsyncGenerator[Fetcher]:
    fetcher = Fetcher(allow_private=True, deadline_seconds=2.0)
    yield fetcher
    await fetcher.close()
