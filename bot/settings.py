"""Every setting, read once from the environment; all faults are told at once, secrets are never shown."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import time, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Literal, TypeVar, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.secret_file import read_secret
from engine.tuning.job import NIGHT_BUDGET

Value = TypeVar("Value")

LogFormat = Literal["text", "json"]

_PRIVATE = [ip_network(name) for name in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")]
"""RFC 1918 and RFC 4193."""


class SettingsError(Exception):
    """Settings that cannot be used, one sentence for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the keeper may choose. `.env.example` explains each."""

    telegram_bot_token: str | None = field(default=None, repr=False)
    telegram_base_url: str | None = None
    telegram_base_file_url: str | None = None
    data: Path = Path("data")
    model: str = "bundled"
    vision_model: str | None = None
    device: str = "auto"
    remote_url: str | None = None
    allowed_users: frozenset[int] = frozenset()
    owner: int | None = None
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    nightly: time = time(3, 30)
    night_budget: timedelta = NIGHT_BUDGET
    control: int = 0
    proposals: bool = False
    backups: int = 7
    database_key: str | None = field(default=None, repr=False)
    max_new_tokens: int = 256
    seed: int | None = None
    drafts: bool = False
    log_format: LogFormat = "text"
    metrics_port: int | None = None
    allow_private_links: bool = False

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """Read all settings. Raises SettingsError naming every faulty variable."""
        settings, faults = cls.read(env)
        if faults:
            raise SettingsError("\n".join(faults))
        return settings

    @classmethod
    def read(cls, env: Mapping[str, str]) -> tuple["Settings", list[str]]:
        """The settings, with its default in place of each faulty one, and a sentence for each of those."""
        reader = _Reader(env)
        credentials = reader.read("CREDENTIALS_DIRECTORY", Path, None)
        settings = cls(
            telegram_bot_token=reader.read("TELEGRAM_BOT_TOKEN", _token, None),
            telegram_base_url=reader.read("TELEGRAM_BASE_URL", _url, None),
            telegram_base_file_url=reader.read("TELEGRAM_BASE_FILE_URL", _url, None),
            data=reader.read("MYNAH_DATA", Path, Path("data")),
            model=reader.read("MYNAH_MODEL", str, "bundled"),
            vision_model=reader.read("MYNAH_VISION_MODEL", str, None),
            device=reader.read("MYNAH_DEVICE", str, "auto"),
            remote_url=reader.read("MYNAH_REMOTE_URL", _near_url, None),
            allowed_users=reader.read("MYNAH_ALLOWED_USERS", _ids, frozenset[int]()),
            owner=reader.read("MYNAH_OWNER", _id, None),
            timezone=reader.read("MYNAH_TIMEZONE", _timezone, ZoneInfo("UTC")),
            nightly=reader.read("MYNAH_NIGHTLY", _time, time(3, 30)),
            night_budget=reader.read("MYNAH_NIGHT_BUDGET", _minutes, NIGHT_BUDGET),
            control=reader.read("MYNAH_CONTROL", _percent, 0),
            proposals=reader.read("MYNAH_PROPOSALS", _switch, False),
            backups=reader.read("MYNAH_BACKUPS", _whole, 7),
            database_key=reader.read_either(
                ("MYNAH_DATABASE_KEY", str),
                ("MYNAH_DATABASE_KEY_FILE", lambda raw: _secret_in_file(raw, credentials)),
            ),
            max_new_tokens=reader.read("MYNAH_MAX_NEW_TOKENS", _positive, 256),
            seed=reader.read("MYNAH_SEED", _whole, None),
            drafts=reader.read("MYNAH_DRAFTS", _switch, False),
            log_format=reader.read("MYNAH_LOG_FORMAT", _log_format, "text"),
            metrics_port=reader.read("MYNAH_METRICS_PORT", _port, None),
            allow_private_links=reader.read("MYNAH_ALLOW_PRIVATE_LINKS", _switch, False),
        )
        if settings.remote_url is not None and settings.database_key is not None:
            reader.faults.append(
                "MYNAH_REMOTE_URL cannot be set with a database key, "
                "for a model server cannot read encrypted weights."
            )
        return settings, reader.faults

    def as_env(self) -> str:
        """Lines of an `.env` file for another machine: what was chosen but secrets and the data folder."""
        chosen = {one.name: _raw(getattr(self, one.name)) for one in fields(self) if one.repr}
        del chosen["data"]
        return "".join(
            f"{_variable(name)}={_quoted(raw)}\n"
            for name, raw in chosen.items()
            if raw and "@" not in raw  # an address may carry a password
        )


class _Reader:
    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self.faults: list[str] = []

    def read(self, name: str, parse: Callable[[str], Value], default: Value) -> Value:
        """The parsed variable, or the default when it is unset, blank or faulty; faults are kept."""
        raw = self._env.get(name, "").strip()
        if not raw:
            return default
        try:
            return parse(raw)
        except ValueError as error:
            self.faults.append(f"{name} {error}.")
            return default

    def read_either(self, *choices: tuple[str, Callable[[str], Value]]) -> Value | None:
        """The one of several variables that is set; to set more of them is a fault."""
        chosen = [(name, parse) for name, parse in choices if self._env.get(name, "").strip()]
        if len(chosen) > 1:
            names = " and ".join(name for name, _ in chosen)
            self.faults.append(f"{names} are both set; one of them must go.")
            return None
        return next((self.read(name, parse, None) for name, parse in chosen), None)


def _token(raw: str) -> str:
    if not re.fullmatch(r"\d+:[\w-]{20,}", raw):
        raise ValueError("does not look like a token from BotFather")
    return raw


def _secret_in_file(raw: str, credentials: Path | None) -> str:
    try:
        return read_secret(Path(raw), credentials=credentials)
    except ValueError as error:
        raise ValueError(f"names the file {raw}, which {error}") from error


def _whole(raw: str) -> int:
    if not raw.isascii() or not raw.isdigit():
        raise ValueError(f"must be a whole number, not {raw!r}")
    return int(raw)


def _url(raw: str) -> str:
    if not raw.startswith(("http://", "https://")):
        raise ValueError(f"must begin with http:// or https://, not be {raw!r}")
    return raw


def _near_url(raw: str) -> str:
    """An address that no name server can lead elsewhere."""
    try:
        server = urlsplit(_url(raw))
        address = None if server.port == 0 else ip_address(server.hostname or "")
    except ValueError:
        address = None
    if address is None or not (address.is_loopback or any(address in network for network in _PRIVATE)):
        raise ValueError(
            "must be a numeric address of this machine or of a private network, as in http://127.0.0.1:8000, "
            f"so that no chat leaves them; it is {raw!r}"
        )
    return raw


def _id(raw: str) -> int:
    if not raw.isascii() or not raw.isdigit():
        raise ValueError(f"must be a numeric Telegram id, not {raw!r} (a @name is no id)")
    return int(raw)


def _ids(raw: str) -> frozenset[int]:
    return frozenset(_id(part) for part in raw.replace(",", " ").split())


def _positive(raw: str) -> int:
    if _whole(raw) == 0:
        raise ValueError("must be above 0")
    return int(raw)


def _percent(raw: str) -> int:
    if _whole(raw) > 100:
        raise ValueError(f"must be a share of a hundred, not {raw!r}")
    return int(raw)


def _port(raw: str) -> int:
    if not 0 < _whole(raw) < 65536:
        raise ValueError(f"must be a port from 1 to 65535, not {raw!r}")
    return int(raw)


def _log_format(raw: str) -> LogFormat:
    for known in get_args(LogFormat):
        if raw.lower() == known:
            return known
    raise ValueError(f"must be text or json, not {raw!r}")


def _minutes(raw: str) -> timedelta:
    return timedelta(minutes=_positive(raw))


def _timezone(raw: str) -> ZoneInfo:
    try:
        return ZoneInfo(raw)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"must be a time zone such as Europe/Berlin, not {raw!r}") from error


def _time(raw: str) -> time:
    hours, colon, minutes = raw.partition(":")
    if not colon or not hours.isdigit() or not minutes.isdigit() or int(hours) > 23 or int(minutes) > 59:
        raise ValueError(f"must be a time such as 03:30, not {raw!r}")
    return time(int(hours), int(minutes))


def _switch(raw: str) -> bool:
    words = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    if raw.lower() not in words:
        raise ValueError(f"must be on or off, not {raw!r}")
    return words[raw.lower()]


def _variable(name: str) -> str:
    return (name if name.startswith("telegram_") else f"mynah_{name}").upper()


def _raw(value: object) -> str:
    """A value in the words that it is read from; nothing for one that was not chosen."""
    match value:
        case None:
            return ""
        case bool():
            return "on" if value else "off"
        case time():
            return f"{value:%H:%M}"
        case timedelta():
            return str(int(value.total_seconds() // 60))
        case frozenset():
            return ",".join(sorted(map(str, value)))
        case _:
            return str(value)


def _quoted(raw: str) -> str:
    if re.fullmatch(r"[\w./:,+-]*", raw):
        return raw
    escaped = raw.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
