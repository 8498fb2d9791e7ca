"""Structured logs: one JSON object a line on stderr, or readable lines on a terminal."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, TextIO

import structlog

from ivr.observe.log_privacy import EscapeControl, MaskSecrets


class LogFormat(StrEnum):
    AUTO = "auto"  # console on a terminal, JSON otherwise
    JSON = "json"
    CONSOLE = "console"


def configure_logs(
    *,
    level: str = "INFO",
    format: LogFormat = LogFormat.AUTO,
    node: str = "",
    stream: TextIO | None = None,
) -> None:
    """Send every log line of this process, those of libraries included, through one door.

    To be called once, before the workers are forked. `level` is a name of the logging module;
    `node` is in every line. Secrets are masked and control characters escaped before a line is
    written.
    """
    stream = stream or sys.stderr
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.StackInfoRenderer(),
                structlog.processors.format_exc_info,
                MaskSecrets(),
                EscapeControl(),
                _renderer(format, stream),
            ],
        )
    )
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    logging.captureWarnings(True)
    structlog.contextvars.clear_contextvars()
    if node:
        structlog.contextvars.bind_contextvars(node=node)


def _renderer(format: LogFormat, stream: TextIO) -> structlog.typing.Processor:
    terminal = stream.isatty()
    if format is LogFormat.CONSOLE or (format is LogFormat.AUTO and terminal):
        return structlog.dev.ConsoleRenderer(colors=terminal, sort_keys=False)
    return structlog.processors.JSONRenderer(ensure_ascii=False)


def bind_worker(slot: int, pid: int) -> None:
    """Name the worker in every line of this process from now on; called after the fork."""
    structlog.contextvars.bind_contextvars(worker=slot, pid=pid)


@contextmanager
def call_in_logs(call_id: str, **more: Any) -> Iterator[None]:
    """Name the call in every line logged within, tasks started within included."""
    with structlog.contextvars.bound_contextvars(call_id=call_id, **more):
        yield
