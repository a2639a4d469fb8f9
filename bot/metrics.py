"""Figures of the running bot for Prometheus: on this machine alone, without ids or words of a chat."""

import logging
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from bot.settings import SettingsError
from storage.records import Generation, RunStatus

_ADDRESS = "127.0.0.1"

_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0)


class Metrics:
    """What is counted, in a registry of its own. Labels take values from fixed lists only."""

    def __init__(self, *, updates_waiting: Callable[[], int], replies_under_way: Callable[[], int]) -> None:
        self._registry = registry = CollectorRegistry()
        self._polls = Counter("mynah_polls", "Polls of Telegram.", ["outcome"], registry=registry)
        self._last_poll = Gauge(
            "mynah_last_poll_timestamp_seconds", "When Telegram last answered a poll.", registry=registry
        )
        waiting = Gauge("mynah_updates_waiting", "Updates that wait or are handled.", registry=registry)
        waiting.set_function(updates_waiting)
        under_way = Gauge(
            "mynah_replies_under_way", "Replies that are written or wait for the model.", registry=registry
        )
        under_way.set_function(replies_under_way)
        self._first_token = Histogram(
            "mynah_first_token_seconds",
            "Time from the request to the first token of a reply.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._tokens = Counter("mynah_reply_tokens", "Tokens written in replies.", registry=registry)
        self._writing = Counter(
            "mynah_reply_writing_seconds",
            "Time from the first token to the last; tokens by this are tokens per second.",
            registry=registry,
        )
        self._runs = Gauge(
            "mynah_runs",
            "Tuning runs by outcome; the gate decides promoted or rejected.",
            ["status"],
            registry=registry,
        )
        self._lines = Counter(
            "mynah_log_lines", "Lines of the log from warnings upwards.", ["level"], registry=registry
        )

    def polled(self, *, answered: bool) -> None:
        """One poll was answered, or failed."""
        self._polls.labels("answered" if answered else "failed").inc()
        if answered:
            self._last_poll.set_to_current_time()

    def replied(self, generation: Generation) -> None:
        """One reply was written."""
        self._first_token.observe(generation.first_token_seconds)
        self._tokens.inc(generation.reply_tokens)
        self._writing.inc(max(0.0, generation.total_seconds - generation.first_token_seconds))

    def know_runs(self, counts: Mapping[RunStatus, int]) -> None:
        """How many runs of each outcome are on record."""
        for status in RunStatus:
            self._runs.labels(status.value).set(counts.get(status, 0))

    @contextmanager
    def served(self, port: int | None) -> Generator[None]:
        """Answer `GET /metrics` on this port of the loopback interface; None: nowhere.

        Raises SettingsError when the port cannot be had.
        """
        if port is None:
            yield
            return
        try:
            server, thread = start_http_server(port, addr=_ADDRESS, registry=self._registry)
        except OSError as error:
            raise SettingsError(f"MYNAH_METRICS_PORT {port} cannot be used: {error.strerror}.") from error
        counting = _Counting(self._lines)
        logging.getLogger().addHandler(counting)
        try:
            yield
        finally:
            logging.getLogger().removeHandler(counting)
            server.shutdown()
            server.server_close()
            thread.join()


class _Counting(logging.Handler):
    """Counts what is logged, and looks at nothing but its level."""

    def __init__(self, lines: Counter) -> None:
        super().__init__(logging.WARNING)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.labels("warning" if record.levelno < logging.ERROR else "error").inc()
