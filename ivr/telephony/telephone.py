"""The telephone of one process: takes calls, places calls, for asyncio."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from ivr.dialogue.line import HungUp
from ivr.telephony.errors import DialFailed, EndpointFailed, TelephonyError
from ivr.telephony.incoming import IncomingCall
from ivr.telephony.invite import Invite
from ivr.telephony.lateness import LATE_AFTER_S, Lateness
from ivr.telephony.library.live_call import LiveCall
from ivr.telephony.library.sip_thread import SipThread
from ivr.telephony.outgoing import OutgoingCall
from ivr.telephony.real_time import MOST_OF_A_PROCESSOR, Scheduling
from ivr.telephony.settings import TelephonySettings
from ivr.telephony.status import NOT_FOUND, SERVER_INTERNAL_ERROR

log = logging.getLogger(__name__)

_SWITCH_INTERVAL_S = 0.0005

TakeCall = Callable[[IncomingCall], Awaitable[None]]
"""Handles one incoming call from its INVITE on; the call is over when it returns."""

TurnedAway = Callable[[Invite, int], None]


@dataclass(frozen=True)
class Tally:
    """How INVITEs were handled since the start.

    Attributes:
        taken: passed to `take_call`.
        refused_stranger: 403, from an address that is not allowed.
        refused_draining: 503, new calls are not taken any more.
        refused_busy: 486 of the library, all lines taken.
        refused_media: 488 of the library, no common codec.
        refused_other: other refusals of the library, such as 420 and 422.
        callback_failures: exceptions caught between library and us; each is in the log.
    """

    taken: int = 0
    refused_stranger: int = 0
    refused_draining: int = 0
    refused_busy: int = 0
    refused_media: int = 0
    refused_other: int = 0
    callback_failures: int = 0


class Telephone:
    """The calls of one process. At most one runs in it, started after any fork.

    All its lines can be used: the INVITE beyond the last line gets 486 from the library, which
    the SIP front turns into another worker, or 503 with Retry-After when there is none. Keeping a
    line free to answer 503 ourselves would cost one line in four.
    """

    def __init__(
        self,
        settings: TelephonySettings,
        take_call: TakeCall | None = None,
        turned_away: TurnedAway | None = None,
        *,
        cards: int = 1,
        late_after_s: float = LATE_AFTER_S,
        real_time_share: float = MOST_OF_A_PROCESSOR,
        polled: Callable[[float], None] = lambda at: None,
    ) -> None:
        """Without `take_call`, calls that come in get 404.

        Frames handed out later than `late_after_s` are counted as late. While the sound thread
        needs more than `real_time_share` of a processor it is not scheduled in real time.

        `cards` are the line cards: each has a SIP port of its own, and so many lines as a copy of
        the library grants (4 with the published wheel). See `library.line_card`.

        `turned_away` is called with each INVITE that the library answered itself, and its status:
        486 when all lines are taken, 488 without a common codec.

        `polled` is called on the SIP thread each time it has gone round, with the monotonic time:
        at least twice a second while it lives.
        """
        self._settings = settings
        self._cards = cards
        self._late_after_s = late_after_s
        self._real_time_share = real_time_share
        self._polled = polled
        self._turned_away = turned_away
        self._take_call = take_call
        self._sip_thread: SipThread | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Take the ports and begin. Raises EndpointFailed."""
        if self._sip_thread is not None:
            raise EndpointFailed("this telephone was started already")
        # Python threads hand over to the frame clock within half a millisecond, not five.
        sys.setswitchinterval(_SWITCH_INTERVAL_S)
        sip_thread = SipThread(
            self._settings,
            self._cards,
            asyncio.get_running_loop(),
            self._arrived,
            self._turned_away or (lambda invite, status: None),
            self._late_after_s,
            self._real_time_share,
            self._polled,
        )
        await sip_thread.start()
        self._sip_thread = sip_thread
        for address in sip_thread.sip_addresses:
            log.info("SIP on %s:%d", *address)

    async def stop(self) -> None:
        """End every call and the library. A worker process then leaves with `os._exit`."""
        sip_thread = self._sip_thread
        if sip_thread is None:
            return
        await sip_thread.stop()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=5)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def drain(self, draining: bool = True) -> None:
        """Refuse new calls with 503 and Retry-After; running ones go on."""
        self._running().refusals.draining = draining

    @property
    def sip_address(self) -> tuple[str, int]:
        """Address and UDP port the first line card takes SIP on."""
        return self.sip_addresses[0]

    @property
    def sip_addresses(self) -> tuple[tuple[str, int], ...]:
        """Those of all line cards."""
        return self._running().sip_addresses

    @property
    def capacity(self) -> int:
        """Calls that all line cards hold at once, asked from the library."""
        return self._running().capacity

    @property
    def active_calls(self) -> int:
        """Lines in use, asked from the library."""
        return self._sip_thread.calls_held if self._sip_thread is not None else 0

    @property
    def polled_at(self) -> float:
        """Monotonic time at which the SIP thread last went round; a watchdog reads it."""
        return self._running().polled_at

    @property
    def quiet(self) -> bool:
        """Whether there has been no call for longer than a SIP transaction lasts."""
        return self._running().quiet

    @property
    def lateness(self) -> Lateness:
        """How late frames of running calls were handed out, counted since the start."""
        return self._running().lateness

    @property
    def scheduled_as(self) -> Scheduling:
        """How the sound thread is scheduled."""
        return self._running().real_time.scheduling

    @property
    def tally(self) -> Tally:
        """Counts since the start."""
        return Tally(**self._running().counts)

    async def dial(
        self, uri: str, *, from_user: str = "ivr", headers: Mapping[str, str] | None = None
    ) -> OutgoingCall:
        """Place a call; returns once the INVITE is on its way.

        Args:
            uri: SIP URI of the other side, such as ``sip:1000@127.0.0.1:5060``.
            from_user: our number, the user part of From.
            headers: further headers of the INVITE.

        Raises:
            DialFailed: bad URI or header, or no line free.
        """
        sip_thread = self._running()
        host, port = self.sip_address
        try:
            live = await sip_thread.dial(uri, f"sip:{from_user}@{host}:{port}", headers or {})
        except (TelephonyError, ValueError) as error:
            raise DialFailed(f"cannot dial {uri}: {error}") from error
        return OutgoingCall(live)

    def _running(self) -> SipThread:
        if self._sip_thread is None:
            raise EndpointFailed("the telephone was not started")
        return self._sip_thread

    def _arrived(self, live: LiveCall, invite: Invite) -> None:
        task = asyncio.get_running_loop().create_task(self._deal_with(IncomingCall(invite, live)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deal_with(self, call: IncomingCall) -> None:
        """Handle a call; afterwards its line is free again, whatever happened."""
        try:
            if self._take_call is None:
                await call.reject(NOT_FOUND)
            else:
                await self._take_call(call)
        except HungUp:
            pass
        except Exception:
            log.exception("dealing with a call failed", extra={"sip_call_id": call.invite.call_id})
            await self._end_quietly(call.reject(SERVER_INTERNAL_ERROR))
        finally:
            await self._end_quietly(call.hang_up())

    async def _end_quietly(self, ending: Awaitable[object]) -> None:
        try:
            await ending
        except HungUp:
            pass
        except TelephonyError as error:
            log.error("a call could not be ended: %s", error)
