"""The thread that owns the line cards, and the crossing between it and the event loop.

Every object of the SIP library is created, used and destroyed on this thread. Only plain values
cross: the event loop hands over work with `run`, the thread posts events with `post`.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import pjsua2 as pj

from ivr.telephony.ending import Cause
from ivr.telephony.errors import EndpointFailed, TelephonyError
from ivr.telephony.invite import Invite, read_invite
from ivr.telephony.lateness import LATE_AFTER_S, Lateness
from ivr.telephony.library.binding import binding
from ivr.telephony.library.leg import Leg
from ivr.telephony.library.line_card import LineCard
from ivr.telephony.library.live_call import LiveCall
from ivr.telephony.library.secure_events import keys_offered
from ivr.telephony.library.stray_watch import StrayWatch
from ivr.telephony.library.wakeup import Wakeup
from ivr.telephony.outbox import Outbox
from ivr.telephony.real_time import MOST_OF_A_PROCESSOR, RealTime
from ivr.telephony.refusal import BEHIND_NAT, UNACCEPTABLE, Refusals
from ivr.telephony.settings import TelephonySettings
from ivr.telephony.sound.frame_clock import FrameClock
from ivr.telephony.sound.frame_path import FRAME_PATH, LineFrames
from ivr.telephony.status import BAD_REQUEST, BUSY_HERE, NOT_ACCEPTABLE_HERE

log = logging.getLogger("ivr.telephony.endpoint")

T = TypeVar("T")

_LOOK_AFTER_S = 0.2
_STOP_CALLS_S = 3.0
_IDLE_S = 0.1
"""How late the library's timers may fire while there is no call."""
_QUIET_S = 0.5
"""The same once no transaction is left either: then no timer is of use to anybody."""
_BETWEEN_ROUNDS_S = 0.004
"""So long a round and the wait after it last at least, while there are calls."""
_TRANSACTION_S = 40.0
"""A transaction is over after 64 × T1 = 32 s at the latest (RFC 3261 section 17, timers B, F, H and
J)."""
_STOP_S = 15.0
_FAILED_POLLS = 100
_LIBRARY_REFUSALS = {BUSY_HERE: "refused_busy", NOT_ACCEPTABLE_HERE: "refused_media"}


class SipThread:
    """The calls of one process, on one or several line cards."""

    def __init__(
        self,
        settings: TelephonySettings,
        cards: int,
        loop: asyncio.AbstractEventLoop,
        arrived: Callable[[LiveCall, Invite], None],
        turned_away: Callable[[Invite, int], None],
        late_after_s: float = LATE_AFTER_S,
        real_time_share: float = MOST_OF_A_PROCESSOR,
        polled: Callable[[float], None] = lambda at: None,
    ) -> None:
        """`arrived` and `turned_away` are called on the event loop: the first for calls that we are
        to answer, the second for calls that the library answered itself. For the rest see
        `Telephone`."""
        self.settings = settings
        self.polled_at = time.monotonic()
        self.quiet = False
        """Whether the thread wakes twice a second only: no call, and no transaction of one."""
        self._polled = polled
        self._busy_until = self.polled_at
        self.counts: Counter[str] = Counter()
        self.refusals = Refusals(settings.allowed_peers, settings.retry_after_s)
        self.sip_addresses: tuple[tuple[str, int], ...] = ()
        self.capacity = 0
        self._loop = loop
        self._arrived = arrived
        self._turned_away = turned_away
        self._cards_wanted = cards
        self._cards: list[LineCard] = []
        self._legs: dict[Leg, LiveCall] = {}
        self._lines: tuple[LineFrames, ...] = ()
        self._clock = FrameClock(time.monotonic())
        self.lateness = Lateness(late_after_s)
        self.real_time = RealTime(wanted=settings.real_time, most=real_time_share)
        self._outbox = Outbox(loop)
        self._work: deque[Callable[[], None]] = deque()
        self._wakeup = Wakeup()
        self._strays = StrayWatch()
        self._gate = threading.Lock()
        self._open = False
        self._stopping = False
        self._thread = threading.Thread(target=self._live, name="pj", daemon=True)
        self._started: asyncio.Future[None] = loop.create_future()

    # Called by the event loop

    async def start(self) -> None:
        """Start thread and library. Raises EndpointFailed."""
        self._thread.start()
        await self._started

    async def stop(self) -> None:
        """End all calls, stop the library, join the thread.

        Raises:
            EndpointFailed: the thread hangs in the library; the process must be ended.
        """
        self._stopping = True
        await asyncio.to_thread(self._thread.join, _STOP_S)
        if self._thread.is_alive():
            raise EndpointFailed(f"the SIP thread did not stop within {_STOP_S:.0f} s")

    def run(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Have `work` done on the pj thread, between two polls.

        The future raises what `work` raises; errors of the library as TelephonyError. Raises
        EndpointFailed if the thread is gone.
        """
        future: asyncio.Future[T] = self._loop.create_future()

        def task() -> None:
            try:
                result = work()
            except pj.Error as error:
                self.post(_fail, future, TelephonyError(error.reason))
            except Exception as error:
                self.post(_fail, future, error)
            else:
                self.post(_succeed, future, result)

        with self._gate:
            if not self._open:
                raise EndpointFailed("the SIP endpoint is not running")
            self._work.append(task)
            self._wakeup.wake()
        return future

    @property
    def calls_held(self) -> int:
        """Call slots in use, asked of the library."""
        return sum(card.calls_held for card in self._cards) if self._open else 0

    async def dial(self, uri: str, from_uri: str, headers: Mapping[str, str]) -> LiveCall:
        """Place a call. Raises TelephonyError."""
        live = self._live_call()

        def place() -> None:
            leg = self._leg(live, self._card_with_a_line())
            try:
                live.sip_call_id = leg.dial(uri, from_uri, headers)
            except Exception:
                self.forget(leg)
                if not leg.dead:
                    leg.dead = True
                    leg.free()
                raise

        await self.run(place)
        return live

    # Called by the library's objects, on the pj thread

    def post(self, call: Callable[..., object], /, *arguments: Any) -> None:
        """Give a function that has something called on the event loop, together with all that is
        posted in this round."""
        self._outbox.put(call, *arguments)

    def invited(self, card: LineCard, call_id: int, message: str, source: str) -> None:
        """An INVITE has come. The call object must exist when this returns."""
        live = self._live_call()
        leg = self._leg(live, card, call_id)
        try:
            kept = (*self.settings.kept_headers, UNACCEPTABLE, BEHIND_NAT)
            invite = read_invite(message, source, kept)
        except Exception:
            self.callback_failed("reading an INVITE")
            self._work.append(lambda: leg.refuse(BAD_REQUEST, {}))
            return
        refusal = self.refusals.check(invite)
        if refusal is None:
            self.counts["taken"] += 1
            leg.offered(keys_offered(message), behind_nat=BEHIND_NAT in invite.headers)
            live.audio.take_out_keys()
            if not invite.telephone_event:
                live.hear_tones()  # until the first key arrives as an event nevertheless
            self.post(self._arrived, live, invite)
        else:
            self.counts[refusal.counted_as] += 1
            log.warning("call refused: %s from %s", refusal.counted_as, invite.source_address)
            if refusal.recorded:
                self.post(self._turned_away, invite, refusal.status)
            # Only after this callback: the library still uses the call when it returns.
            self._work.append(lambda: leg.refuse(refusal.status, refusal.headers))

    def refused_by_library(self, status: int, message: str, source: str) -> None:
        """The library itself answered an INVITE: 486 when all its calls are in use, 488 without a
        common codec, and others for what it does not support."""
        self.counts[_LIBRARY_REFUSALS.get(status, "refused_other")] += 1
        self._busy_until = time.monotonic() + _TRANSACTION_S
        log.warning("the library refused a call with %d", status)
        if message:
            invite = read_invite(message, source, self.settings.kept_headers)
            self.post(self._turned_away, invite, status)

    def callback_failed(self, name: str) -> None:
        """An exception in a callback, from any thread."""
        self.counts["callback_failures"] += 1
        log.exception("a callback of the SIP library failed: %s", name)

    def forget(self, leg: Leg) -> None:
        """The leg's call is over; drop it."""
        self._legs.pop(leg, None)
        self._lines_changed()

    # The thread itself

    def _live(self) -> None:
        try:
            self._put_in_cards()
        except BaseException as error:
            self.post(_fail, self._started, error)
            self._outbox.send()
            self._wakeup.close()
            return
        self.real_time.take()
        with self._gate:
            self._open = True
        self.post(_succeed, self._started, None)
        self._outbox.send()
        try:
            self._poll_until_stopped()
        except Exception:
            log.critical("the SIP thread failed; the worker must be replaced", exc_info=True)
        finally:
            self._close()

    def _put_in_cards(self) -> None:
        try:
            for number in range(self._cards_wanted):
                settings = self.settings.for_card(number)
                self._cards.append(LineCard(self, binding(number), settings))
        except BaseException:
            self._take_out_cards()
            raise
        self.capacity = sum(card.lines for card in self._cards)
        self.sip_addresses = tuple(card.sip_address for card in self._cards)
        self._wakeup.watch(self.sip_addresses)

    def _take_out_cards(self) -> None:
        while self._cards:
            self._cards.pop().stop()

    def _poll_until_stopped(self) -> None:
        look_after_at, failed = 0.0, 0
        while not self._stopping:
            try:
                self._do_work()
                for card in self._cards:
                    card.poll()
                self._strays.look()
                self._move_sound()
                failed = 0
            except Exception:
                failed += 1
                self.callback_failed("poll")
                if failed >= _FAILED_POLLS:
                    raise
            now = self.polled_at = time.monotonic()
            self._polled(now)
            if now >= look_after_at:
                look_after_at = now + _LOOK_AFTER_S
                self._look_after(now)
                self.real_time.look(now, time.thread_time())
            self._outbox.send()
            self._wait(now)

    def _wait(self, now: float) -> None:
        """Wait until there is something to do: an INVITE that comes between two ticks is answered
        at once. Packets of sound wait for the tick, all together."""
        idle = not self._legs
        if not idle or self._work:
            self._busy_until = now + _TRANSACTION_S
        self.quiet = now > self._busy_until
        if self._work:
            return
        if idle:
            self._wakeup.wait(_QUIET_S if self.quiet else _IDLE_S)
            self._clock.skip_to(time.monotonic())
            return
        self._wakeup.wait(self._clock.due_in(now))
        # In a flood of packets, most are taken together all the same.
        woken_at = time.monotonic()
        rest = min(now + _BETWEEN_ROUNDS_S - woken_at, self._clock.due_in(woken_at))
        time.sleep(max(0.0, rest))

    def _move_sound(self) -> None:
        clock, failures = self._clock, list[Exception]()
        while clock.frame_due(now := time.monotonic()):
            handed_out = FRAME_PATH.move(self._lines, clock.tick, now, failures)
            self.lateness.handed_out(
                handed_out, clock.due_at, now, time.monotonic(), clock.passed_over
            )
        for failure in failures:
            self.counts["callback_failures"] += 1
            log.error("a frame of sound could not be moved", exc_info=failure)

    def _do_work(self) -> None:
        while self._work:
            task = self._work.popleft()
            try:
                task()
            except Exception:
                self.callback_failed("work")

    def _look_after(self, now: float) -> None:
        for leg in list(self._legs):
            try:
                leg.look_after(now)
            except Exception:
                self.callback_failed("look_after")
        for card in self._cards:
            card.look_after()

    def _close(self) -> None:
        self.real_time.give_back()
        with self._gate:
            self._open = False
        self._do_work()
        try:
            self._end_calls()
            self._take_out_cards()
        except Exception:
            self.callback_failed("stop")
        finally:
            for leg in list(self._legs):
                leg.lost()
            self._strays.close()
            self._outbox.send()
            self._wakeup.close()

    def _end_calls(self) -> None:
        for leg in list(self._legs):
            try:
                leg.end(Cause.STOPPED)
            except pj.Error as error:
                log.warning("a call could not be ended: %s", error.reason)
        deadline = time.monotonic() + _STOP_CALLS_S
        while self._legs and time.monotonic() < deadline:
            for card in self._cards:
                card.poll()
            self._move_sound()
            self._outbox.send()
            self._wakeup.wait(self._clock.due_in(time.monotonic()))
        for leg in list(self._legs):
            leg.lost()
            leg.free()
        for card in self._cards:
            card.bridge.settle()

    def _card_with_a_line(self) -> LineCard:
        """The first card with a free line; if none has one, the first card, whose library then
        refuses."""
        if not self._cards:
            raise EndpointFailed("the SIP endpoint is not running")
        return next((card for card in self._cards if card.calls_held < card.lines), self._cards[0])

    def _live_call(self) -> LiveCall:
        return LiveCall(self._loop, self.post, self.run)

    def _leg(self, live: LiveCall, card: LineCard, call_id: int | None = None) -> Leg:
        leg = live.leg = Leg(
            card,
            live.audio,
            self.settings,
            clock=self._loop.time,
            tell=lambda event: self.post(live.happened, event),
            forget=self.forget,
            hear_tones=live.hear_tones if call_id is not None else lambda: None,
            strays=self._strays,
            call_id=call_id,
        )
        self._legs[leg] = live
        self._lines_changed()
        return leg

    def _lines_changed(self) -> None:
        self._lines = tuple(live.audio.frames for live in self._legs.values())


def _succeed(future: asyncio.Future[Any], result: Any) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[Any], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
