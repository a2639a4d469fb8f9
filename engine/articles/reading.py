"""From a download to its article: the page is read in a child process that can be killed."""

import asyncio
import json
import os
import sys
from contextlib import suppress
from datetime import date
from typing import Any

from engine.articles.article import Article
from engine.articles.fetch import Download
from engine.articles.problems import Problem
from engine.errors import NotAnArticleError

DEADLINE_SECONDS = 60.0
"""The child limits its own processor time; by the clock that lasts longer on a busy machine."""

_PASSED_ON = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "SYSTEMROOT")
"""The child needs no secrets, so it is not given the environment."""


class PageReader:
    """Reads downloads, at most `at_once` of them together."""

    def __init__(self, *, at_once: int = 2, deadline_seconds: float = DEADLINE_SECONDS) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._deadline_seconds = deadline_seconds

    async def read(self, download: Download) -> Article:
        """The article of a page, text or PDF. Raises NotAnArticleError, also when the child fails."""
        head = json.dumps(
            {
                "url": download.url,
                "media_type": download.media_type,
                "content_type": download.content_type,
            }
        )
        async with self._free:
            output = await self._run(head.encode() + b"\n" + download.body)
        try:
            answer = json.loads(output)
        except ValueError as error:
            raise NotAnArticleError(Problem.UNREADABLE) from error
        if "problem" in answer:
            raise NotAnArticleError(Problem[answer["problem"]])
        return _article(answer)

    async def _run(self, given: bytes) -> bytes:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "engine.articles.extract",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        )
        try:
            async with asyncio.timeout(self._deadline_seconds):
                output, _ = await child.communicate(given)
        except TimeoutError as error:
            raise NotAnArticleError(Problem.UNREADABLE) from error
        finally:
            if child.returncode is None:
                with suppress(ProcessLookupError):
                    child.kill()
                await child.wait()
        return output


def _article(answer: dict[str, Any]) -> Article:
    published = answer.pop("published")
    del answer["validators"]  # they come with the download, of which the child sees only the body
    return Article(published=date.fromisoformat(published) if published else None, **answer)
