"""What a tuning run hands to its child process and gets back: files in one folder, and lines of JSON.

The folder holds chat text, so it is made readable for the owner alone and lives only as long as the run. With
an encrypted database its files are sealed with a secret of the run, which only the two processes ever know.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from engine.errors import TuningError
from engine.language.model import ChatMessage
from engine.tuning.evaluate import Measurement, read_measurement
from engine.tuning.examples import Evidence, Example, Split
from storage.records import Role
from storage.sealing import is_sealed, seal, unseal

NIGHT_BUDGET = timedelta(minutes=30)
"""After this, on a slow machine, training ends with what it has learnt by then; who has not begun waits."""

CHECKPOINT_SECONDS = 120.0
"""So much work a kill can cost; a checkpoint has three times the size of an adapter."""

JOBS_NAME = "tuning"
"""The folder below the data folder that holds the job folders, and the checkpoints, which outlive them."""

_JOB_NAME = "job.json"
META_NAME = "meta.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How an adapter is trained; the defaults are measured on the bundled model (docs/learning.md)."""

    rank: int = 8
    alpha: float = 16.0
    learning_rate: float = 5e-4
    weight_decay: float = 0.01
    batch_rows: int = 2
    steps: int = 44
    fewest_rounds: int = 2
    most_rounds: int = 7
    warmup: float = 0.1
    clip_norm: float = 1.0
    replay_weight: float = 8.0
    example_tokens: int = 384
    micro_batch_tokens: int = 512
    users_at_once: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterFiles:
    """An adapter on disk; `secret` decrypts its weights."""

    folder: Path
    secret: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserJob:
    """One user's part of a job: their examples, and the adapter that serves them now.

    `fresh` are those that no run has seen, for the first sight of them. `recalled` are the held-out ones with
    what was recalled in the question, none where the model is not shown that. `others` are adapters of other
    people, to tell what is personal in a gain. `checkpoint_secret` seals what is put down of a training under
    way.
    """

    user_id: int
    split: Split
    fresh: tuple[Example, ...] = ()
    recalled: tuple[Example, ...] = ()
    checkpoint_secret: bytes | None = field(default=None, repr=False)
    active: AdapterFiles | None = None
    others: tuple[AdapterFiles, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run of the child process over one base model. `threads` None leaves the choice to torch.

    Without `controls` candidates are scored beside the base alone, and write no trial replies.
    """

    base_name: str
    base_folder: Path
    users: tuple[UserJob, ...]
    seed: int
    threads: int | None = None
    budget_seconds: float | None = None
    checkpoint_seconds: float = CHECKPOINT_SECONDS
    recipe: Recipe = Recipe()
    controls: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the training of one user has come; `loss` is the last batch's, in nats per token."""

    user_id: int
    step: int
    steps: int
    loss: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What the child made of one user: `folder` holds the adapter, the rest how it was trained and judged."""

    user_id: int
    folder: Path
    measurement: Measurement
    training: Mapping[str, float]


def candidate_folder(job_folder: Path, user_id: int) -> Path:
    """Where the child writes one user's adapter."""
    return job_folder / f"candidate-{user_id}"


def checkpoint_path(jobs_folder: Path, user_id: int) -> Path:
    """Where the checkpoint of one user lies, from one run to the next."""
    return jobs_folder / "checkpoints" / f"{user_id}.safetensors"


def examples_file(job_folder: Path, user_id: int) -> Path:
    """Where one user's examples lie."""
    return job_folder / f"examples-{user_id}.json"


def write_job(folder: Path, job: Job, *, secret: bytes | None = None) -> None:
    """Write the job's files into a new folder that only its owner may read; a secret seals them."""
    folder.mkdir(mode=0o700, parents=True)
    for user in job.users:
        parts = {
            "train": _dump(user.split.train),
            "held_out": _dump(user.split.held_out),
            "disliked": _dump(user.split.disliked),
            "fresh": _dump(user.fresh),
            "recalled": _dump(user.recalled),
        }
        _put(examples_file(folder, user.user_id), parts, secret)
    job_file = {
        "base_name": job.base_name,
        "base_folder": str(job.base_folder),
        "users": [
            {
                "user_id": user.user_id,
                "checkpoint_secret": _hex(user.checkpoint_secret),
                "active": None if user.active is None else _plain(user.active),
                "others": [_plain(files) for files in user.others],
            }
            for user in job.users
        ],
        "seed": job.seed,
        "threads": job.threads,
        "budget_seconds": job.budget_seconds,
        "checkpoint_seconds": job.checkpoint_seconds,
        "recipe": asdict(job.recipe),
        "controls": job.controls,
    }
    _put(folder / _JOB_NAME, job_file, secret)


def is_sealed_job(folder: Path) -> bool:
    """Whether the secret of the run is needed to read its job."""
    return is_sealed((folder / _JOB_NAME).read_bytes())


def read_job(folder: Path, *, secret: bytes | None = None) -> Job:
    """Read what `write_job` wrote. Raises SealError when it was sealed with another secret."""
    job = _get(folder / _JOB_NAME, secret)
    users = tuple(_user(user, _get(examples_file(folder, user["user_id"]), secret)) for user in job["users"])
    return Job(
        base_name=job["base_name"],
        base_folder=Path(job["base_folder"]),
        users=users,
        seed=job["seed"],
        threads=job["threads"],
        budget_seconds=job["budget_seconds"],
        checkpoint_seconds=job["checkpoint_seconds"],
        recipe=Recipe(**job["recipe"]),
        controls=job["controls"],
    )


def write_candidate(candidate: Candidate) -> None:
    """Write the figures of a finished candidate beside its weights; the weights must be there already."""
    meta = {"measurement": asdict(candidate.measurement), "training": dict(candidate.training)}
    (candidate.folder / META_NAME).write_text(json.dumps(meta))


def read_candidate(job_folder: Path, user_id: int) -> Candidate | None:
    """The candidate of one user; None when the child did not finish it. Raises TuningError when broken."""
    folder = candidate_folder(job_folder, user_id)
    try:
        meta: dict[str, Any] = json.loads((folder / META_NAME).read_text())
        measurement = read_measurement(meta["measurement"])
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        raise TuningError("The child process left figures that cannot be read.") from error
    return Candidate(user_id=user_id, folder=folder, measurement=measurement, training=meta["training"])


def progress_line(progress: Progress) -> str:
    """Progress as one line of JSON."""
    return json.dumps(asdict(progress))


def read_progress(line: bytes) -> Progress | None:
    """Progress from a line of the child's output; None for a line that is something else."""
    try:
        return Progress(**json.loads(line))
    except (ValueError, TypeError):
        return None


def _put(path: Path, document: Any, secret: bytes | None) -> None:
    path.write_bytes(seal(json.dumps(document).encode(), secret))


def _get(path: Path, secret: bytes | None) -> Any:
    return json.loads(unseal(path.read_bytes(), secret))


def _plain(files: AdapterFiles) -> dict[str, str | None]:
    return {"folder": str(files.folder), "secret": _hex(files.secret)}


def _hex(secret: bytes | None) -> str | None:
    return None if secret is None else secret.hex()


def _unhex(secret: str | None) -> bytes | None:
    return None if secret is None else bytes.fromhex(secret)


def _files(document: dict[str, Any]) -> AdapterFiles:
    return AdapterFiles(folder=Path(document["folder"]), secret=_unhex(document["secret"]))


def _dump(examples: tuple[Example, ...]) -> list[dict[str, Any]]:
    return [asdict(example) for example in examples]


def _user(document: dict[str, Any], parts: dict[str, list[dict[str, Any]]]) -> UserJob:
    active = document["active"]
    return UserJob(
        user_id=document["user_id"],
        split=Split(
            train=_examples(parts["train"]),
            held_out=_examples(parts["held_out"]),
            disliked=_examples(parts["disliked"]),
        ),
        fresh=_examples(parts["fresh"]),
        recalled=_examples(parts["recalled"]),
        checkpoint_secret=_unhex(document["checkpoint_secret"]),
        active=None if active is None else _files(active),
        others=tuple(map(_files, document["others"])),
    )


def _examples(raw: list[dict[str, Any]]) -> tuple[Example, ...]:
    return tuple(map(_example, raw))


def _example(raw: dict[str, Any]) -> Example:
    return Example(
        message_ids=tuple(raw["message_ids"]),
        context=tuple(ChatMessage(Role(turn["role"]), turn["content"]) for turn in raw["context"]),
        reply=raw["reply"],
        evidence=Evidence(raw["evidence"]),
        conversation_id=raw["conversation_id"],
        rejected=raw["rejected"],
    )
