"""The supervisor of a node: starts everything in order, replaces what dies, ends in order.

It is one process with one thread and no event loop, because it forks. Everything it waits for is a
signal, a child or a row of the scoreboard.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from ivr.console.app import run_console
from ivr.observe import metrics
from ivr.pool.children import SUPERVISED, fork, reap, tell
from ivr.pool.embedded import EmbeddedRocars
from ivr.pool.front_desk import FrontDesk
from ivr.pool.premises import Premises
from ivr.pool.worker import run_worker
from ivr.pool.workforce import Died, Ready, Workforce

log = structlog.get_logger(__name__)

TICK_S = 0.1
"""Longest pause between two looks at the children."""

CORRECT_LOADS_EVERY_S = 1.0


class NotStarted(Exception):
    """The node could not be started; the text says what to do about it."""


@dataclass
class _Child:
    """A forked child beside the workers, by name; started again when it dies."""

    name: str
    run: Callable[[], int]
    once: bool = False
    pid: int = 0
    start_at: float = 0.0

    def start(self) -> None:
        self.pid = fork(self.run, dies_with_parent=True)


@dataclass
class Supervisor:
    """Runs one node until it is told to end.

    `when_ready` runs in a child of its own once calls are taken (the demonstration call).
    """

    premises: Premises
    when_ready: Callable[[], int] | None = None
    announce: Callable[[], None] = lambda: None
    _children: list[_Child] = field(default_factory=list)
    _draining_since: float | None = None
    _announced: bool = False
    _corrected_at: float = 0.0

    def run(self) -> int:
        """Start, serve, drain, end. Returns the exit status. Raises `NotStarted`."""
        signal.pthread_sigmask(signal.SIG_BLOCK, SUPERVISED)
        premises = self.premises
        settings = premises.settings
        self._workforce = Workforce(
            settings.pool,
            premises.scoreboard,
            lambda slot, predecessor: run_worker(premises, slot, predecessor),
        )
        self._rocars = EmbeddedRocars(settings) if settings.embedded_rocars.enabled else None
        self._front = FrontDesk(premises)
        try:
            if self._rocars is not None:
                self._rocars.start()
            self._front.start()
            self._children.append(_Child("console", self._console))
            return self._serve()
        finally:
            self._end()

    def _console(self) -> int:
        settings = self.premises.settings
        return run_console(
            settings.web.host,
            settings.web.port,
            self.premises.scoreboard,
            f"{self.premises.rocars.base_url}/health",
        )

    def _serve(self) -> int:
        while True:
            self._take_signal()
            now = time.monotonic()
            for change in self._workforce.tick(now):
                self._note(change)
            self._watch_children(now)
            self._watch_services(now)
            if self._draining_since is not None:
                if self._workforce.running == 0:
                    return 0
                grace = self.premises.settings.pool.drain_deadline_s + 10
                if now - self._draining_since > grace:
                    log.error("workers did not leave in time, killing them")
                    self._workforce.kill()
            elif not self._announced and self._all_ready():
                self._announced = True
                self.announce()
                if self.when_ready is not None:
                    self._children.append(_Child("demonstration", self.when_ready, once=True))

    def _all_ready(self) -> bool:
        board = self.premises.scoreboard
        return self._front.up and all(row.capacity > 0 for row in board.rows())

    def _take_signal(self) -> None:
        taken = signal.sigtimedwait(SUPERVISED, TICK_S)
        if taken is None or taken.si_signo not in (signal.SIGTERM, signal.SIGINT):
            return
        if self._draining_since is None:
            log.info("draining", active=self.premises.scoreboard.active)
            self._draining_since = time.monotonic()
            metrics.draining.set(1)
            self._front.close()
            self._workforce.drain()
        else:
            log.warning("told twice to end: ending at once")
            self._workforce.kill()

    def _note(self, change: Ready | Died) -> None:
        if isinstance(change, Ready):
            log.info("worker ready", worker=change.slot, pid=change.pid, lines=change.capacity)
            self._front.open_worker(change.slot, change.capacity)
            return
        metrics.worker_died(change.pid)
        self._front.close_worker(change.slot)
        if change.meant:
            log.info("worker left", worker=change.slot, pid=change.pid)
            return
        metrics.worker_restarts_total.inc()
        log.error(
            "worker died",
            worker=change.slot,
            pid=change.pid,
            status=change.status,
            calls_lost=change.calls,
        )

    def _watch_children(self, now: float) -> None:
        for child in list(self._children):
            if child.pid:
                status = reap(child.pid)
                if status is None:
                    continue
                metrics.worker_died(child.pid)
                child.pid, child.start_at = 0, now + 1.0
                if child.once:
                    self._children.remove(child)
                    continue
                log.error("process died", process=child.name, status=status)
            elif now >= child.start_at and self._draining_since is None:
                child.start()

    def _watch_services(self, now: float) -> None:
        self._front.watch()
        if self._rocars is not None and self._draining_since is None:
            self._rocars.watch(now)
        self.premises.scoreboard.write_node(
            front_up=self._front.up, draining=self._draining_since is not None
        )
        if now - self._corrected_at >= CORRECT_LOADS_EVERY_S:
            self._corrected_at = now
            self._front.correct_loads()

    def _end(self) -> None:
        self._workforce.kill()
        for child in self._children:
            if child.pid:
                tell(child.pid, signal.SIGTERM)
        self._front.stop()
        if self._rocars is not None:
            self._rocars.stop()
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            self._workforce.tick(time.monotonic())
            waiting = [child for child in self._children if child.pid and reap(child.pid) is None]
            if not waiting and self._workforce.running == 0:
                break
            time.sleep(0.05)
