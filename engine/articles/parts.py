"""The parts in which a long article is read (pure)."""

from collections import defaultdict

from engine.articles.article import Article
from engine.articles.salience import terms
from engine.articles.sentences import split_sentences

MOST_PARTS = 7
"""A text of any length is read in at most so many parts, so its summary costs at most so many replies."""

_WORDS_A_PART = 2500


def sentences_of(article: Article) -> list[str]:
    """The sentences of the text, but its title where the text repeats it."""
    title = terms(article.title)
    return [sentence for sentence in split_sentences(article.text) if terms(sentence) != title]


def parts_of(article: Article) -> list[list[str]]:
    """The sentences in at most MOST_PARTS runs of about the same length."""
    count = max(1, min(MOST_PARTS, article.words // _WORDS_A_PART))
    parts: defaultdict[int, list[str]] = defaultdict(list)
    start = 0
    for sentence in sentences_of(article):
        start = article.text.find(sentence, start)
        parts[count * start // len(article.text)].append(sentence)
    return list(parts.values()) or [[article.text]]
