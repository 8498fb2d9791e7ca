"""Taking one call: from the INVITE to its finished CDR."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog

from backend_client.protocol import Rocars
from call_flows.answer import answer
from call_flows.desk import CallerHints, CallNotes, Conclusion, Desk
from call_flows.hotline import hotline
from call_flows.record_prompts import record_prompts
from call_flows.recording_studio import RecordingStudio
from ivr.dialogue.conversation import Conversation
from ivr.dialogue.line import HungUp
from ivr.dialogue.waiting import Background
from ivr.messages.gateway import SmsGateway
from ivr.messages.receipts import TextReceipts
from ivr.observe import metrics
from ivr.observe.logs import call_in_logs
from ivr.pool.bundle_ledger import BundleLedger
from ivr.pool.call_endings import Circumstances, closed_call, refused
from ivr.pool.call_trace import CallTrace
from ivr.pool.caller_hints import caller_hints
from ivr.pool.hearing import Hearing
from ivr.pool.practice import PracticeLedger, PracticeRocars
from ivr.records.call_book import CallBook
from ivr.records.calling_number import calling_number
from ivr.records.console_tables import OrderKind
from ivr.records.facts import CallClosed, CallOpened, CallProgress, now
from ivr.records.masking import last_four
from ivr.records.outcome import EndedBy
from ivr.settings import Settings
from ivr.telephony.ending import Ending
from ivr.telephony.incoming import IncomingCall
from ivr.telephony.invite import Invite
from prompts.utterance import Narrator
from speech.recognition.ear import VoskEar

log = structlog.get_logger(__name__)

SOURCE_HEADER = "X-Rocars-Source"
"""Written by the SIP front alone: the peer the call came from, as `address:port;transport`."""

BUSY_HERE = 486

LAST_WORDS_S = 15.0
"""How long the closing message and the CDRs may take after the deadline of a drain."""


@dataclass
class Reception:
    """Takes the calls of one worker."""

    settings: Settings
    slot: int
    book: CallBook
    rocars: Rocars
    narrator: Narrator
    sms: SmsGateway | None = None
    hearing: Hearing | None = None
    studio_of: Callable[[str], RecordingStudio] | None = None
    taken: int = 0
    _served: dict[str, _Served] = field(default_factory=dict)
    _in_progress: set[asyncio.Task[None]] = field(default_factory=set)
    _closing: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, offered: IncomingCall) -> None:
        """Serve one call; its CDR is finished when this returns."""
        task = asyncio.current_task()
        assert task is not None
        self._in_progress.add(task)
        try:
            await self._take(offered)
        finally:
            self._in_progress.discard(task)

    def turned_away(self, invite: Invite, status: int) -> None:
        """The library refused a call that never reached us: it has a CDR all the same.

        Not so for 486: the front gives that call to another worker.
        """
        if status != BUSY_HERE:
            task = asyncio.ensure_future(self._write_refusal(invite, status))
            self._in_progress.add(task)
            task.add_done_callback(self._in_progress.discard)

    async def _write_refusal(self, invite: Invite, status: int) -> None:
        call_id = await self.book.open(self._opened(invite))
        closed = CallClosed(
            outcome=refused(status),
            ended_by=EndedBy.SERVICE,
            sip_code=status,
            reason="refused by the SIP library",
        )
        metrics.calls_total.labels(outcome=closed.outcome.value).inc()
        await self.book.close(call_id, closed)

    @property
    def call_ids(self) -> list[str]:
        """The calls in progress."""
        return list(self._served)

    def obey(self, call_id: str, order: OrderKind, who: str) -> None:
        """Somebody at the console wants a call ended or passed on; it may be over by now."""
        served = self._served.get(call_id)
        if served is not None and not served.ordered.done():
            log.warning("ordered from the console", call_id=call_id, order=order.value, who=who)
            served.ordered.set_result(order)

    async def finish(self, deadline_s: float) -> None:
        """Let running calls finish; tell and end those that are left at the deadline."""
        await self._until_idle(deadline_s)
        self._closing.set()
        await self._until_idle(LAST_WORDS_S)

    async def _until_idle(self, seconds: float) -> None:
        if self._in_progress:
            await asyncio.wait(set(self._in_progress), timeout=seconds)

    async def _take(self, offered: IncomingCall) -> None:
        began = time.monotonic()
        opened = self._opened(offered.invite)
        self.taken += 1
        with call_in_logs(opened.call_id):
            call_id = await self.book.open(opened)
            log.info("call offered", source=opened.source, called=opened.called)
            notes = CallNotes()
            served = _Served(CallTrace(self.book, call_id, notes), notes)
            self._served[call_id] = served
            looking = asyncio.ensure_future(self._hints(opened))
            try:
                line = await offered.answer()
                metrics.invite_to_answer_seconds.observe(time.monotonic() - began)
                self.book.progress(call_id, CallProgress(answered_at=now()))
                if self.hearing is not None and not self._records(opened):
                    served.ear = self.hearing.ear_of(line)
                served.conversation = Conversation(
                    line,
                    self.narrator,
                    self.settings.dialogue,
                    served.trace,
                    self.settings.flows.languages[0],
                    served.background,
                    served.ear,
                )
                desk = self._desk(call_id, opened, served.notes, await looking)
                await self._serve(desk, served, served.conversation)
            except HungUp:
                pass
            except Exception:
                log.exception("a call failed")
                served.circumstances = Circumstances(failed=True)
                await self._apologise(served)
            finally:
                looking.cancel()
                await self._close(call_id, offered, served)

    def _opened(self, invite: Invite) -> CallOpened:
        _, _, host = invite.from_uri.rpartition("@")
        return CallOpened(
            node=self.settings.node.name,
            worker_pid=os.getpid(),
            worker_slot=self.slot,
            sip_call_id=invite.call_id,
            source=invite.headers.get(SOURCE_HEADER, invite.source),
            caller=calling_number(
                invite.calling,
                display=invite.display_name,
                host=host.partition(";")[0],
                default_region=self.settings.records.default_region,
            ),
            called=invite.called,
            practice=invite.called in self.settings.flows.practice_numbers,
        )

    def _records(self, opened: CallOpened) -> bool:
        """Whether it is a call of an operator to the recording line."""
        return opened.called in self.settings.flows.recording_numbers

    async def _hints(self, opened: CallOpened) -> CallerHints:
        if opened.practice or self._records(opened) or not self.settings.flows.recognise_callers:
            return CallerHints()
        return await caller_hints(opened.caller, self.book, self.rocars)

    def _desk(self, call_id: str, opened: CallOpened, notes: CallNotes, hints: CallerHints) -> Desk:
        rules = self.settings.flows
        if opened.practice:
            metrics.practice_calls_total.inc()
            return Desk(PracticeRocars(), rules, PracticeLedger(), notes, practice=True)
        if self.studio_of is not None and self._records(opened):
            studio = self.studio_of(last_four(opened.caller.e164) or "")
            return Desk(PracticeRocars(), rules, PracticeLedger(), notes, studio=studio)
        ledger = BundleLedger(
            self.book, call_id, self.settings.node.name, os.getpid(), rules.tell_unheard_hours
        )
        texts = None
        if self.sms is not None and opened.caller.e164 is not None and opened.caller.mobile:
            texts = TextReceipts(self.sms, opened.caller.e164)
        return Desk(self.rocars, rules, ledger, notes, hints, texts=texts)

    async def _serve(self, desk: Desk, served: _Served, conversation: Conversation) -> None:
        """Have the conversation, or cut it short: at the deadline of a drain, or by order."""
        talking = asyncio.ensure_future(
            answer(conversation, desk)
            if desk.studio is None
            else record_prompts(conversation, desk, desk.studio)
        )
        closing = asyncio.ensure_future(self._closing.wait())
        try:
            awaited: set[asyncio.Future[Any]] = {talking, closing, served.ordered}
            await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
            if talking.done():
                talking.result()
                return
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)
            if served.ordered.done() and served.ordered.result() is OrderKind.PASS_ON:
                await hotline(conversation, desk, Conclusion.HOTLINE)
                return
            served.circumstances = Circumstances(
                drained=not served.ordered.done(), by_operator=served.ordered.done()
            )
            await conversation.say("sorry.closing", barge_in=False)
        finally:
            talking.cancel()
            closing.cancel()

    async def _apologise(self, served: _Served) -> None:
        """A fault of ours is said, not left as a dead line."""
        if served.conversation is None:
            return
        try:
            await served.conversation.say("sorry.technical", barge_in=False)
        except HungUp:
            pass
        except Exception:
            log.exception("not even an apology could be played")

    async def _close(self, call_id: str, offered: IncomingCall, served: _Served) -> None:
        """End the call, let what was sent be finished, write the CDR."""
        ending = await _over(offered)
        self._served.pop(call_id, None)
        if served.ear is not None:
            served.ear.close()
        await served.background.finished()
        closed = closed_call(
            ending, served.notes, served.circumstances, stand_ins=served.trace.stand_ins
        )
        metrics.calls_total.labels(outcome=closed.outcome.value).inc()
        await self.book.close(call_id, closed)
        log.info(
            "call ended",
            outcome=closed.outcome.value,
            by=closed.ended_by.value,
            seconds=round(ending.duration_s, 1),
        )


async def _over(offered: IncomingCall) -> Ending:
    """End the call if it has not ended; how it ended in either case."""
    try:
        return await offered.hang_up()
    except HungUp:  # the caller was quicker
        return await asyncio.shield(offered.ended)


@dataclass
class _Served:
    """What has become of a call so far."""

    trace: CallTrace
    notes: CallNotes
    background: Background = field(default_factory=Background)
    conversation: Conversation | None = None
    ear: VoskEar | None = None
    circumstances: Circumstances = field(default_factory=Circumstances)
    ordered: asyncio.Future[OrderKind] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
