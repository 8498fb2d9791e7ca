"""Taking one call: from the INVITE to its finished CDR."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field

import structlog

from backend_client.protocol import Rocars
from call_flows.answer import answer
from call_flows.desk import CallNotes, Desk
from ivr.dialogue.conversation import Conversation
from ivr.dialogue.line import HungUp
from ivr.dialogue.waiting import Background
from ivr.observe import metrics
from ivr.observe.logs import call_in_logs
from ivr.pool.bundle_ledger import BundleLedger
from ivr.pool.call_endings import closed_call
from ivr.pool.call_trace import CallTrace
from ivr.pool.premises import Premises
from ivr.records.call_book import CallBook
from ivr.records.calling_number import calling_number
from ivr.records.facts import CallOpened, CallProgress
from ivr.telephony.incoming import IncomingCall
from ivr.telephony.line import CallLine
from prompts.utterance import Narrator

log = structlog.get_logger(__name__)


@dataclass
class Reception:
    """Takes the calls of one worker, each in a task of its own."""

    premises: Premises
    slot: int
    book: CallBook
    rocars: Rocars
    narrator: Narrator
    taken: int = 0
    _calls: set[asyncio.Task[None]] = field(default_factory=set)
    _closing: asyncio.Event = field(default_factory=asyncio.Event)
    _draining: bool = False

    @property
    def in_progress(self) -> int:
        """Calls whose CDR is not finished."""
        return len(self._calls)

    def take(self, offered: IncomingCall) -> None:
        """A call is offered; returns at once."""
        task = asyncio.ensure_future(self._take(offered))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)

    async def drain(self, deadline_s: float) -> None:
        """Refuse new calls, let running ones finish, end those that are left at the deadline."""
        self._draining = True
        if self._calls:
            await asyncio.wait(set(self._calls), timeout=deadline_s)
        self._closing.set()
        if self._calls:
            await asyncio.wait(set(self._calls), timeout=15)

    async def _take(self, offered: IncomingCall) -> None:
        opened = CallOpened(
            node=self.premises.settings.node.name,
            worker_pid=os.getpid(),
            worker_slot=self.slot,
            sip_call_id=offered.sip_call_id,
            source=offered.source,
            caller=calling_number(
                offered.calling_user,
                display=offered.calling_display,
                host=offered.calling_host,
                default_region=self.premises.settings.records.default_region,
            ),
            called=offered.called_user,
        )
        with call_in_logs(opened.call_id):
            self.taken += 1
            call_id = await self.book.open(opened)
            served = _Served(CallTrace(self.book, call_id))
            try:
                if self._draining:
                    await offered.refuse(503, retry_after_s=30)
                    served.refused_draining = True
                else:
                    served.line = await offered.answer()
                    await self._serve(call_id, served)
            except HungUp:
                pass
            except Exception:
                log.exception("a call failed")
                metrics.callback_errors_total.labels(callback="call").inc()
                served.failed = True
                await self._apologise(served)
            finally:
                await self._finish(call_id, offered, served)

    async def _serve(self, call_id: str, served: _Served) -> None:
        line = served.line
        assert line is not None
        settings = self.premises.settings
        self.book.answered(call_id, codec=line.codec)
        served.conversation = Conversation(
            line,
            self.narrator,
            settings.dialogue,
            served.trace,
            settings.flows.languages[0],
            served.background,
        )
        desk = Desk(
            self.rocars,
            settings.flows,
            BundleLedger(self.book, call_id, settings.node.name, os.getpid()),
            served.notes,
        )
        serving = asyncio.ensure_future(answer(served.conversation, desk))
        closing = asyncio.ensure_future(self._closing.wait())
        try:
            await asyncio.wait({serving, closing}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
                return
            served.drained = True
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            await served.conversation.say("sorry.closing", barge_in=False)
        finally:
            serving.cancel()
            closing.cancel()

    async def _apologise(self, served: _Served) -> None:
        if served.conversation is None:
            return
        try:
            await served.conversation.say("sorry.technical", barge_in=False)
        except HungUp:
            pass
        except Exception:
            log.exception("not even an apology could be played")

    async def _finish(self, call_id: str, offered: IncomingCall, served: _Served) -> None:
        """End the call, let what was sent be finished, write the CDR."""
        try:
            if served.line is not None:
                await served.line.hang_up()
            ending = await offered.until_ended()
            await served.background.finished()
        finally:
            notes = served.notes
            closed = closed_call(
                ending,
                notes,
                CallProgress(
                    language=notes.language,
                    driver_user_id=notes.user_id,
                    ubr=notes.ubrs[-1] if notes.ubrs else None,
                    login_attempts=notes.login_failures + (notes.user_id is not None),
                ),
                drained=served.drained,
                failed=served.failed,
                refused_draining=served.refused_draining,
                stand_ins=served.trace.stand_ins,
            )
            metrics.calls_total.labels(outcome=closed.outcome.value).inc()
            await self.book.close(call_id, closed)
            log.info("call ended", outcome=closed.outcome.value, reason=closed.reason)


@dataclass
class _Served:
    """What has become of a call so far."""

    trace: CallTrace
    notes: CallNotes = field(default_factory=CallNotes)
    background: Background = field(default_factory=Background)
    line: CallLine | None = None
    conversation: Conversation | None = None
    drained: bool = False
    failed: bool = False
    refused_draining: bool = False
