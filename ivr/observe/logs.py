"""Structured logs on stderr: for people on a terminal, one JSON object a line elsewhere."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import structlog

from ground.outlet import OutletHandler
from ivr.observe.log_format import LogFormat
from ivr.observe.log_lines import InOneLine, ShortTime, for_people, worth_a_line
from ivr.observe.log_privacy import EscapeControl, MaskSecrets
from ivr.observe.seldom import SeldomTheSame

_DROPPED_TOLD = "{count} lines of the log were dropped, since nobody read it\n"
_DROPPED_JSON = (
    '{"level": "error", "logger": "ivr.observe.logs", "event": "lines of the log were dropped, '
    'since nobody read it", "count": {count}}\n'
)


def configure_logs(
    *,
    level: str = "INFO",
    format: LogFormat = LogFormat.AUTO,
    node: str = "",
    stream: TextIO | None = None,
) -> None:
    """Send every log line of this process, also those of libraries, through one handler.

    Call it once, before the workers are forked. `level` is a name of the logging module; `node` is
    in every line. Secrets are masked and control characters escaped before a line is written.
    Logging never waits for the output: lines that do not fit into a bounded queue are dropped,
    counted and reported (`ground.outlet`).
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
    everything = level.upper() == "DEBUG"
    people = format is LogFormat.CONSOLE or (format is LogFormat.AUTO and stream.isatty())
    rendering: list[structlog.typing.Processor] = [EscapeControl()]
    if people:
        if not everything:
            rendering.insert(0, InOneLine())
        rendering += [ShortTime(), for_people(stream.isatty())]
    else:
        rendering.append(structlog.processors.JSONRenderer(ensure_ascii=False))
    handler = OutletHandler(stream, dropped=_DROPPED_TOLD if people else _DROPPED_JSON)
    if people and not everything:
        handler.addFilter(worth_a_line)
    # Unknown peers can make these libraries log, and must not fill the disk with it.
    handler.addFilter(SeldomTheSame(("asyncio", "aiohttp")))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.StackInfoRenderer(),
                structlog.processors.format_exc_info,
                MaskSecrets(),
                *rendering,
            ],
        )
    )
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    # What a library loads at each start is of no use to an operator.
    logging.getLogger("alembic.runtime.plugins").setLevel("DEBUG" if everything else "WARNING")
    logging.captureWarnings(True)
    structlog.contextvars.clear_contextvars()
    if node:
        structlog.contextvars.bind_contextvars(node=node)


def bind_worker(slot: int, pid: int) -> None:
    """Put the worker's slot and pid in every line of this process from now on; called after the
    fork."""
    structlog.contextvars.bind_contextvars(worker=slot, pid=pid)


@contextmanager
def call_in_logs(call_id: str, **more: Any) -> Iterator[None]:
    """Put the call's ID in every line logged within, also by tasks started within."""
    with structlog.contextvars.bound_contextvars(call_id=call_id, **more):
        yield
