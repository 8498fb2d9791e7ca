"""Log lines for people: time, level, event and its values; one line per event.

Programs get JSON, which leaves nothing out. These lines leave out node and process, which a person
at the terminal knows, and routine messages of libraries; at DEBUG everything is shown.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

import structlog
from structlog.dev import Column, KeyValueColumnFormatter

from ivr.observe.log_privacy import Event

SIP_LIBRARY = "ivr.telephony.sip_library"
"""Logger of the SIP library's own messages."""

_OURS = ("ivr", "call_flows", "prompts", "speech", "backend_client", "sip_config", "rocars")
_KNOWN = ("node", "logger", "pid")
_RESET, _DIM, _BOLD = "\x1b[0m", "\x1b[2m", "\x1b[1m"
_COLOURS = {
    "debug": "\x1b[2m",
    "info": "\x1b[32m",
    "warning": "\x1b[33m",
    "error": "\x1b[31m",
    "critical": "\x1b[1;31m",
}
_LEVEL_WIDTH = 8


def worth_a_line(record: logging.LogRecord) -> bool:
    """Whether a person wants to read the record: our own messages, and warnings of libraries.

    Not those of the SIP library: our own lines report their consequences.
    """
    if record.name == SIP_LIBRARY:
        return False
    # structlog passes its event as a mapping, and no library used here does that.
    ours = isinstance(record.msg, dict) or record.name.split(".")[0] in _OURS
    return ours or record.levelno >= logging.WARNING


class InOneLine:
    """Leaves out known keys, and of a traceback gives only the end: exception and place."""

    def __call__(self, _logger: Any, _method: str, event: Event) -> Event:
        for key in _KNOWN:
            event.pop(key, None)
        event.pop("stack", None)
        traceback = str(event.pop("exception", "")).strip().splitlines()
        if traceback:
            places = [line for line in traceback if line.strip().startswith('File "')]
            where = places[-1].strip().removeprefix("File ") if places else ""
            event["raised"] = (
                f"{traceback[-1].strip()} ({where})" if where else traceback[-1].strip()
            )
        return event


class ShortTime:
    """The time of day of an event on this machine's clock, from its ISO 8601 time stamp."""

    def __call__(self, _logger: Any, _method: str, event: Event) -> Event:
        stamp = datetime.fromisoformat(str(event["timestamp"]))
        event["timestamp"] = f"{stamp.astimezone():%H:%M:%S}"
        return event


def for_people(colours: bool) -> structlog.dev.ConsoleRenderer:
    """The renderer: `colours` for a terminal."""

    def coloured(style: str) -> str:
        return style if colours else ""

    def plain(style: str, width: int = 0) -> KeyValueColumnFormatter:
        return KeyValueColumnFormatter(
            key_style=None,
            value_style=coloured(style),
            reset_style=coloured(_RESET),
            value_repr=str,
            width=width,
        )

    def level(key: str, value: object) -> str:
        name = str(value)
        return f"{coloured(_COLOURS.get(name, ''))}{name:<{_LEVEL_WIDTH}}{coloured(_RESET)}"

    rest = KeyValueColumnFormatter(
        key_style=coloured(_DIM),
        value_style="",
        reset_style=coloured(_RESET),
        value_repr=_shown,
    )
    return structlog.dev.ConsoleRenderer(
        columns=[
            Column("timestamp", plain(_DIM)),
            Column("level", level),
            Column("event", plain(_BOLD)),
            Column("", rest),
        ],
        sort_keys=False,
    )


def _shown(value: object) -> str:
    text = str(value)
    return repr(text) if " " in text or not text else text
