"""Runs the edge in front of several nodes until it is told to stop."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import structlog

from ivr.node.children import DieWithParent
from ivr.observe import metrics
from ivr.settings.service import Settings
from sip_config.edge import Edge, NodeState
from sip_config.rpc import RpcFailed

log = structlog.get_logger("ivr.node.edge")

ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
LOOK_S = 0.5


class NodeEdge:
    """The edge as an operator runs it; logs and counts nodes that appear or disappear."""

    def __init__(self, settings: Settings, announce: Callable[[], None] = lambda: None) -> None:
        self._settings = settings
        self._announce = announce
        self._edge = Edge(
            settings.sip,
            settings.edge,
            settings.node.data.resolve() / "edge",
            in_child=DieWithParent(),
        )
        self._known: dict[str, bool] = {}
        self._silent: set[str] = set()
        """Nodes that have stopped answering, even with refusals, since they last took calls."""
        self._draining_since: float | None = None

    def run(self) -> int:
        """Start, serve, drain, stop. Returns the exit status. Raises FrontFailed."""
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        self._edge.start()
        try:
            self._announce()
            while True:
                stop_signal = signal.sigtimedwait(ENDING, LOOK_S)
                if stop_signal is not None and self._on_stop_signal():
                    return 0
                now = time.monotonic()
                if self._edge.kamailio.watch(now):
                    metrics.front_restarts_total.inc()
                    log.error("the edge's Kamailio died and was started again")
                if self._look(now):
                    return 0
        finally:
            self._edge.kamailio.stop()

    def _on_stop_signal(self) -> bool:
        """Drain at the first stop signal, stop at the second."""
        if self._draining_since is not None:
            log.warning("second stop signal: stopping now")
            return True
        self._draining_since = time.monotonic()
        log.info("draining")
        try:
            self._edge.drain()
        except RpcFailed as failure:
            log.error("the edge's Kamailio does not answer", why=str(failure))
            return True
        return False

    def _look(self, now: float) -> bool:
        """Look at the nodes; True when a drain is over."""
        try:
            nodes = self._edge.nodes()
            self._note(nodes)
        except RpcFailed:
            return False  # it is being started again
        since = self._draining_since
        if since is None:
            return False
        if not any(node.calls for node in nodes):
            return True
        return now - since > self._settings.pool.drain_deadline_s

    def _note(self, nodes: tuple[NodeState, ...]) -> None:
        came_back = False
        for node in nodes:
            metrics.edge_node_up.labels(name=node.name).set(int(node.takes_calls))
            metrics.edge_node_calls.labels(name=node.name).set(node.calls)
            if not node.takes_calls and not node.refuses:
                self._silent.add(node.name)
            before = self._known.get(node.name)
            if node.takes_calls is before:
                continue
            self._known[node.name] = node.takes_calls
            if not node.takes_calls:
                why = "it drains or is overloaded" if node.refuses else "it does not answer"
                log.error("a node takes no calls", name=node.name, calls=node.calls, why=why)
            else:
                log.info("a node takes calls", name=node.name)
                # A node that only refused new calls still has the calls that are counted.
                came_back = came_back or (before is False and node.name in self._silent)
                self._silent.discard(node.name)
        if came_back:
            self._edge.forget_loads()
