"""Failures of the engine, caught by branch; each words itself in one plain sentence.

EngineError
 ├─ ModelError
 │   ├─ ModelUnavailableError      no such model folder, or it cannot be read
 │   ├─ DeviceUnavailableError     the computer has no such device
 │   ├─ PromptTooLongError         the newest message alone does not fit the context
 │   ├─ QueueFullError             too many requests wait already
 │   └─ EmptyReplyError            the model ended before the first word
 ├─ AdapterError                   an adapter folder is missing, broken or made for another base
 ├─ TuningError
 │   └─ TuningBusyError            a tuning or a backup of this data folder is under way
 ├─ SpeechError                    a recording could not be written down
 ├─ SightError                     a picture could not be looked at
 ├─ ExportError                    the files could not be written
 ├─ ImportFileError                the file holds no past that can be read
 └─ ArticleError
     ├─ LinkRefusedError           an address that is never opened
     ├─ DownloadError              the page could not be had
     ├─ NotAnArticleError          the page was had, but there is nothing to summarise
     └─ SummaryStoppedError        the reader does not want it any more
"""


class EngineError(Exception):
    """Anything the engine could not do."""


class ModelError(EngineError):
    """The language model could not do what was asked."""


class ModelUnavailableError(ModelError):
    """No model can be loaded from this place."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"The model {place} cannot be loaded: {reason}.")
        self.place = place


class DeviceUnavailableError(ModelError):
    """The model cannot be run where it should."""

    def __init__(self, device: str) -> None:
        super().__init__(f"MYNAH_DEVICE is {device}, and there is no such device here.")


class PromptTooLongError(ModelError):
    """The newest message alone does not fit into the context."""

    def __init__(self, needed_tokens: int, allowed_tokens: int) -> None:
        super().__init__(f"The message needs {needed_tokens} tokens, but only {allowed_tokens} fit.")
        self.needed_tokens = needed_tokens
        self.allowed_tokens = allowed_tokens


class QueueFullError(ModelError):
    """Too many requests wait for the model."""

    def __init__(self, waiting: int) -> None:
        super().__init__(f"{waiting} requests are waiting already.")
        self.waiting = waiting


class EmptyReplyError(ModelError):
    """The model ended its reply before the first word."""

    def __init__(self) -> None:
        super().__init__("The model had nothing to say.")


class AdapterError(EngineError):
    """An adapter cannot be served."""

    def __init__(self, folder: str, reason: str) -> None:
        super().__init__(f"The adapter {folder} cannot be used: {reason}.")
        self.folder = folder


class TuningError(EngineError):
    """A tuning run failed; nothing that serves has changed."""


class TuningBusyError(TuningError):
    """Somebody else tunes on this data folder, or backs it up, which nothing may be tuned beside."""

    def __init__(self, *, backing_up: bool) -> None:
        work = "A backup is being written of" if backing_up else "Tuning is already running on"
        super().__init__(f"{work} this data folder.")
        self.backing_up = backing_up


class SpeechError(EngineError):
    """A recording could not be turned into words."""


class SightError(EngineError):
    """A picture could not be put into words."""


class ExportError(EngineError):
    """A person's data could not be written out."""


class ImportFileError(EngineError):
    """A file that was to be imported cannot be read as what it should be."""


class ArticleError(EngineError):
    """A link could not be turned into a summary."""


class LinkRefusedError(ArticleError):
    """The link leads where Mynah never goes."""


class DownloadError(ArticleError):
    """The page could not be downloaded."""


class NotAnArticleError(ArticleError):
    """The page was read, but holds no article."""


class SummaryStoppedError(ArticleError):
    """The reader stopped it."""

    def __init__(self) -> None:
        super().__init__("Stopped.")
