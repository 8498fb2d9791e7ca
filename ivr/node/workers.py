"""The call workers of one node: forked, watched, replaced, drained."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from ivr.node.children import fork, reap, tell
from ivr.node.scoreboard import Scoreboard, WorkerState
from ivr.node.start_failures import TRIES, how_it_ended
from ivr.settings.pool import PoolSettings

log = structlog.get_logger("ivr.node.workers")

RunWorker = Callable[[int, int], int]
"""Runs one worker in the child, given its slot and its predecessor's pid (0: none); returns the
exit status."""

NOT_IN_TIME = "it is not ready within pool.start_timeout_s"

STEADY_S = 30.0
"""A worker that lived so long did not die of its start, so its successor starts without a pause."""


@dataclass(frozen=True)
class Ready:
    """A worker takes calls now."""

    slot: int
    pid: int
    capacity: int


@dataclass(frozen=True)
class Died:
    """A worker is gone; `status` is negative for a signal, `calls` were on it.

    Attributes:
        cannot_start: why it could not start, if that happened `TRIES` times in a row.
    """

    slot: int
    pid: int
    status: int
    calls: int
    meant: bool
    cannot_start: str = ""


Change = Ready | Died


@dataclass
class _Slot:
    number: int
    pid: int = 0
    predecessor: int = 0
    started_at: float = 0.0
    start_at: float = 0.0
    pause_s: float = 0.0
    ready: bool = False
    leaving: bool = False
    given_up: bool = False
    reason: str = ""
    failed_starts: int = 0


class WorkerPool:
    """All workers of the node. Not thread-safe: the supervisor alone uses it."""

    def __init__(self, settings: PoolSettings, scoreboard: Scoreboard, run: RunWorker) -> None:
        self._settings = settings
        self._scoreboard = scoreboard
        self._run = run
        self._slots = [_Slot(number) for number in range(scoreboard.slots)]
        self._draining = False

    @property
    def running(self) -> int:
        """Workers that have a process."""
        return sum(1 for slot in self._slots if slot.pid)

    def tick(self, now: float) -> list[Change]:
        """Fork missing workers, kill those that hang, report changes. `now` is monotonic."""
        changes: list[Change] = []
        for slot in self._slots:
            if slot.pid:
                changes += self._watch(slot, now)
            elif not self._draining and now >= slot.start_at:
                self._start(slot, now)
        return changes

    def drain(self) -> None:
        """Ask every worker to finish its calls and exit; none is replaced from now on."""
        self._draining = True
        self._tell_all(signal.SIGTERM)

    def replace(self, number: int) -> None:
        """Ask one worker to finish its calls and exit; a new one takes its place."""
        slot = self._slots[number]
        if slot.pid and not slot.leaving:
            slot.leaving = True
            tell(slot.pid, signal.SIGTERM)

    def kill(self) -> None:
        """Kill every worker now, with its calls."""
        self._draining = True
        self._tell_all(signal.SIGKILL)

    def _tell_all(self, number: signal.Signals) -> None:
        for slot in self._slots:
            if slot.pid:
                tell(slot.pid, number)

    def _start(self, slot: _Slot, now: float) -> None:
        number, predecessor = slot.number, slot.predecessor
        self._scoreboard.write(number, WorkerState.STARTING, pid=0)
        slot.pid = fork(lambda: self._run(number, predecessor))
        slot.started_at = now
        slot.ready = slot.leaving = slot.given_up = False

    def _watch(self, slot: _Slot, now: float) -> list[Change]:
        status = reap(slot.pid)
        if status is not None:
            return [self._record_exit(slot, status, now)]
        row = self._scoreboard.row(slot.number)
        if row.state is WorkerState.STARTING:
            if now - slot.started_at > self._settings.start_timeout_s:
                self._give_up(slot, NOT_IN_TIME)
                self._scoreboard.start_failures.say(slot.number, NOT_IN_TIME)
        elif row.silent_for(now) > self._settings.heartbeat_timeout_s:
            self._give_up(slot, f"silent for {row.silent_for(now):.1f} s")
        elif not slot.ready and row.state is WorkerState.READY:
            slot.ready = True
            slot.reason, slot.failed_starts = "", 0
            self._scoreboard.start_failures.clear(slot.number)
            return [Ready(slot.number, slot.pid, row.capacity)]
        return []

    def _give_up(self, slot: _Slot, why: str) -> None:
        if not slot.given_up:
            slot.given_up = True
            log.error("worker is killed", worker=slot.number, pid=slot.pid, why=why)
        tell(slot.pid, signal.SIGKILL)

    def _record_exit(self, slot: _Slot, status: int, now: float) -> Died:
        row = self._scoreboard.row(slot.number)
        meant = self._draining or slot.leaving
        cannot_start = "" if meant or slot.ready else self._failed_to_start(slot, status)
        died = Died(slot.number, slot.pid, status, row.active, meant, cannot_start)
        self._scoreboard.clear(slot.number)
        if now - slot.started_at > STEADY_S:
            slot.pause_s = self._settings.restart_pause_s
        else:
            slot.pause_s = min(
                max(slot.pause_s * 2, self._settings.restart_pause_s),
                self._settings.restart_pause_max_s,
            )
        slot.predecessor, slot.pid = slot.pid, 0
        slot.start_at = now + slot.pause_s
        return died

    def _failed_to_start(self, slot: _Slot, status: int) -> str:
        """Count repeated failures for the same reason; give the reason once there were enough."""
        failures = self._scoreboard.start_failures
        stated = failures.reason(slot.number) if status >= 0 or slot.given_up else ""
        reason = stated or how_it_ended(status)
        failures.say(slot.number, reason)
        slot.failed_starts = slot.failed_starts + 1 if reason == slot.reason else 1
        slot.reason = reason
        return reason if slot.failed_starts >= TRIES else ""
