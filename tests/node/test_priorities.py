"""What carries no calls runs behind what does, and never before it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.service

PROGRAM = """
import os
from ivr.node.priorities import Aside, stand_aside
os.setpriority(os.PRIO_PROCESS, 0, {begun})
for aside in Aside:
    stand_aside(aside)
    print(os.getpriority(os.PRIO_PROCESS, 0), end=" ")
try:
    print(open("/proc/self/autogroup").read().split()[-1])
except OSError:
    print("none")
"""


def niceness(begun: int) -> list[str]:
    """Of a session of its own, behind the back end, console and housekeeping by turns; at last that
    of the session."""
    words = [sys.executable, "-c", PROGRAM.format(begun=begun)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, start_new_session=True)
    return done.stdout.split()


def test_it_stays_behind_whoever_started_it() -> None:
    behind = max(7, os.getpriority(os.PRIO_PROCESS, 0))
    *each, session = niceness(behind)
    assert each == [str(behind), str(behind), str(max(10, behind))]
    assert session in {each[-1], "none"}


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a niceness below 0")
def test_behind_what_carries_calls() -> None:
    *each, session = niceness(-10)
    assert each == ["-5", "5", "10"]
    assert session == ("10" if Path("/proc/self/autogroup").exists() else "none")
