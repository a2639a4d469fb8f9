"""Text to the pieces of a unigram vocabulary, as SentencePiece cuts it: the cut whose scores add up best."""

import re
from collections.abc import Mapping, Sequence

_SPACES = re.compile("  +")
_SPACE = "\u2581"
"""How the vocabulary writes a space."""

_UNKNOWN_PENALTY = 10.0
"""A character that no piece has scores so much less than the worst piece."""


class Pieces:
    """A vocabulary with scores, and characters to replace before the cut."""

    def __init__(
        self, pieces: Sequence[str], scores: Sequence[float], *, replaced: Mapping[str, str], unknown_id: int
    ) -> None:
        self._ids = {piece: place for place, piece in enumerate(pieces) if place != unknown_id}
        self._scores = scores
        self._replaced = str.maketrans(dict(replaced))
        self._unknown_id = unknown_id
        self._unknown_score = min(scores) - _UNKNOWN_PENALTY
        self._longest = max(map(len, self._ids))

    def ids(self, text: str) -> list[int]:
        """The pieces of a text, without the marks of its beginning and end."""
        spaced = _SPACES.sub(" ", text.translate(self._replaced))
        line = f"{'' if spaced.startswith(' ') else ' '}{spaced}".replace(" ", _SPACE)
        cut: list[int] = []
        end = len(line)
        steps = self._best_steps(line)
        while end > 0:
            piece, end = steps[end]
            cut.append(piece)
        return cut[::-1]

    def _best_steps(self, line: str) -> list[tuple[int, int]]:
        """For each end the last piece of the best cut so far, and where it begins (Viterbi)."""
        length = len(line)
        best = [0.0] + [float("-inf")] * length
        steps = [(self._unknown_id, 0)] * (length + 1)
        for begin in range(length):
            reached = best[begin]
            if reached + self._unknown_score > best[begin + 1]:
                best[begin + 1], steps[begin + 1] = reached + self._unknown_score, (self._unknown_id, begin)
            for end in range(begin + 1, min(length, begin + self._longest) + 1):
                piece = self._ids.get(line[begin:end])
                if piece is not None and reached + self._scores[piece] > best[end]:
                    best[end], steps[end] = reached + self._scores[piece], (piece, begin)
        return steps
