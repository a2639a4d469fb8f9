"""How well pages are read and summed up, against the peers in the same run.

    python -m benchmarks.articles DATA_FOLDER [--own-words 8] [--json]

DATA_FOLDER holds `articles/` (gold.json and html/*.html.gz of the article-extraction-benchmark) and
`scitldr_A_test.jsonl.gz`. The peers are not dependencies of Mynah:

    pip install sumy && pip install --no-deps readability-lxml cssselect chardet

F1 counts shingles of four words as that benchmark does. The reference summary of a page is its own
og:description. Half of these are copies of the page's first sentences, so the others are also counted alone.
Coverage is the share of a text's twenty most frequent content words that a summary has. The weights of the
choice were fitted on every second page and abstract; the others are the held-out ones. Whether a summary
invents is judged here by other rules than those that the engine filters with. `--own-words` is for how many
pages the bundled model also words a summary, a few seconds each; 0 loads no model.
"""

import argparse
import asyncio
import gzip
import json
import re
import resource
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import lxml.html
import trafilatura
from readability import Document
from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence
from sumy.summarizers.lex_rank import LexRankSummarizer

from engine.articles.article import Article
from engine.articles.extract import extract, text_article
from engine.articles.parts import MOST_PARTS, sentences_of
from engine.articles.points import source_points
from engine.articles.sentences import split_sentences
from engine.articles.sniffing import MediaType
from engine.articles.summarize import Reader, Summarizer, Summary
from engine.articles.wish import Wish
from engine.errors import ArticleError
from engine.language.bundled import resolve_model
from engine.language.local import LocalModel
from storage.articles import ArticleStore
from storage.database import Database

Figures = dict[str, float]
Item = tuple[Sequence[str], Sequence[str]]
"""The sentences of a text, and the references that a summary of it is measured against."""

Choose = Callable[[Sequence[str], int], Sequence[str]]

PAGE_SENTENCES = 3
LONG_WORDS = 200_000
FEWEST_DESCRIPTION_WORDS = 10
MOST_COPIED = 0.2
"""The share of a description's runs of four words that stand in the page."""

_STOP_WORDS = """
    the of and to in is that for was with it as on by are this from have not which at be an or we our their
    its his her they he she who has had were will would can also more than but been about into one all when
    there said what so if up out
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A saved page, its gold text, and what it says of itself."""

    url: str
    html: str
    gold: str
    description: str


def read_pages(folder: Path) -> list[Page]:
    """All pages with gold text."""
    gold = json.loads((folder / "gold.json").read_text(encoding="utf-8"))
    return [
        _page(gzip.decompress((folder / "html" / f"{name}.html.gz").read_bytes()), entry)
        for name, entry in gold.items()
    ]


def _page(body: bytes, entry: dict[str, str]) -> Page:
    tree = lxml.html.fromstring(body, parser=lxml.html.HTMLParser(encoding="utf-8"))
    found = tree.xpath("//meta[@property='og:description' or @name='description']/@content")
    return Page(
        url=entry["url"],
        html=body.decode("utf-8", "replace"),
        gold=entry["articleBody"],
        description=str(found[0]) if found else "",
    )


def ours(page: Page) -> Article | None:
    """What Mynah reads; None where it says that the page is no article."""
    try:
        return extract(page.html.encode(), url=page.url, media_type=MediaType.HTML)
    except ArticleError:
        return None


def ours_text(page: Page) -> str:
    """The text of that, or nothing."""
    article = ours(page)
    return "" if article is None else article.text


def readability_text(page: Page) -> str:
    """readability-lxml, its HTML turned into text."""
    return "\n".join(lxml.html.fromstring(Document(page.html).summary()).itertext())


def trafilatura_text(page: Page) -> str:
    """trafilatura as it comes, without comments, with the title and the other facts that Mynah needs too."""
    found: Any = trafilatura.bare_extraction(
        page.html, url=page.url, include_comments=False, with_metadata=True
    )
    return found.text or "" if found is not None else ""


def shingle_f1(pairs: Iterable[tuple[str, str]]) -> float:
    """F1 of the macro precision and recall over (gold, found)."""
    scored = [_precision_recall(_shingles(gold), _shingles(found)) for gold, found in pairs]
    precision, recall = (statistics.mean(values) for values in zip(*scored, strict=True))
    return 2 * precision * recall / (precision + recall)


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text)
    return Counter(tuple(words[start : start + 4]) for start in range(max(1, len(words) - 3)))


def _precision_recall(gold: Counter[tuple[str, ...]], found: Counter[tuple[str, ...]]) -> tuple[float, float]:
    common = (gold & found).total()
    return common / max(1, found.total()), common / max(1, gold.total())


def extraction(pages: Sequence[Page]) -> Figures:
    """F1 and time for each extractor; F1 also without the pages that Mynah calls no article."""
    extractors = {"mynah": ours_text, "trafilatura": trafilatura_text, "readability": readability_text}
    for text_of in extractors.values():
        text_of(pages[0])  # the first page also pays for what is loaded late
    found: dict[str, list[str]] = {}
    seconds: dict[str, float] = {}
    for name, text_of in extractors.items():
        begun = time.process_time()
        found[name] = [text_of(page) for page in pages]
        seconds[name] = time.process_time() - begun
    taken = [place for place, text in enumerate(found["mynah"]) if text]
    figures: Figures = {"pages": len(pages), "pages_called_no_article": len(pages) - len(taken)}
    for name, texts in found.items():
        figures |= {
            f"extract_f1_{name}": shingle_f1((pages[place].gold, texts[place]) for place in taken),
            f"extract_f1_all_{name}": shingle_f1(
                (page.gold, text) for page, text in zip(pages, texts, strict=True)
            ),
            f"extract_ms_{name}": 1000 * seconds[name] / len(pages),
        }
    return figures


def words_of(text: str) -> tuple[str, ...]:
    """Words as ROUGE counts them, without stemming."""
    return tuple(re.findall(r"[^\W_]+", text.lower()))


def rouge_l(candidate: str, reference: str) -> float:
    """The F1 of the longest common subsequence of words."""
    found, wanted = words_of(candidate), words_of(reference)
    row = [0] * (len(wanted) + 1)
    for word in found:
        diagonal = 0
        for place, other in enumerate(wanted, start=1):
            above = row[place]
            row[place] = diagonal + 1 if word == other else max(above, row[place - 1])
            diagonal = above
    return 2 * row[-1] / max(1, len(found) + len(wanted))


def coverage(summary: str, text: str) -> float:
    """The share of the text's most frequent content words that the summary has."""
    counts = Counter(word for word in words_of(text) if word not in STOP_WORDS and len(word) > 2)
    top = [word for word, _ in counts.most_common(20)]
    return len(set(top) & set(words_of(summary))) / max(1, len(top))


class Words:
    """The tokenizer of sumy without the data that its own would download."""

    def to_words(self, sentence: str) -> tuple[str, ...]:
        """The words of a sentence."""
        return words_of(sentence)

    def to_sentences(self, text: str) -> tuple[str, ...]:
        """One sentence comes in, one goes out."""
        return (text,)


def lexrank(sentences: Sequence[str], count: int) -> list[str]:
    """sumy's LexRank."""
    document = ObjectDocumentModel([Paragraph([Sentence(each, Words()) for each in sentences])])
    return [str(sentence) for sentence in LexRankSummarizer()(document, count)]


def lead(sentences: Sequence[str], count: int) -> Sequence[str]:
    """The first sentences."""
    return sentences[:count]


def chosen(sentences: Sequence[str], count: int) -> list[str]:
    """The sentences that Mynah chooses."""
    return [point.text for point in source_points(sentences, count=count)]


def overlap(name: str, items: Sequence[Item], count: int) -> Figures:
    """ROUGE-L against the best reference, coverage and words, for each way to choose `count` sentences."""
    figures: Figures = {}
    choices: dict[str, Choose] = {"mynah": chosen, "lead": lead, "lexrank": lexrank}
    for peer, choose in choices.items():
        scores = [
            _scores(" ".join(choose(sentences, count)), sentences, references)
            for sentences, references in items
        ]
        rouge, covered, words = (statistics.mean(values) for values in zip(*scores, strict=True))
        figures |= {
            f"{name}_rouge_l_{peer}": rouge,
            f"{name}_coverage_{peer}": covered,
            f"{name}_words_{peer}": words,
        }
    return figures


def in_own_words(items: Sequence[Item]) -> list[Item]:
    """The pages whose description is no copy of their text: any other is a sentence of it by its making."""
    return [
        (sentences, references)
        for sentences, references in items
        if _precision_recall(_shingles(" ".join(sentences)), _shingles(references[0]))[0] <= MOST_COPIED
    ]


def _scores(summary: str, sentences: Sequence[str], references: Sequence[str]) -> tuple[float, float, float]:
    rouge = max(rouge_l(summary, reference) for reference in references)
    return rouge, coverage(summary, " ".join(sentences)), len(words_of(summary))


def scitldr(file: Path) -> list[Item]:
    """Abstracts as sentences, with their one-sentence summaries."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [
            ([text for line in entry["source"] if (text := line.strip())], entry["target"])
            for entry in map(json.loads, lines)
        ]


def inventions(summary: Summary, text: str) -> tuple[int, int, int]:
    """Numbers, names and quotations of a summary that its text does not have."""
    there = set(words_of(text))
    plain = "".join(words_of(text))
    figures = set(re.findall(r"\d+", text))
    numbers: set[str] = set()
    names: set[str] = set()
    quotes: set[str] = set()
    for written in (point.text for point in summary.points):
        numbers |= set(re.findall(r"\d+", written)) - figures
        # A capital in the middle of a sentence makes a name.
        names |= {
            name for name in re.findall(r"(?<=[a-z,] )[A-Z][^\W_]+", written) if name.lower() not in there
        }
        quotes |= {
            quote for quote in re.findall(r"“([^”]{3,})”", written) if "".join(words_of(quote)) not in plain
        }
    return len(numbers), len(names), len(quotes)


async def summaries(
    summarizer: Summarizer, articles: Sequence[Article], *, name: str
) -> tuple[Figures, list[Summary]]:
    """Sum up all articles; how much is invented, how long it takes."""
    begun = time.monotonic()
    written = [await summarizer.summarize(article, Reader(user_id=1)) for article in articles]
    seconds = (time.monotonic() - begun) / max(1, len(articles))
    found = [
        inventions(summary, f"{article.title} {article.text}")
        for summary, article in zip(written, articles, strict=True)
    ]
    numbers, names, quotes = (sum(values) for values in zip(*found, strict=True))
    points = [point for summary in written for point in summary.points]
    return {
        f"{name}_summaries": len(written),
        f"{name}_unsupported_numbers": numbers,
        f"{name}_unsupported_names": names,
        f"{name}_unsupported_quotes": quotes,
        f"{name}_worded_by_model": statistics.mean(point.generated for point in points),
        f"{name}_seconds_each": seconds,
    }, written


async def two_readers(summarizer: Summarizer, articles: Sequence[Article]) -> Figures:
    """One reader cares for what the first half of an article says, one for the second: do leads differ?"""
    different = foreign = 0
    for article in articles:
        sentences = split_sentences(article.text)
        halves = sentences[: len(sentences) // 2], sentences[len(sentences) // 2 :]
        common = [Counter(word for word in words_of(" ".join(half)) if len(word) > 5) for half in halves]
        wishes = [
            Wish(interests=tuple(word for word, _ in (own - other).most_common(3)))
            for own, other in (common, common[::-1])
        ]
        picked = [await summarizer.summarize(article, Reader(user_id=1, wish=wish)) for wish in wishes]
        different += picked[0].points[0] != picked[1].points[0]
        foreign += sum(
            point.passage not in sentences
            for summary in picked
            if not summary.whole
            for point in summary.points
        )
    return {
        "two_readers_other_lead": different / max(1, len(articles)),
        "two_readers_unsupported_points": foreign,
    }


async def long_text(summarizer: Summarizer, articles: Sequence[Article]) -> Figures:
    """A text of 200,000 words: time, memory, and how many of its tenths are in the summary."""
    whole: list[str] = []
    words = 0
    while words < LONG_WORDS:
        for article in articles:
            # A number makes each sentence one of its kind, so that it can be found again.
            whole += [
                f"{sentence[:-1]} {len(whole) + place}."
                for place, sentence in enumerate(split_sentences(article.text))
            ]
            words += article.words
    text = "\n".join(whole)
    article = text_article(text, url="")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.monotonic()
    summary = await summarizer.summarize(article, Reader(user_id=1))
    seconds = time.monotonic() - begun
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    parts = {MOST_PARTS * article.text.find(point.passage) // len(article.text) for point in summary.points}
    return {
        "long_words": article.words,
        "long_seconds": seconds,
        "long_memory_mb": (after - before) / 1024,
        "long_parts_represented": len(parts) / MOST_PARTS,
    }


async def engine_figures(
    pages: Sequence[Page], own_words: int, folder: Path
) -> tuple[Figures, Sequence[Item]]:
    """Everything that goes through the Summarizer, and the pages as items for `overlap`."""
    database = await Database.open(folder / "mynah.db", key=None)

    def summarizer(writer: LocalModel | None) -> Summarizer:
        return Summarizer(writer=writer, store=ArticleStore(database), now=lambda: datetime.now(UTC))

    read = [(page, article) for page in pages if (article := ours(page)) is not None]
    articles = [article for _, article in read]
    items = [
        (sentences_of(article), [page.description])
        for page, article in read
        if len(page.description.split()) >= FEWEST_DESCRIPTION_WORDS
    ]
    chooser = summarizer(None)
    try:
        figures, _ = await summaries(chooser, articles, name="pages")
        figures |= await two_readers(chooser, articles)
        figures |= await long_text(chooser, articles)
        if own_words:
            sample = articles[:: max(1, len(articles) // own_words)][:own_words]
            base = await asyncio.to_thread(
                resolve_model, "bundled", folder / "models", lambda _sentence: None
            )
            model = await asyncio.to_thread(LocalModel.load, folder=base.folder, name=base.name)
            try:
                worded, written = await summaries(summarizer(model), sample, name="model")
            finally:
                await model.close()
            worded["model_coverage"] = _mean_coverage(written, sample)
            picked = [await chooser.summarize(each, Reader(user_id=1)) for each in sample]
            worded["model_coverage_of_chosen"] = _mean_coverage(picked, sample)
            figures |= worded
    finally:
        await database.close()
    return figures, items


def _mean_coverage(written: Sequence[Summary], articles: Sequence[Article]) -> float:
    return statistics.mean(
        coverage(" ".join(point.text for point in summary.points), article.text)
        for summary, article in zip(written, articles, strict=True)
    )


def failures(measured: Figures) -> list[str]:
    """The targets that were missed."""
    targets = {
        "extraction F1": measured["extract_f1_mynah"] >= measured["extract_f1_trafilatura"],
        "extraction time": measured["extract_ms_mynah"] <= 1.5 * measured["extract_ms_trafilatura"],
        "nothing invented": not any(value for name, value in measured.items() if "_unsupported_" in name),
        "every part of a long text": measured["long_parts_represented"] == 1,
    }
    for name in ("scitldr", "pages", "held_out_scitldr", "held_out_pages"):
        for figure in ("rouge_l", "coverage"):
            own = measured[f"{name}_{figure}_mynah"]
            targets[f"{name} {figure}"] = all(
                own >= measured[f"{name}_{figure}_{peer}"] for peer in ("lead", "lexrank")
            )
    return [name for name, met in targets.items() if not met]


def main() -> int:
    """Print a table and, with `--json`, one object on the last line; 1 when a target was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.articles", description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--own-words", type=int, default=8, help="pages that the model words itself")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    pages = read_pages(arguments.data / "articles")
    measured = extraction(pages)
    with tempfile.TemporaryDirectory(prefix="mynah-articles-") as folder:
        figures, items = asyncio.run(engine_figures(pages, arguments.own_words, Path(folder)))
    measured |= figures
    measured |= overlap("pages", items, PAGE_SENTENCES)
    measured |= overlap("held_out_pages", items[::2], PAGE_SENTENCES)
    measured |= overlap("own_words_pages", in_own_words(items), PAGE_SENTENCES)
    abstracts = scitldr(arguments.data / "scitldr_A_test.jsonl.gz")
    measured |= overlap("scitldr", abstracts, 1) | overlap("held_out_scitldr", abstracts[::2], 1)
    for name, value in measured.items():
        print(f"{name:32} {value:12.3f}")
    missed = failures(measured)
    print("missed: " + ", ".join(missed) if missed else "all targets met")
    if arguments.json:
        print(json.dumps(measured))
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
