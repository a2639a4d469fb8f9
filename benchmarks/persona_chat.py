"""Synthetic-Persona-Chat: conversations of two people, and for each of them what was to be said."""

import csv
import gzip
import re
from dataclasses import dataclass
from pathlib import Path

FILE = "synthetic_persona_chat_test.csv.gz"

_TURN = re.compile(r"^(?:User|user) ?([12]):\s*(.*)$")


@dataclass(frozen=True, slots=True)
class Speaker:
    """One side of one conversation: the sentences of their persona, and their lines in order."""

    persona: tuple[str, ...]
    lines: tuple[str, ...]


def conversations(folder: Path) -> list[tuple[Speaker, Speaker]]:
    """Both sides of each conversation. Raises FileNotFoundError when the file is not in the folder."""
    with gzip.open(folder / FILE, "rt", encoding="utf-8", newline="") as file:
        return [_pair(row) for row in csv.DictReader(file)]


def _pair(row: dict[str, str]) -> tuple[Speaker, Speaker]:
    lines: tuple[list[str], list[str]] = ([], [])
    for line in row["Best Generated Conversation"].splitlines():
        turn = _TURN.match(line.strip())
        if turn is not None and turn[2]:
            lines[int(turn[1]) - 1].append(turn[2])
    first, second = (
        Speaker(tuple(row[f"user {number} personas"].splitlines()), tuple(lines[number - 1]))
        for number in (1, 2)
    )
    return first, second
