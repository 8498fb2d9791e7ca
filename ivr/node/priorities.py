"""The order in which processes run when there is not enough processor for all.

From first to last: the sound (real time, `ivr.telephony.real_time`);
what carries calls, that is supervisor, SIP front and call workers; ROCARS, which callers wait for;
console and recovery; housekeeping. docs/overload.md says why.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)


class Aside(IntEnum):
    """Niceness of processes that carry no calls (nice(2))."""

    BACK_END = -5  # unless those who carry calls have less
    PEOPLE = 5  # console, recovery
    CHORES = 10  # housekeeping


def carry_calls(nice: int) -> bool:
    """Have this process and those it starts run before others; returns whether that was permitted.

    Only the niceness changes: all processes still get their turns, so that none starves.
    """
    try:
        os.setpriority(os.PRIO_PROCESS, 0, nice)
    except PermissionError:
        return False
    _group_too(nice)
    return True


def stand_aside(nice: Aside) -> None:
    """Have this process and those it starts run after the processes that carry calls, whose
    niceness it has so far."""
    at_least = max(nice, os.getpriority(os.PRIO_PROCESS, 0))
    os.setpriority(os.PRIO_PROCESS, 0, at_least)
    _group_too(at_least)


def _group_too(nice: int) -> None:
    """Where the kernel groups processes by session (sched(7), autogroup), niceness counts only
    within a session; the group's own counts against others. Not done to a terminal's session."""
    if os.getsid(0) == os.getpid():
        with contextlib.suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(nice))


class InChild:
    """Calls several functions one after the other in a new child, before its program runs."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        self._steps = steps

    def __call__(self) -> None:
        for step in self._steps:
            step()
