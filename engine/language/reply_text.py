"""The text of a growing reply: whole characters only, cut before a stop string."""

from collections.abc import Sequence

from engine.language.tokens import ChatTokenizer

_BROKEN = "\ufffd"
_JOINER = "\u200d"
_REGIONAL_A, _REGIONAL_Z = "\U0001f1e6", "\U0001f1ff"


class ReplyText:
    """Turns tokens into text as they come. `text` only ever grows, so that it may be shown at any time."""

    def __init__(self, tokenizer: ChatTokenizer, *, stop: Sequence[str] = ()) -> None:
        self._tokenizer = tokenizer
        self._stop = [string for string in stop if string]
        self._token_ids: list[int] = []
        self._settled = 0
        self._read = 0
        self._decoded = ""
        self.text = ""
        self.stopped = False

    def push(self, token_id: int) -> bool:
        """Take one more token; whether `text` has grown."""
        self._token_ids.append(token_id)
        # A token's text may depend on the one before, so each step decodes a window and takes what is new.
        before = self._tokenizer.decode(self._token_ids[self._settled : self._read])
        window = self._tokenizer.decode(self._token_ids[self._settled :])
        if window.endswith(_BROKEN) and len(self._token_ids) - self._read < 4:
            return False
        self._decoded += window[len(before) :].replace(_BROKEN, "")
        self._settled, self._read = self._read, len(self._token_ids)
        return self._show(self._decoded[: _whole(self._decoded)])

    def finish(self) -> str:
        """The whole text, once no more tokens come."""
        if not self.stopped:
            self.text = self._decoded.rstrip(_JOINER)
        return self.text

    def _show(self, text: str) -> bool:
        for string in self._stop:
            place = text.find(string)
            if place >= 0:
                text, self.stopped = text[:place], True
        if not self.stopped:
            text = text[: len(text) - max((_overlap(text, string) for string in self._stop), default=0)]
        grown = len(text) > len(self.text)
        if grown:
            self.text = text
        return grown


def _whole(text: str) -> int:
    """The length of `text` without a last character that is still being put together."""
    end = len(text)
    while end and text[end - 1] == _JOINER:
        end -= 1
    flags = 0
    while flags < end and _REGIONAL_A <= text[end - 1 - flags] <= _REGIONAL_Z:
        flags += 1
    return end - flags % 2


def _overlap(text: str, string: str) -> int:
    """How many characters at the end of `text` may be the start of `string`."""
    return next((size for size in range(len(string) - 1, 0, -1) if text.endswith(string[:size])), 0)
