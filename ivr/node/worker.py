"""A call worker: one process, one event loop, one telephone, the lines of a few line cards."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import setproctitle
import structlog

from backend_client.client import RocarsClient
from call_flows.call_context import HotlineNow
from ground.sms.gateway import SmsGateway
from ivr.call.call_recorder import CallRecorder
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
from ivr.recorded_calls.shelf import RecordedCalls
from ivr.records.call_book import CallBook
from ivr.records.database import Database, RecordsUnavailable
from ivr.records.node_orders import NodeOrders
from ivr.records.people import People
from ivr.records.prompt_versions import PromptVersions
from ivr.settings.card_ports import telephony_of
from ivr.studio.clips import Studio
from ivr.studio.intake import Intake
from ivr.telephony.errors import EndpointFailed
from ivr.telephony.incoming import IncomingCall
from ivr.telephony.real_time import Scheduling, fair_share
from ivr.telephony.sound.frame_path import FRAME_PATH
from ivr.telephony.telephone import Telephone
from prompts.announcements import PublishedAnnouncements
from prompts.composer import Composer
from prompts.library import Shelf
from prompts.live import PublishedLibrary
from prompts.stand_in import StandIns

log = structlog.get_logger("ivr.node.worker")

HEARTBEAT_S = 0.1
"""Frequent, because the front's count of our calls is compared with it."""
QUIET_HEARTBEAT_S = 0.5
"""The same while the telephone is quiet; that a call has come is reported at once."""
UNEASY_S = 5.0
"""After waking up late a quiet worker reports often for so long: does it happen again?"""


def run_worker(shared: SharedState, slot: int, predecessor: int) -> int:
    """Take calls until SIGTERM, then drain. Runs in a forked child; returns its exit status.

    Args:
        slot: row of the scoreboard, and which share of the ports is ours.
        predecessor: pid of the worker that had this slot before and died, or 0.
    """
    setproctitle.setproctitle(f"{WORKER_TITLE} {slot}")
    bind_worker(slot, os.getpid())
    worker = _Worker(shared, slot)
    try:
        return asyncio.run(worker.run(predecessor))
    except Exception as failure:
        if worker.started:
            raise
        log.exception("the worker did not start")
        shared.scoreboard.start_failures.say(slot, f"{type(failure).__name__}: {failure}")
        return 1


class _Worker:
    def __init__(self, shared: SharedState, slot: int) -> None:
        self._shared = shared
        self._slot = slot
        self._supervisor = os.getppid()
        self._state = WorkerState.STARTING
        self._stop_requested = asyncio.Event()
        self._call_came = asyncio.Event()

    @property
    def started(self) -> bool:
        return self._state is not WorkerState.STARTING

    async def run(self, predecessor: int) -> int:
        settings = self._shared.settings
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._stop_requested.set)
        self._book = CallBook(settings.records_url, settings.records, metrics.MeteredRecords())
        self._book.start()
        records = Database(settings.records_url, settings.records)
        self._orders = NodeOrders(records)
        self._signals_seen = self._shared.scoreboard.commands_signalled(self._slot)
        await self._close_calls_of_predecessor(predecessor)
        rocars = RocarsClient(self._shared.rocars, _observe_back_end)
        stand_ins = StandIns(settings.prompts, settings.node.data.resolve() / "synthesised")
        sms = SmsGateway(settings.sms) if settings.sms.url else None
        recorder = (
            CallRecorder(settings.call_recording, RecordedCalls(settings.recorded_calls))
            if settings.call_recording.enabled
            else None
        )
        recognisers = self._recognisers = Recognisers(self._shared.models, settings.speech)

        def live() -> Shelf:
            return PublishedLibrary(self._shared.library, settings.published_prompts)

        def composing(shelf: Shelf) -> Composer:
            return Composer(shelf, settings.prompts, stand_ins, observer=_observe_stand_in)

        self._reception = Reception(
            settings,
            self._slot,
            self._book,
            rocars,
            composing(live()),
            sms,
            recognisers,
            self._studio_of(records),
            PublishedAnnouncements(settings.published_prompts),
            self._hotline_now,
            DraftNarrators(self._shared.draft_key, PromptVersions(records), live, composing),
            recorder,
            rocars,
        )
        self._telephone = Telephone(
            telephony_of(settings, self._slot),
            self._take,
            self._reception.turned_away,
            cards=settings.pool.cards_per_worker,
            late_after_s=settings.pool.overload.late_ms / 1000,
            real_time_share=fair_share(settings.pool.workers, os.cpu_count() or 1),
            polled=partial(self._shared.scoreboard.write_polled, self._slot),
        )
        try:
            await self._telephone.start()
        except EndpointFailed as failure:
            reason = str(failure)
            held = port_findings(worker_ports(settings, self._slot), ())
            if held:
                reason = str(held[0])
            self._shared.scoreboard.start_failures.say(self._slot, reason)
            log.error("the call engine did not start", reason=reason)
            return 1
        self._state = WorkerState.READY
        log.info("sound is scheduled", how=self._telephone.scheduled_as.value)
        metrics.frame_path_compiled.set(int(FRAME_PATH.compiled))
        if not FRAME_PATH.compiled:
            log.warning(
                "the frame path is interpreted, calls cost more; no compiler at installation"
            )
        heartbeat = asyncio.ensure_future(self._heartbeat())
        await self._stop_requested.wait()
        await self._drain(settings.pool.drain_deadline_s)
        heartbeat.cancel()
        self._shared.scoreboard.write(self._slot, WorkerState.LEAVING)
        await self._telephone.stop()
        recognisers.close()
        if recorder is not None:
            await recorder.close()
        await stand_ins.close()
        await rocars.close()
        if sms is not None:
            await sms.close()
        await self._book.shut()
        await records.close()
        return 0

    async def _take(self, call: IncomingCall) -> None:
        self._call_came.set()
        await self._reception.take(call)

    def _hotline_now(self) -> HotlineNow:
        rules = self._shared.settings.flows
        shut, opens_at = self._shared.scoreboard.hotline
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

    async def _heartbeat(self) -> None:
        """Write our row; if the supervisor is gone, drain.

        The SIP thread writes its own sign of life: if either hangs, the supervisor sees it.
        """
        waking = Waking(self._shared.settings.pool.overload.awake_late_ms / 1000)
        pause_s = HEARTBEAT_S
        while True:
            waking.woke(pause_s)
            quiet = self._telephone.quiet
            active = self._telephone.active_calls
            capacity = self._telephone.capacity
            metrics.calls_active.set(active)
            metrics.lines_capacity.set(capacity if self._state is WorkerState.READY else 0)
            self._shared.scoreboard.write(
                self._slot,
                self._state,
                capacity=capacity,
                active=active,
                taken=self._reception.taken,
                every_s=QUIET_HEARTBEAT_S if quiet else HEARTBEAT_S,
            )
            lateness = self._telephone.lateness
            in_real_time = self._telephone.scheduled_as is Scheduling.REAL_TIME
            self._shared.scoreboard.write_sound(
                self._slot, Sound(lateness.frames, lateness.late, waking.late, in_real_time)
            )
            metrics.sound_in_real_time.set(int(in_real_time))
            if self._shared.scoreboard.strain is Strain.KEYPAD_ONLY:
                self._recognisers.give_up("overloaded")
            self._look_for_commands()
            if os.getppid() != self._supervisor:
                log.error("the supervisor is gone, draining")
                self._stop_requested.set()
            uneasy = waking.late_within(UNEASY_S)
            pause_s = QUIET_HEARTBEAT_S if quiet and not uneasy else HEARTBEAT_S
            self._call_came.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._call_came.wait()

    def _studio_of(self, records: Database) -> Callable[[str], PhoneStudio]:
        """Gives a function that makes the prompt studio of a call to the recording line, for its
        caller."""
        settings, library = self._shared.settings, self._shared.library
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

    def _look_for_commands(self) -> None:
        commands_signalled = self._shared.scoreboard.commands_signalled(self._slot)
        if commands_signalled != self._signals_seen:
            self._signals_seen = commands_signalled
            self._running_commands = asyncio.ensure_future(self._run_commands())

    async def _run_commands(self) -> None:
        try:
            for order in await self._orders.take_for_calls(self._reception.call_ids):
                self._reception.execute(order.subject, order.kind, order.who)
        except RecordsUnavailable:
            log.exception("orders to calls cannot be read")

    async def _close_calls_of_predecessor(self, predecessor: int) -> None:
        """Finish the CDRs of the calls that died with the worker that had this slot before."""
        if not predecessor:
            return
        try:
            lost = await self._book.close_orphans(self._shared.settings.node.name, predecessor)
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
