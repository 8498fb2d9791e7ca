"""A call worker: one process, one event loop, one telephone, the lines of a few line cards."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable

import setproctitle
import structlog

from backend_client.client import RocarsClient
from ivr.messages.gateway import SmsGateway
from ivr.observe import metrics
from ivr.observe.logs import bind_worker
from ivr.pool.hearing import Hearing
from ivr.pool.node_front import telephony_of
from ivr.pool.phone_studio import PhoneStudio
from ivr.pool.premises import Premises
from ivr.pool.reception import Reception
from ivr.pool.scoreboard import WorkerState
from ivr.records.call_book import CallBook
from ivr.records.database import Database, RecordsUnavailable
from ivr.records.node_orders import NodeOrders
from ivr.records.people import People
from ivr.records.prompt_versions import PromptVersions
from ivr.studio.clips import Studio
from ivr.studio.intake import Intake
from ivr.telephony.errors import EndpointFailed
from ivr.telephony.telephone import Telephone
from prompts.composer import Composer
from prompts.live import LiveLibrary
from prompts.stand_in import StandIns

log = structlog.get_logger(__name__)

HEARTBEAT_S = 0.1
"""Often, since what the front believes of our load is compared to it."""


def run_worker(premises: Premises, slot: int, predecessor: int) -> int:
    """Take calls until SIGTERM, then drain. Runs in a forked child; returns its exit status.

    Args:
        slot: row of the scoreboard, and which share of the ports is ours.
        predecessor: pid of the worker that had this slot before and died, or 0.
    """
    setproctitle.setproctitle(f"rocars-ivr: worker {slot}")
    bind_worker(slot, os.getpid())
    return asyncio.run(_Worker(premises, slot).run(predecessor))


class _Worker:
    def __init__(self, premises: Premises, slot: int) -> None:
        self._premises = premises
        self._slot = slot
        self._supervisor = os.getppid()
        self._state = WorkerState.STARTING
        self._told = asyncio.Event()

    async def run(self, predecessor: int) -> int:
        settings = self._premises.settings
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._told.set)
        self._book = CallBook(settings.records_url, settings.records, metrics.MeteredRecords())
        self._book.start()
        records = Database(settings.records_url, settings.records)
        self._orders = NodeOrders(records)
        self._rung = self._premises.scoreboard.rung(self._slot)
        await self._bury(predecessor)
        rocars = RocarsClient(self._premises.rocars, _observe_back_end)
        stand_ins = StandIns(settings.prompts, settings.node.data.resolve() / "synthesised")
        sms = SmsGateway(settings.sms) if settings.sms.url else None
        hearing = Hearing(self._premises.models, settings.speech)
        self._reception = Reception(
            settings,
            self._slot,
            self._book,
            rocars,
            Composer(
                LiveLibrary(self._premises.library, settings.published_prompts),
                settings.prompts,
                stand_ins,
                observer=_observe_stand_in,
            ),
            sms,
            hearing,
            self._studio_of(records),
        )
        self._telephone = Telephone(
            telephony_of(settings, self._slot),
            self._reception.take,
            self._reception.turned_away,
            cards=settings.pool.cards_per_worker,
        )
        try:
            await self._telephone.start()
        except EndpointFailed as failure:
            log.error("the call engine did not start", reason=str(failure))
            return 1
        self._state = WorkerState.READY
        beating = asyncio.ensure_future(self._beat())
        await self._told.wait()
        await self._drain(settings.pool.drain_deadline_s)
        beating.cancel()
        await self._telephone.stop()
        hearing.close()
        await stand_ins.close()
        await rocars.close()
        if sms is not None:
            await sms.close()
        await self._book.shut()
        await records.close()
        return 0

    async def _drain(self, deadline_s: float) -> None:
        self._state = WorkerState.DRAINING
        self._telephone.drain()
        log.info("draining", active=self._telephone.active_calls)
        await self._reception.finish(deadline_s)

    async def _beat(self) -> None:
        """Write our row; a supervisor that is gone means to drain.

        The heartbeat is the older one of this loop's and the SIP thread's: if either hangs, the
        supervisor sees it.
        """
        while True:
            active = self._telephone.active_calls
            capacity = self._telephone.capacity
            metrics.calls_active.set(active)
            metrics.lines_capacity.set(capacity if self._state is WorkerState.READY else 0)
            self._premises.scoreboard.write(
                self._slot,
                self._state,
                capacity=capacity,
                active=active,
                taken=self._reception.taken,
                heartbeat=min(time.monotonic(), self._telephone.polled_at),
            )
            self._hear_bell()
            if os.getppid() != self._supervisor:
                log.error("the supervisor is gone, draining")
                self._told.set()
            await asyncio.sleep(HEARTBEAT_S)

    def _studio_of(self, records: Database) -> Callable[[str], PhoneStudio]:
        """What makes the studio of a call to the recording line, given its caller."""
        settings, library = self._premises.settings, self._premises.library
        versions = PromptVersions(records)
        studio = Studio(versions, library, settings.prompts.recordings)
        return lambda caller: PhoneStudio(
            People(records),
            studio,
            Intake(versions, settings.prompts),
            LiveLibrary(library, settings.published_prompts),
            settings.prompts,
            caller,
        )

    def _hear_bell(self) -> None:
        rung = self._premises.scoreboard.rung(self._slot)
        if rung != self._rung:
            self._rung = rung
            self._obeying = asyncio.ensure_future(self._obey())

    async def _obey(self) -> None:
        try:
            for order in await self._orders.take_for_calls(self._reception.call_ids):
                self._reception.obey(order.subject, order.kind, order.who)
        except RecordsUnavailable:
            log.exception("orders to calls cannot be read")

    async def _bury(self, predecessor: int) -> None:
        """Finish the CDRs of the calls that died with the worker before us."""
        if not predecessor:
            return
        try:
            lost = await self._book.close_orphans(self._premises.settings.node.name, predecessor)
        except RecordsUnavailable:
            log.exception("calls of a dead worker stay open in the records", worker_pid=predecessor)
            return
        for call_id in lost:
            metrics.calls_total.labels(outcome="worker_died").inc()
            log.error("call lost with its worker", call_id=call_id)


def _observe_back_end(operation: str, outcome: str, seconds: float) -> None:
    metrics.back_end_seconds.labels(operation=operation, outcome=outcome).observe(seconds)
    if operation == "log_in":
        metrics.logins_total.labels(outcome=outcome).inc()


def _observe_stand_in(language: str, name: str, how: str) -> None:
    metrics.prompt_stand_ins_total.labels(language=language, prompt=name, how=how).inc()
