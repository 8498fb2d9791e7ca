"""A call worker: one process, one event loop, one telephone, the lines of a few line cards."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime

import setproctitle
import structlog

from backend_client.client import RocarsClient
from call_flows.call_context import HotlineNow
from ivr.call.reception import Reception
from ivr.call.recognisers import Recognisers
from ivr.call.recording_line import PhoneStudio
from ivr.call.with_drafts import DraftNarrators
from ivr.node.children import WORKER_TITLE
from ivr.node.node_load import Waking
from ivr.node.scoreboard import Sound, WorkerState
from ivr.node.shared import SharedState
from ivr.observe import metrics
from ivr.observe.logs import bind_worker
from ivr.observe.strain import Strain
from ivr.preflight.port_list import worker_ports
from ivr.preflight.ports import port_findings
from ivr.records.call_book import CallBook
from ivr.records.database import Database, RecordsUnavailable
from ivr.records.node_orders import NodeOrders
from ivr.records.people import People
from ivr.records.prompt_versions import PromptVersions
from ivr.settings.card_ports import telephony_of
from ivr.sms.gateway import SmsGateway
from ivr.studio.clips import Studio
from ivr.studio.intake import Intake
from ivr.telephony.errors import EndpointFailed
from ivr.telephony.real_time import Scheduling, fair_share
from ivr.telephony.telephone import Telephone
from prompts.announcements import PublishedAnnouncements
from prompts.composer import Composer
from prompts.library import Shelf
from prompts.live import PublishedLibrary
from prompts.stand_in import StandIns

log = structlog.get_logger("ivr.pool.worker")

HEARTBEAT_S = 0.1
"""Often, since what the front believes of our load is compared to it."""


def run_worker(premises: SharedState, slot: int, predecessor: int) -> int:
    """Take calls until SIGTERM, then drain. Runs in a forked child; returns its exit status.

    Args:
        slot: row of the scoreboard, and which share of the ports is ours.
        predecessor: pid of the worker that had this slot before and died, or 0.
    """
    setproctitle.setproctitle(f"{WORKER_TITLE} {slot}")
    bind_worker(slot, os.getpid())
    worker = _Worker(premises, slot)
    try:
        return asyncio.run(worker.run(predecessor))
    except Exception as failure:
        if worker.started:
            raise
        log.exception("the worker did not start")
        premises.scoreboard.start_failures.say(slot, f"{type(failure).__name__}: {failure}")
        return 1


class _Worker:
    def __init__(self, premises: SharedState, slot: int) -> None:
        self._premises = premises
        self._slot = slot
        self._supervisor = os.getppid()
        self._state = WorkerState.STARTING
        self._told = asyncio.Event()

    @property
    def started(self) -> bool:
        return self._state is not WorkerState.STARTING

    async def run(self, predecessor: int) -> int:
        settings = self._premises.settings
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._told.set)
        self._book = CallBook(settings.records_url, settings.records, metrics.MeteredRecords())
        self._book.start()
        records = Database(settings.records_url, settings.records)
        self._orders = NodeOrders(records)
        self._rung = self._premises.scoreboard.rung(self._slot)
        await self._close_calls_of_predecessor(predecessor)
        rocars = RocarsClient(self._premises.rocars, _observe_back_end)
        stand_ins = StandIns(settings.prompts, settings.node.data.resolve() / "synthesised")
        sms = SmsGateway(settings.sms) if settings.sms.url else None
        recognisers = self._recognisers = Recognisers(self._premises.models, settings.speech)

        def heard() -> Shelf:
            return PublishedLibrary(self._premises.library, settings.published_prompts)

        def composing(shelf: Shelf) -> Composer:
            return Composer(shelf, settings.prompts, stand_ins, observer=_observe_stand_in)

        self._reception = Reception(
            settings,
            self._slot,
            self._book,
            rocars,
            composing(heard()),
            sms,
            recognisers,
            self._studio_of(records),
            PublishedAnnouncements(settings.published_prompts),
            self._hotline_now,
            DraftNarrators(self._premises.draft_key, PromptVersions(records), heard, composing),
        )
        self._telephone = Telephone(
            telephony_of(settings, self._slot),
            self._reception.take,
            self._reception.turned_away,
            cards=settings.pool.cards_per_worker,
            late_after_s=settings.pool.overload.late_ms / 1000,
            real_time_share=fair_share(settings.pool.workers, os.cpu_count() or 1),
        )
        try:
            await self._telephone.start()
        except EndpointFailed as failure:
            reason = str(failure)
            held = port_findings(worker_ports(settings, self._slot), ())
            if held:
                reason = str(held[0])
            self._premises.scoreboard.start_failures.say(self._slot, reason)
            log.error("the call engine did not start", reason=reason)
            return 1
        self._state = WorkerState.READY
        log.info("sound is scheduled", how=self._telephone.scheduled_as.value)
        beating = asyncio.ensure_future(self._beat())
        await self._told.wait()
        await self._drain(settings.pool.drain_deadline_s)
        beating.cancel()
        self._premises.scoreboard.write(self._slot, WorkerState.LEAVING)
        await self._telephone.stop()
        recognisers.close()
        await stand_ins.close()
        await rocars.close()
        if sms is not None:
            await sms.close()
        await self._book.shut()
        await records.close()
        return 0

    def _hotline_now(self) -> HotlineNow:
        rules = self._premises.settings.flows
        shut, opens_at = self._premises.scoreboard.hotline
        return HotlineNow(
            has_hours=bool(rules.hotline_hours or rules.hotline_holidays),
            shut=shut,
            opens=datetime.fromtimestamp(opens_at, UTC) if opens_at else None,
        )

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
        waking = Waking(HEARTBEAT_S, self._premises.settings.pool.overload.awake_late_ms / 1000)
        while True:
            waking.woke()
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
            lateness = self._telephone.lateness
            in_real_time = self._telephone.scheduled_as is Scheduling.REAL_TIME
            self._premises.scoreboard.write_sound(
                self._slot, Sound(lateness.frames, lateness.late, waking.late, in_real_time)
            )
            metrics.sound_in_real_time.set(int(in_real_time))
            if self._premises.scoreboard.strain is Strain.KEYPAD_ONLY:
                self._recognisers.give_up("overloaded")
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
            People(records, lockout=settings.console.lockout.rule),
            studio,
            Intake(versions, settings.prompts),
            PublishedLibrary(library, settings.published_prompts),
            settings.prompts,
            caller,
        )

    def _hear_bell(self) -> None:
        rung = self._premises.scoreboard.rung(self._slot)
        if rung != self._rung:
            self._rung = rung
            self._obeying = asyncio.ensure_future(self._run_commands())

    async def _run_commands(self) -> None:
        try:
            for order in await self._orders.take_for_calls(self._reception.call_ids):
                self._reception.obey(order.subject, order.kind, order.who)
        except RecordsUnavailable:
            log.exception("orders to calls cannot be read")

    async def _close_calls_of_predecessor(self, predecessor: int) -> None:
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
