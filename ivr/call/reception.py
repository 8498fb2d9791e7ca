"""Taking one call: from the INVITE to its finished CDR."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from backend_client.errors import RocarsError
from backend_client.protocol import Rocars, Trainers
from call_flows.answer import answer
from call_flows.call_context import CallContext, CallerHints, CallNotes, Conclusion, HotlineNow
from call_flows.hotline import hotline
from call_flows.record_prompts import record_prompts
from call_flows.recording_studio import RecordingStudio
from ground.sms.gateway import SmsGateway
from ivr.call.call_recorder import CallRecorder, CallRecording
from ivr.call.caller import caller_of
from ivr.call.endings import Circumstances, closed_call, refused
from ivr.call.hints import caller_hints
from ivr.call.ledger import BundleLedger
from ivr.call.practice import PracticeLedger, PracticeRocars
from ivr.call.recognisers import Recognisers
from ivr.call.sections import CallSections
from ivr.call.trace import CallTrace
from ivr.call.with_drafts import DraftNarrators
from ivr.dialogue.conversation import Conversation
from ivr.dialogue.line import HungUp
from ivr.dialogue.time_left import Limit, TimeIsUp, TimeLeft
from ivr.dialogue.waiting import Background
from ivr.observe import metrics
from ivr.observe.logs import call_in_logs
from ivr.records.call_book import CallBook
from ivr.records.facts import CallClosed, CallOpened, CallProgress, now
from ivr.records.masking import last_four
from ivr.records.node_tables import OrderKind
from ivr.records.outcome import EndedBy
from ivr.sms.receipts import TextReceipts
from ivr.telephony.ending import Ending
from ivr.telephony.incoming import IncomingCall
from ivr.telephony.invite import Invite
from ivr.telephony.refusal import UNACCEPTABLE
from ivr.telephony.status import BUSY_HERE
from prompts.announcement import Announcement
from prompts.announcements import PublishedAnnouncements
from prompts.utterance import Narrator
from sip_config.trunks import region_of
from speech.recognition.vosk_recogniser import VoskRecogniser

log = structlog.get_logger("ivr.call.reception")

SOURCE_HEADER = "X-Rocars-Source"
"""Header that only the SIP front writes: the peer the call came from, as `name
address:port;transport`."""

LAST_WORDS_S = 45.0
"""How long an announcement, the closing message and the CDRs may take after the deadline of a
drain."""


@dataclass
class Reception:
    """Takes the calls of one worker."""

    settings: CallSections
    slot: int
    book: CallBook
    rocars: Rocars
    narrator: Narrator
    sms: SmsGateway | None = None
    recognisers: Recognisers | None = None
    studio_of: Callable[[str], RecordingStudio] | None = None
    announcements: PublishedAnnouncements | None = None
    hotline_now: Callable[[], HotlineNow] = HotlineNow
    drafts: DraftNarrators | None = None
    recorder: CallRecorder | None = None
    trainers: Trainers | None = None
    taken: int = 0
    _served: dict[str, _Served] = field(default_factory=dict)
    _in_progress: set[asyncio.Task[None]] = field(default_factory=set)
    _ends_at: float | None = None

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
        """A call was refused for its offer before it reached us; it gets a CDR nevertheless.

        A call refused with 486 gets none: the front passes it to another worker.
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
            reason=invite.headers.get(UNACCEPTABLE, "refused by the SIP library"),
        )
        metrics.calls_total.labels(outcome=closed.outcome.value).inc()
        await self.book.close(call_id, closed)

    @property
    def call_ids(self) -> list[str]:
        """The calls in progress."""
        return list(self._served)

    def execute(self, call_id: str, order: OrderKind, who: str) -> None:
        """An operator wants a call ended or transferred; it may be over by now."""
        served = self._served.get(call_id)
        if served is not None and not served.ordered.done():
            log.warning("ordered from the console", call_id=call_id, order=order.value, who=who)
            served.ordered.set_result(order)

    async def finish(self, deadline_s: float) -> None:
        """Let running calls finish; those that are left at the deadline are told why and ended."""
        self._ends_at = asyncio.get_running_loop().time() + deadline_s
        for served in self._served.values():
            if served.time is not None:
                served.time.ends_at(self._ends_at, Limit.DRAIN)
        await self._until_idle(deadline_s)
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
            recording = served.recording = self._recording(opened)
            try:
                narrator = await self._narrator_of(offered.invite)
                line = await offered.answer()
                metrics.invite_to_answer_seconds.observe(time.monotonic() - began)
                self.book.progress(call_id, CallProgress(answered_at=now()))
                if self.recognisers is not None and not self._records(opened):
                    served.recogniser = self.recognisers.recogniser_of(line)
                tape = None if recording is None else await recording.begun()
                if tape is not None:
                    line.keep(tape)
                served.time = self._time()
                served.conversation = Conversation(
                    line,
                    narrator,
                    self.settings.dialogue,
                    served.trace,
                    self.settings.flows.languages[0],
                    served.background,
                    served.recogniser,
                    served.time,
                    tape,
                )
                context = self._context_of(call_id, opened, served, await looking)
                context = replace(context, recorded=tape is not None)
                await self._serve(context, served, served.conversation)
            except HungUp:
                pass
            except Exception:
                log.exception("a call failed")
                served.circumstances = Circumstances(failed=True)
                await self._apologise(served)
            finally:
                looking.cancel()
                await self._close(call_id, offered, served)

    async def _narrator_of(self, invite: Invite) -> Narrator:
        with_drafts = None if self.drafts is None else await self.drafts.of(invite)
        return with_drafts or self.narrator

    def _time(self) -> TimeLeft:
        """The remaining time of a call that has just been answered."""
        time_left = TimeLeft(self.settings.dialogue, self.settings.telephony.longest_call_s)
        if self._ends_at is not None:
            time_left.ends_at(self._ends_at, Limit.DRAIN)
        return time_left

    def _opened(self, invite: Invite) -> CallOpened:
        source = invite.headers.get(SOURCE_HEADER, invite.source)
        return CallOpened(
            node=self.settings.node.name,
            worker_pid=os.getpid(),
            worker_slot=self.slot,
            sip_call_id=invite.call_id,
            source=source,
            caller=caller_of(
                invite,
                self.settings.records.default_region,
                region_of(source, self.settings.sip.peers),
            ),
            called=invite.called,
            practice=invite.called in self.settings.flows.practice_numbers,
        )

    def _records(self, opened: CallOpened) -> bool:
        """Whether this is a call to the recording line, by somebody who may use it."""
        rules = self.settings.flows
        if opened.called not in rules.recording_numbers:
            return False
        peer = opened.source.partition(" ")[0]  # "pbx 192.0.2.20:5060;udp", as the front says it
        return peer in rules.recording_peers or opened.caller.e164 in rules.recording_callers

    def _recording(self, opened: CallOpened) -> CallRecording | None:
        """The recording of the call; None where there is to be none: rehearsals are nobody's
        business."""
        if self.recorder is None or opened.practice or self._records(opened):
            return None
        return self.recorder.start(opened.call_id, opened.offered_at.date())

    async def _hints(self, opened: CallOpened) -> CallerHints:
        if opened.practice or self._records(opened) or not self.settings.flows.recognise_callers:
            return CallerHints()
        return await caller_hints(opened.caller, self.book, self.rocars)

    def _context_of(
        self, call_id: str, opened: CallOpened, served: _Served, hints: CallerHints
    ) -> CallContext:
        rules, notes = self.settings.flows, served.notes
        if opened.practice:
            metrics.practice_calls_total.inc()
            served.rehearsal = PracticeRocars(trainers=self.trainers)
            return CallContext(
                served.rehearsal,
                rules,
                PracticeLedger(),
                notes,
                training_ground=served.rehearsal,
                announcements=self._announced(),
                hotline_now=self.hotline_now,
            )
        if self.studio_of is not None and self._records(opened):
            line = f"{last_four(opened.caller.e164) or 'no number'} by {opened.source}"
            studio = self.studio_of(line)
            return CallContext(PracticeRocars(), rules, PracticeLedger(), notes, studio=studio)
        if opened.called in rules.recording_numbers:
            log.warning("not admitted to the recording line", source=opened.source)
        ledger = BundleLedger(
            self.book, call_id, self.settings.node.name, os.getpid(), rules.tell_unheard_hours
        )
        texts = None
        if (
            self.sms is not None
            and opened.caller.e164
            and opened.caller.mobile
            and opened.caller.sure
        ):
            texts = TextReceipts(self.sms, opened.caller.e164)
        return CallContext(
            self.rocars,
            rules,
            ledger,
            notes,
            hints,
            texts=texts,
            announcements=self._announced(),
            hotline_now=self.hotline_now,
        )

    def _announced(self) -> tuple[Announcement, ...]:
        """The announcements of the day that the caller will hear now."""
        if self.announcements is None:
            return ()
        current = self.announcements.said_at(now())
        for announcement in current:
            log.info("announcement of the day", announcement=announcement.name)
            metrics.announcements_total.inc()
        return current

    async def _serve(
        self, context: CallContext, served: _Served, conversation: Conversation
    ) -> None:
        """Hold the conversation to its end, or to the pause at which it must end."""
        talking = asyncio.ensure_future(
            answer(conversation, context)
            if context.studio is None
            else record_prompts(conversation, context, context.studio)
        )
        try:
            awaited: set[asyncio.Future[Any]] = {talking, served.ordered}
            await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
            if served.ordered.done() and served.time is not None:
                served.time.end_now(Limit.ORDER)
            await talking
        except TimeIsUp as up:
            await self._last_words(up.limit, context, served, conversation)
        finally:
            talking.cancel()

    async def _last_words(
        self, limit: Limit, context: CallContext, served: _Served, conversation: Conversation
    ) -> None:
        """Say why the call ends, and that the caller is transferred, if they are."""
        match limit:
            case Limit.ORDER if served.ordered.result() is OrderKind.PASS_ON:
                await hotline(conversation, context, Conclusion.HOTLINE)
            case Limit.ORDER:
                served.circumstances = Circumstances(by_operator=True)
                await conversation.say("sorry.closing", barge_in=False)
            case Limit.DRAIN:
                served.circumstances = Circumstances(drained=True)
                await conversation.say("sorry.closing", barge_in=False)
            case Limit.LONGEST_CALL:
                served.circumstances = Circumstances(too_long=True)
                await conversation.say("sorry.too_long", barge_in=False)

    async def _apologise(self, served: _Served) -> None:
        """Say that a fault of ours ends the call, instead of leaving a silent line."""
        if served.conversation is None:
            return
        try:
            await served.conversation.say("sorry.technical", barge_in=False)
        except HungUp:
            pass
        except Exception:
            log.exception("error message could not be played")

    async def _close(self, call_id: str, offered: IncomingCall, served: _Served) -> None:
        """End the call, let requests that were sent finish, write the CDR."""
        ending = await _over(offered)
        self._served.pop(call_id, None)
        if served.recording is not None:
            served.recording.tape.end()
        if served.time is not None:
            served.time.over()
        if served.recogniser is not None:
            served.recogniser.close()
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
        if served.rehearsal is not None:
            await self._report(served.rehearsal)

    async def _report(self, rehearsal: PracticeRocars) -> None:
        """Let trainers see what was rehearsed. The call is over, and nothing depends on it."""
        if self.trainers is None or not rehearsal.user_id:
            return
        try:
            await self.trainers.rehearsed(rehearsal.user_id, rehearsal.steps)
        except RocarsError as failure:
            log.warning("rehearsal not reported", why=type(failure).__name__)


async def _over(offered: IncomingCall) -> Ending:
    """End the call if it has not ended; gives how it ended in either case."""
    try:
        return await offered.hang_up()
    except HungUp:  # the caller hung up first
        return await asyncio.shield(offered.ended)


@dataclass
class _Served:
    """What has happened in a call so far."""

    trace: CallTrace
    notes: CallNotes
    background: Background = field(default_factory=Background)
    conversation: Conversation | None = None
    time: TimeLeft | None = None
    recogniser: VoskRecogniser | None = None
    recording: CallRecording | None = None
    rehearsal: PracticeRocars | None = None
    circumstances: Circumstances = field(default_factory=Circumstances)
    ordered: asyncio.Future[OrderKind] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
