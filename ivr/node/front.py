"""The SIP front as the supervisor controls it: which workers it may use, and their real load."""

from __future__ import annotations

from functools import partial

import structlog

from ivr.node.children import DieWithParent
from ivr.node.load_check import LoadAudit
from ivr.node.priorities import InChild, carry_calls
from ivr.node.scoreboard import Scoreboard, WorkerState
from ivr.observe import metrics
from ivr.settings.card_ports import telephony_of
from ivr.settings.pool import PUBLISHED_LINES
from ivr.settings.service import Settings
from sip_config.front import KamailioFront
from sip_config.rpc import RpcFailed
from sip_config.service_cfg import CardAddress

log = structlog.get_logger("ivr.node.front")

CORRECT_EVERY_S = 1.0
QUIET_CORRECT_EVERY_S = 5.0
"""The same while neither a worker has a call nor the front, when it was last asked, counts one."""


class NodeFront:
    """One Kamailio in front of the workers of one node."""

    def __init__(self, settings: Settings, scoreboard: Scoreboard) -> None:
        cards = [
            CardAddress(
                slot,
                number,
                telephony_of(settings, slot).for_card(number).sip_port,
                lines=PUBLISHED_LINES,
            )
            for slot in range(scoreboard.slots)
            for number in range(settings.pool.cards_per_worker)
        ]
        self._scoreboard = scoreboard
        self._front = KamailioFront(
            settings.sip,
            cards,
            settings.node.data.resolve() / "kamailio",
            in_child=InChild(DieWithParent(), partial(carry_calls, settings.pool.nice)),
        )
        self._lines: dict[int, int] = {}
        self._open = False
        self._looked_at = self._corrected_at = 0.0
        self._charged = False
        self._audit = LoadAudit()
        self._registered: dict[str, bool] = {}

    @property
    def up(self) -> bool:
        return self._front.up

    def start(self) -> None:
        """Start it; it takes calls as soon as a worker is ready. Raises FrontFailed."""
        self._front.start()
        self.accept(True)

    @property
    def lines(self) -> int:
        """Lines to which the front may give calls."""
        return sum(self._lines.values())

    def open_worker(self, slot: int, lines: int) -> None:
        self._front.open_worker(slot, lines)
        self._lines[slot] = lines
        self._say()

    def close_worker(self, slot: int) -> None:
        self._front.close_worker(slot)
        self._lines.pop(slot, None)
        self._say()

    def accept(self, calls: bool) -> None:
        """Take new calls or not: then they get 503 with Retry-After, and running calls go on."""
        self._open = calls
        self._say()

    def pace(self, calls_per_second: int | None) -> None:
        """Limit the new calls per second; 0: none while the node is overloaded, None: no limit."""
        self._front.pace(calls_per_second)

    def _say(self) -> None:
        """Tell the front its state. Without a worker, OPTIONS get 503 too, or an edge would give us
        calls first."""
        self._front.accept(self._open and bool(self._lines))

    def watch(self, now: float) -> None:
        """Restart the front if it died; correct its counts of the workers' calls."""
        if self._front.watch(now):
            metrics.front_restarts_total.inc()
            log.error("the SIP front died and was started again")
        if self._front.up and now - self._looked_at >= CORRECT_EVERY_S:
            self._looked_at = now
            quiet = not self._charged and not self._scoreboard.active
            if not quiet or now - self._corrected_at >= QUIET_CORRECT_EVERY_S:
                self._corrected_at = now
                self._correct()
            self._look_at_registrations()

    def stop(self) -> None:
        self._front.stop()

    def _correct(self) -> None:
        held = {
            row.slot: row.active
            for row in self._scoreboard.rows()
            if row.state in (WorkerState.READY, WorkerState.DRAINING)
        }
        try:
            charged = self._front.loads()
            self._charged = any(charged.values())
            if self._audit.wrong(charged, held):
                self._front.forget_loads()
                log.warning("loads corrected", charged=charged, held=held)
        except RpcFailed as failure:
            log.error("the SIP front does not answer", why=str(failure))

    def _look_at_registrations(self) -> None:
        """Log when a registration at a trunk is lost or found again: such a trunk brings no
        calls."""
        try:
            present = self._front.registrations()
        except RpcFailed:
            return
        for name, held in present.items():
            metrics.trunk_registered.labels(trunk=name).set(int(held))
            if held is not self._registered.get(name):
                if held:
                    log.info("registered", trunk=name)
                elif name in self._registered:
                    log.error("registration lost", trunk=name)
        self._registered = present
