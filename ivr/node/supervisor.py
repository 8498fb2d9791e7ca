"""The supervisor of a node: starts and stops everything in order, replaces what dies.

It is one process with one thread and no event loop, because it forks. Everything it waits for is a
signal, a child or a row of the scoreboard.
"""

from __future__ import annotations

import secrets
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

import setproctitle
import structlog

from backend_client.settings import RocarsClientSettings
from ivr.console.app import run_console
from ivr.console.self_test import SelfTest
from ivr.handset.app import run_handset
from ivr.node.children import SUPERVISED, ChildFailed, fork, in_child, reap, tell
from ivr.node.embedded_rocars import EmbeddedRocars, RocarsNotStarted
from ivr.node.front import NodeFront
from ivr.node.housekeeping import run_housekeeping
from ivr.node.node_load import NodeLoad
from ivr.node.preparation import prepare_records
from ivr.node.priorities import Aside, carry_calls, stand_aside
from ivr.node.recovery import run_recovery
from ivr.node.scoreboard import Scoreboard, WorkerState
from ivr.node.shared import SharedState
from ivr.node.worker import run_worker
from ivr.node.workers import Died, Ready, WorkerPool
from ivr.observe import metrics
from ivr.observe.strain import Strain
from ivr.settings.service import Settings
from ivr.studio.draft_calls import DraftKey
from ivr.telephony.errors import EndpointFailed
from ivr.telephony.library.binding import binding
from prompts.library import load_library
from sip_config.front import FrontFailed
from speech.recognition.models import load as models_for

log = structlog.get_logger("ivr.node.supervisor")

ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Signals that begin a drain; repeated, they stop the node at once."""

TICK_S = 0.1
"""Longest pause between two looks at the children."""

QUIET_TICK_S = 0.5
"""The same while there is nothing to do: no call, nobody starting or leaving, no overload. Signals
end it: that of a child that died, that of housekeeping with an operator's command."""

LONGEST_PAUSE_S = 60.0
"""Longest pause between two starts of a child that keeps dying."""

GRACE_S = 60.0
"""Time after the deadline of a drain in which a worker may play its closing messages."""


class NotStarted(Exception):
    """The node could not be started; the text says what to do about it."""


@dataclass
class _Child:
    """A forked child beside the workers, by name; started again when it dies."""

    name: str
    run: Callable[[], int]
    nice: Aside = Aside.PEOPLE
    once: bool = False
    pid: int = 0
    start_at: float = 0.0
    pause_s: float = 1.0

    def start(self) -> None:
        self.pid = fork(self._run_aside, dies_with_parent=True)

    def _run_aside(self) -> int:
        stand_aside(self.nice)
        return self.run()


class Supervisor:
    """Runs one node until it is told to stop.

    Args:
        announce: called once, when the node takes calls.
        when_ready: runs in a child of its own after that (the demonstration call).
    """

    def __init__(
        self,
        settings: Settings,
        *,
        announce: Callable[[], None] = lambda: None,
        when_ready: Callable[[], int] | None = None,
    ) -> None:
        self._settings = settings
        self._announce = announce
        self._when_ready = when_ready
        self._scoreboard = Scoreboard(settings.pool.workers)
        self._rocars = EmbeddedRocars(settings) if settings.embedded_rocars.enabled else None
        self._front = NodeFront(settings, self._scoreboard)
        self._load = NodeLoad(settings.pool.overload, self._scoreboard, self._front.pace)
        self._children: list[_Child] = []
        self._draining_since: float | None = None
        self._announced = False
        self._closed = False
        # Known to the processes that are forked from here, and to nobody else.
        called_from_console = settings.handset.console_role is not None
        self._handset_key = secrets.token_urlsafe(32) if called_from_console else ""
        self._draft_key = DraftKey.new() if called_from_console else DraftKey()
        self._replaced: dict[int, int] = {}
        self._worker_pool: WorkerPool | None = None

    def run(self) -> int:
        """Start, serve, drain, stop. Returns the exit status. Raises `NotStarted`."""
        settings = self._settings
        signal.pthread_sigmask(signal.SIG_BLOCK, SUPERVISED)
        if not carry_calls(settings.pool.nice):
            log.info("the system does not permit pool.nice: calls are served by turns with others")
        try:
            shared = self._open()
            self._worker_pool = WorkerPool(
                settings.pool,
                self._scoreboard,
                lambda slot, predecessor: run_worker(shared, slot, predecessor),
            )
            self._children += [
                _Child("console", lambda: self._console(shared), Aside.PEOPLE),
                _Child("recovery", lambda: run_recovery(shared), Aside.PEOPLE),
                _Child("housekeeping", lambda: run_housekeeping(shared), Aside.CHORES),
            ]
            if settings.has_handset:
                office = self._office(shared)
                self._children.append(
                    _Child(
                        "handset",
                        lambda: run_handset(settings, office, self._handset_key, self._draft_key),
                        Aside.PEOPLE,
                    )
                )
            return self._serve(self._worker_pool)
        except (FrontFailed, RocarsNotStarted) as failure:
            raise NotStarted(str(failure)) from failure
        finally:
            self._end()

    def _open(self) -> SharedState:
        """Open everything that must exist before the first worker is forked."""
        settings = self._settings
        start_failures = self._scoreboard.start_failures
        try:
            in_child(
                lambda: prepare_records(settings, lambda reason: start_failures.say(0, reason))
            )
        except ChildFailed as failure:
            if reason := start_failures.reason(0):
                raise NotStarted(reason) from failure
            raise NotStarted(
                "the records cannot be used; see the log, and records.database_url"
            ) from failure
        library = load_library(settings.prompts.recordings)
        if library.missing:
            log.error("recordings missing", count=len(library.missing))
        self._load_line_cards()
        models = models_for(settings.speech, settings.flows.languages)
        rocars = settings.rocars if self._rocars is None else self._rocars.start()
        self._front.start()
        return SharedState(settings, library, self._scoreboard, rocars, models, self._draft_key)

    def _load_line_cards(self) -> None:
        """Loaded before the fork, so that all workers share them."""
        try:
            for number in range(self._settings.pool.cards_per_worker):
                binding(number)
        except EndpointFailed as failure:
            raise NotStarted(
                f"{failure}; if no program may be loaded from TMPDIR, set it to another directory, "
                "or pool.cards_per_worker to 1"
            ) from failure

    def _office(self, shared: SharedState) -> RocarsClientSettings | None:
        """How the telephone in the browser asks for demonstration data; None outside trials."""
        if self._rocars is None or not self._settings.has_open_handset:
            return None
        return shared.rocars.model_copy(update={"api_key": self._rocars.key("demo")})

    def _console(self, shared: SharedState) -> int:
        setproctitle.setproctitle("rocars-ivr: console")
        web = self._settings.web
        health = f"{shared.rocars.base_url}/health"
        sip = self._settings.sip
        self_test = SelfTest(
            self._settings.self_test,
            f"sip:{sip.listen[0]}:{sip.port}",
            calls_recorded=self._settings.call_recording.enabled,
        )
        speech = tuple(sorted(shared.models))
        return run_console(
            web.host,
            web.port,
            self._scoreboard,
            health,
            self_test,
            speech,
            self._settings,
            shared.library,
            self._handset_key,
        )

    def _serve(self, worker_pool: WorkerPool) -> int:
        while True:
            self._scoreboard.heartbeat()
            self._take_signal(worker_pool)
            now = time.monotonic()
            for change in worker_pool.tick(now):
                self._note(change)
            self._watch_children(now)
            self._watch_services(now)
            self._load.watch(now)
            self._apply_console_commands(worker_pool)
            if self._draining_since is not None:
                if worker_pool.running == 0:
                    return 0
                if now - self._draining_since > self._settings.pool.drain_deadline_s + GRACE_S:
                    log.error("workers did not leave in time, killing them")
                    worker_pool.kill()
            elif not self._announced and self._all_ready():
                self._announced = True
                self._announce()
                if self._when_ready is not None:
                    self._children.append(
                        _Child("demonstration", self._when_ready, Aside.BACK_END, once=True)
                    )

    def _apply_console_commands(self, worker_pool: WorkerPool) -> None:
        """Carry out the commands that operators gave in the console, read from the scoreboard."""
        if self._draining_since is not None:
            return
        if self._scoreboard.closed is not self._closed:
            self._closed = self._scoreboard.closed
            metrics.draining.set(int(self._closed))
            log.warning("closed to new calls" if self._closed else "open to new calls")
            self._front.accept(not self._closed)
        for slot in range(self._scoreboard.slots):
            requested = self._scoreboard.replacements_requested(slot)
            if requested != self._replaced.get(slot, 0):
                self._replaced[slot] = requested
                log.info("worker is to be replaced", worker=slot)
                self._front.close_worker(slot)
                worker_pool.replace(slot)

    def _all_ready(self) -> bool:
        return self._front.up and all(row.capacity > 0 for row in self._scoreboard.rows())

    @property
    def _quiet(self) -> bool:
        """Whether nothing is going on that needs to be watched closely."""
        verdict = self._load.verdict
        return (
            self._announced
            and self._draining_since is None
            and self._front.up
            and (self._rocars is None or self._rocars.running)
            and verdict.strain < Strain.OVERLOADED
            and verdict.calls_per_second is None
            and all(child.pid for child in self._children)
            and all(
                row.state is WorkerState.READY and not row.active for row in self._scoreboard.rows()
            )
        )

    def _take_signal(self, worker_pool: WorkerPool) -> None:
        taken = signal.sigtimedwait(SUPERVISED, QUIET_TICK_S if self._quiet else TICK_S)
        if taken is None or taken.si_signo not in ENDING:
            return
        if self._draining_since is None:
            active = self._scoreboard.active
            if active:
                log.warning("draining: calls may finish; a second signal ends them", active=active)
            else:
                log.info("draining", active=active)
            self._draining_since = time.monotonic()
            metrics.draining.set(1)
            self._front.accept(False)
            worker_pool.drain()
        else:
            log.warning("second stop signal: stopping now, calls are dropped")
            worker_pool.kill()

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
        if change.cannot_start:
            self._cannot_start(change.slot, change.cannot_start)

    def _cannot_start(self, slot: int, reason: str) -> None:
        """A worker fails to start again and again. A node that serves calls goes on with the
        others, and health reports it. A node that has not begun to serve, or has no other worker,
        stops. Raises NotStarted."""
        others = any(row.capacity for row in self._scoreboard.rows())
        if self._announced and others:
            log.error("a worker cannot start; the others go on", worker=slot, why=reason)
            return
        raise NotStarted(f"worker {slot} cannot start: {reason}")

    def _watch_children(self, now: float) -> None:
        for child in list(self._children):
            if child.pid:
                status = reap(child.pid)
                if status is None:
                    continue
                metrics.worker_died(child.pid)
                child.pid, child.start_at = 0, now + child.pause_s
                child.pause_s = min(child.pause_s * 2, LONGEST_PAUSE_S)
                if child.once:
                    self._children.remove(child)
                    continue
                log.error("process died", process=child.name, status=status)
            elif now >= child.start_at and self._draining_since is None:
                child.start()

    def _watch_services(self, now: float) -> None:
        self._front.watch(now)
        if self._rocars is not None:
            self._rocars.watch(now)
        self._scoreboard.write_node(
            front_up=self._front.up,
            draining=self._draining_since is not None or self._closed,
            lines=self._front.lines,
        )

    def _end(self) -> None:
        if self._worker_pool is not None:
            self._worker_pool.kill()
        for child in self._children:
            if child.pid:
                tell(child.pid, signal.SIGTERM)
        self._front.stop()
        if self._rocars is not None:
            self._rocars.stop()
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and self._anybody_left():
            time.sleep(0.05)

    def _anybody_left(self) -> bool:
        for child in self._children:
            if child.pid and reap(child.pid) is not None:
                child.pid = 0
        if self._worker_pool is not None:
            self._worker_pool.tick(time.monotonic())
            if self._worker_pool.running:
                return True
        return any(child.pid for child in self._children)
