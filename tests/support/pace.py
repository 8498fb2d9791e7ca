"""How fast this machine is now, and how long a test therefore waits before it gives up.

A limit is no expectation: whoever waits, waits for an event, and a limit only says when to stop
waiting for one that will not come. It is generous for that reason, and longer on a slow machine.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.keeper import MARK

QUIET_S = 0.009
"""What `_work` takes on two cores of the kind we develop on, with nothing else running."""

AT_LEAST = 4.0
"""A machine at a quarter of its speed keeps every limit."""

AT_MOST = 20.0
"""A machine slower than that is not waited for."""

ROUNDS = 50
"""Work for half a second: a shorter piece is let through before it has to share a core."""

LONGEST_S = 3.0
"""No longer than that: whoever measures does nothing else meanwhile."""

MEASURED_FOR_S = 60.0
"""A measurement is good for so long: what else a machine does comes and goes."""

NOTED = "pace"
"""File in the folder of a run: one process measures for all those of its run, which are as nice."""


AS_NICE = 5
"""As the console of a service is, and the tests that place no calls: what a test waits for need not
be as favoured as the test itself."""


def _work() -> int:
    """Python as a test has it: about nine milliseconds of one core."""
    total = 0
    for number in range(200_000):
        total += number & 7
    return total


@dataclass
class Pace:
    """The machine's speed, measured when it is asked for.

    Attributes:
        slowest: the largest scale taken so far.
    """

    slowest: float = 1.0
    _scale: float = 1.0
    _measured_at: float = field(default=float("-inf"))

    def scale(self) -> float:
        """How many times longer than on a quiet machine a piece of work takes; at least 1."""
        if time.monotonic() - self._measured_at > MEASURED_FOR_S:
            self._measured_at, self._scale = _noted() or _measured()
            self.slowest = max(self.slowest, self._scale)
        return self._scale

    def limit(self, seconds: float) -> float:
        """How long to wait, in seconds, for what a quiet machine does within `seconds`."""
        return seconds * min(AT_MOST, max(AT_LEAST, 2 * self.scale()))


def _measured() -> tuple[float, float]:
    """When it was measured (monotonic seconds, the same in all processes), and the scale."""
    now = time.monotonic()
    scales: list[float] = []

    def work() -> None:
        thread = threading.get_native_id()  # on Linux each thread has a niceness of its own
        if os.getpriority(os.PRIO_PROCESS, thread) < AS_NICE:
            os.setpriority(os.PRIO_PROCESS, thread, AS_NICE)
        rounds, took_s, began = 0, 0.0, time.monotonic()
        while rounds < ROUNDS and took_s < LONGEST_S:
            _work()
            rounds, took_s = rounds + 1, time.monotonic() - began
        scales.append(max(1.0, took_s / (rounds * QUIET_S)))

    measuring = threading.Thread(target=work)
    measuring.start()
    measuring.join()
    (scale,) = scales
    if folder := os.environ.get(MARK):
        draft = Path(folder) / f"{NOTED}.{os.getpid()}"
        with contextlib.suppress(OSError):  # the run ends
            draft.write_text(f"{now} {scale}")
            draft.replace(draft.with_name(NOTED))
    return now, scale


def _noted() -> tuple[float, float] | None:
    """What another process of this run has measured a moment ago."""
    folder = os.environ.get(MARK, "")
    try:
        at, scale = map(float, (Path(folder) / NOTED).read_text().split())
    except (OSError, ValueError):
        return None
    return (at, scale) if time.monotonic() - at < MEASURED_FOR_S else None


PACE = Pace()


def limit(seconds: float) -> float:
    """How long to wait, in seconds, for what takes at most `seconds` on a quiet machine."""
    return PACE.limit(seconds)
