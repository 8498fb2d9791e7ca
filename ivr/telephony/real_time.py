"""Real-time scheduling of the thread that moves the sound, where the system permits it.

A frame is due every 20 ms, and takes a fraction of that: a thread that hardly runs, and must run
when it is due, is what SCHED_RR is for (sched(7)). Three things keep it from starving others:

- it steps back to usual scheduling by itself while it needs most of a processor;
- should it hang in the library, RLIMIT_RTTIME has the kernel end the worker, which is replaced;
- what it starts (threads, processes) is scheduled as usual: SCHED_RESET_ON_FORK.
"""

from __future__ import annotations

import logging
import os
import resource
from enum import StrEnum

log = logging.getLogger(__name__)

PRIORITY = 1
"""The lowest real-time priority: above all ordinary threads, below what must run even before
sound."""

MOST_OF_A_PROCESSOR = 0.7
"""Share of a processor: a thread that needs more is late anyway, and others need the rest."""
STEP_UP_AT = 0.7
"""Share of `MOST_OF_A_PROCESSOR` below which the thread returns to real time."""
LOOK_EVERY_S = 0.4
STEP_UP_AFTER_S = 5.0

LONGEST_RUN_US = 3_000_000
"""Longest run without waiting for anything, microseconds."""


class Scheduling(StrEnum):
    REAL_TIME = "real time"
    STEPPED_BACK = "as usual, for it needs most of a processor"
    NOT_PERMITTED = "as usual, real time is not permitted"
    USUAL = "as usual"


def fair_share(threads: int, processors: int) -> float:
    """The share of a processor that each of so many such threads may need, so that others get
    on."""
    return min(1.0, processors / threads) * MOST_OF_A_PROCESSOR


class RealTime:
    """Real-time scheduling of one thread; only that thread calls `take` and `look`."""

    def __init__(self, *, wanted: bool, most: float = MOST_OF_A_PROCESSOR) -> None:
        """`most`: share of a processor; a thread that needs more of it steps back."""
        self._wanted = wanted
        self._most = most
        self._looked_at = 0.0
        self._ran_s = 0.0
        self._stepped_back_at = 0.0
        self.scheduling = Scheduling.USUAL

    def take(self) -> None:
        """Have this thread scheduled in real time from now on, if that is wanted and permitted."""
        if not self._wanted:
            return
        try:
            _limit_real_time()
            _schedule(os.SCHED_RR, PRIORITY)
        except OSError:
            self.scheduling = Scheduling.NOT_PERMITTED
            return
        self.scheduling = Scheduling.REAL_TIME

    def give_back(self) -> None:
        """Return to usual scheduling for good: what follows may take long and is not urgent."""
        if self.scheduling is Scheduling.REAL_TIME:
            self._become(Scheduling.USUAL, os.SCHED_OTHER, 0)

    def look(self, now: float, ran_s: float) -> None:
        """Step back to usual scheduling, or return to real time, by how much the thread ran.

        Args:
            now: monotonic time, in seconds.
            ran_s: processor time of the thread since its start, in seconds.
        """
        since = now - self._looked_at
        if since < LOOK_EVERY_S:
            return
        share = (ran_s - self._ran_s) / since
        first, self._looked_at, self._ran_s = not self._looked_at, now, ran_s
        if first:
            return
        if self.scheduling is Scheduling.REAL_TIME and share > self._most:
            self._become(Scheduling.STEPPED_BACK, os.SCHED_OTHER, 0)
            self._stepped_back_at = now
            log.warning("the sound thread needs %.0f %% of a processor: stepping back", share * 100)
        elif (
            self.scheduling is Scheduling.STEPPED_BACK
            and share < self._most * STEP_UP_AT
            and now - self._stepped_back_at > STEP_UP_AFTER_S
        ):
            self._become(Scheduling.REAL_TIME, os.SCHED_RR, PRIORITY)
            log.info("the sound thread runs in real time again")

    def _become(self, scheduling: Scheduling, policy: int, priority: int) -> None:
        try:
            _schedule(policy, priority)
        except OSError as failure:
            log.warning("the sound thread's scheduling cannot be changed: %s", failure)
            return
        self.scheduling = scheduling


def _schedule(policy: int, priority: int) -> None:
    """Set the scheduling of this thread (0 names the caller, sched_setscheduler(2)). Raises
    OSError."""
    os.sched_setscheduler(0, policy | os.SCHED_RESET_ON_FORK, os.sched_param(priority))


def _limit_real_time() -> None:
    """Limit uninterrupted real-time running. Raises OSError."""
    _, most = resource.getrlimit(resource.RLIMIT_RTTIME)
    if most == resource.RLIM_INFINITY or most > LONGEST_RUN_US:
        resource.setrlimit(resource.RLIMIT_RTTIME, (LONGEST_RUN_US, LONGEST_RUN_US))
