"""How log lines are written: for people, or for programs."""

from __future__ import annotations

from enum import StrEnum


class LogFormat(StrEnum):
    AUTO = "auto"  # console on a terminal, JSON otherwise
    JSON = "json"
    CONSOLE = "console"
