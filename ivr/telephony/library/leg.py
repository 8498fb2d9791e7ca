"""One SIP call inside the library. Lives on the pj thread, from its creation to its end.

Lifetime: the C++ object is deleted inside the callback that reports the end. Deleted later, its
destructor would hang up whichever call has been given the same number since.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import Any

import pjsua2 as pj

from ivr.dialogue.line import HungUp
from ivr.telephony.ending import Cause, Ending, why_ended
from ivr.telephony.events import (
    Answered,
    CallEvent,
    Confirmed,
    Ended,
    OnHold,
    Progressed,
    Referred,
    SoundFlows,
)
from ivr.telephony.library.call_requests import CallRequests
from ivr.telephony.library.call_sound import CallSound, Sound
from ivr.telephony.library.callbacks import call_class, free
from ivr.telephony.library.line_card import LineCard
from ivr.telephony.library.rtp_watch import RtpWatch
from ivr.telephony.library.session_refresh import SessionRefresh
from ivr.telephony.library.stray_watch import StrayWatch
from ivr.telephony.press import KeyEvent
from ivr.telephony.settings import TelephonySettings
from ivr.telephony.sound.line_audio import LineAudio
from ivr.telephony.status import (
    DECLINE,
    NO_SUCH_CALL,
    OK,
    REQUEST_TIMEOUT,
    TEMPORARILY_UNAVAILABLE,
)

_COUNTS = 8
"""How often RTP is looked for in the time after which a silent caller is asked whether they are
there. More often would cost: the library copies all its counters each time."""


class Leg:
    """A call on a line card, incoming if `call_id` is given. Used on the pj thread only."""

    def __init__(
        self,
        card: LineCard,
        audio: LineAudio,
        settings: TelephonySettings,
        *,
        clock: Callable[[], float],
        tell: Callable[[CallEvent], None],
        forget: Callable[[Leg], None],
        hear_tones: Callable[[], None],
        strays: StrayWatch,
        call_id: int | None = None,
    ) -> None:
        """Make the call; an outgoing one is placed by `dial`.

        Args:
            card: the line card whose line it takes.
            audio: where its sound goes to and comes from.
            settings: limits of a call.
            clock: time of the event loop in seconds, which key presses are stamped with.
            tell: takes what happens to the call.
            forget: called once, when the call is over.
            hear_tones: called when the other side's keys can only be tones: no events are agreed.
            strays: looks at where events come under numbers that were not agreed.
            call_id: number of an incoming call in the library.
        """
        self.dead = False
        self._settings = settings
        self._forget = forget
        self._incoming = call_id is not None
        self._tell = tell
        self._started_at = self._count_at = time.monotonic()
        self._answered_at: float | None = None
        self._confirmed = False
        self._ours: Cause | None = None
        self._watch = RtpWatch(settings.no_rtp_timeout_s, self._started_at)
        self._refresh = SessionRefresh(random.SystemRandom())
        self._sound = CallSound(
            card,
            audio,
            strays,
            clock=clock,
            tell=tell,
            hear_tones=hear_tones,
            behind_nat=call_id is None,  # we may call anybody, wherever they are
        )
        self._call = call_class(card.binding.pj)(self, card.callback_failed, card.account, call_id)
        self._requests = CallRequests(card.binding.pj, self._call)

    # Called by the event loop

    @property
    def requests(self) -> CallRequests:
        """The requests that can be sent to the other side. Raises HungUp once the call is over."""
        if self.dead or self._ours is not None:
            raise HungUp("the call is over")
        return self._requests

    def dial(self, uri: str, from_uri: str, headers: Mapping[str, str]) -> str:
        """Send the INVITE; gives its Call-ID. Raises pj.Error."""
        return self._requests.dial(uri, from_uri, headers)

    def offered(self, keys: tuple[bytes, ...], *, behind_nat: bool) -> None:
        """Take what is known of the other side's sound before the call is answered.

        Args:
            keys: of their SRTP, if they offer any.
            behind_nat: whether their RTP may come from anywhere.
        """
        self._sound.behind_nat = behind_nat
        self._sound.offered_keys(keys)

    def refuse(self, status: int, headers: Mapping[str, str], reason: str = "") -> None:
        """Refuse the call with this final status, never 200; a call that was answered gets BYE."""
        self.end(Cause.REJECTED, status, reason, headers)

    def end(
        self,
        cause: Cause,
        status: int = 0,
        reason: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """End the call by CANCEL, a refusal or BYE, whichever fits. Does nothing on a call that is
        over."""
        if self.dead:
            return
        status = OK if self._answered_at is not None else status
        end_it = self._requests.ending(status, reason, headers or {})
        self._ours = self._ours or cause  # the library may report the end during this call
        self._sound.stop()
        end_it()

    def look_after(self, now: float) -> None:
        """Check the limits and the flow of RTP; called a few times a second."""
        if self.dead or self._ours is not None:
            return
        settings = self._settings
        if self._answered_at is None:
            if now - self._started_at > settings.longest_ringing_s:
                self.end(Cause.NOT_ANSWERED, TEMPORARILY_UNAVAILABLE if self._incoming else 0)
        elif settings.longest_call_s and now - self._answered_at > settings.longest_call_s:
            self.end(Cause.TOO_LONG)
        elif self._sound.state is Sound.BROKEN:
            self.end(Cause.NO_MEDIA)
        elif self._watch.gone:
            self.end(Cause.NO_RTP)
        elif self._refresh.is_due(now):
            self._refresh_session(now)
        elif settings.no_rtp_timeout_s and now >= self._count_at:
            self._count_at = now + settings.no_rtp_timeout_s / _COUNTS
            packets, reports = self._sound.received_so_far(self._call)
            self._watch.seen(packets, reports, now)
            if self._confirmed and self._watch.must_ask(now):
                self._requests.options()
        self._sound.look_at_source(self._call)

    def free(self) -> None:
        """Delete the library's call now, on this thread, whatever in Python still refers to it."""
        free(self._call)
        self._call = None

    def lost(self) -> None:
        """The library is being shut down with this call still in it."""
        if not self.dead:
            self._over(REQUEST_TIMEOUT, "endpoint stopped")

    # Reported by the library

    def state_changed(self) -> None:
        """The call rings, was answered, or is over."""
        if self.dead:
            return
        info = self._call.getInfo()
        state, status, reason = info.state, info.lastStatusCode, info.lastReason
        del info
        if state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self._sound.count_last(self._call)
            unanswered = self._watch.waits and status in (REQUEST_TIMEOUT, NO_SUCH_CALL)
            if self._watch.gone or unanswered:
                self._ours = self._ours or Cause.NO_RTP  # why the library ended it
            self._over(status, reason)
            self.free()  # nothing may touch the C++ object from here on
        elif state == pj.PJSIP_INV_STATE_EARLY:
            if not self._incoming:
                self._tell(Progressed(status, reason))
        elif state == pj.PJSIP_INV_STATE_CONNECTING:
            self._answer_seen()
        elif state == pj.PJSIP_INV_STATE_CONFIRMED:
            self._answer_seen()
            self._confirmed = True
            self._tell(Confirmed())

    def sound_changed(self) -> None:
        """Sound flows now, or has stopped."""
        if self.dead or self._ours is not None:
            return
        sound = self._sound.changed(self._call)
        if sound is Sound.HELD:
            self._watch.pause()
            self._tell(OnHold())
        elif sound is Sound.FLOWS:
            self._watch.resume(time.monotonic())
            self._tell(SoundFlows())

    def stream_created(self, param: Any) -> None:
        """An RTP stream begins; `param` is the `pj.OnStreamCreatedParam`."""
        self._sound.stream_created(param)
        self._watch.new_stream()

    def stream_destroyed(self) -> None:
        """The stream is over; only its counters can still be read."""
        self._sound.stream_destroyed(self._call)

    def dtmf_received(self, param: Any) -> None:
        """A packet of a key came; `param` is the `pj.OnDtmfEventParam`."""
        self._sound.event_came(
            KeyEvent(param.method, param.digit, param.timestamp, param.duration, param.flags)
        )

    def options_answered(self, status: int) -> None:
        """The other side answered our OPTIONS, or gave no answer (408)."""
        if not self.dead:
            self._watch.answered(status, time.monotonic())

    def change_answered(self, status: int) -> None:
        """The other side answered our session refresh; we send no other change within a call."""
        if self._incoming and self._confirmed and not self.dead:
            self._refresh.answered(status, time.monotonic())

    def referred(self, status: int, *, final: bool) -> None:
        """The other side reported on the transfer that we asked for."""
        if not self.dead and (final or status >= OK):
            self._tell(Referred(status))

    def transfer_wanted(self) -> int:
        """Give the SIP status that answers a REFER, or an INVITE that would replace this call.

        By default the library would call any number at our cost, or give the caller's line away
        (RFC 3515, RFC 3891).
        """
        return DECLINE

    # Internal

    def _refresh_session(self, now: float) -> None:
        try:
            self._requests.refresh()
        except pj.Error:
            self._refresh.could_not_be_sent(now)

    def _answer_seen(self) -> None:
        if self._answered_at is None:
            now = time.monotonic()
            self._answered_at = now
            self._watch.restart(now)
            self._tell(Answered())

    def _over(self, status: int, reason: str) -> None:
        self.dead = True
        answered = self._answered_at is not None
        who, cause = why_ended(
            ours=self._ours,
            status=status,
            incoming=self._incoming,
            answered=answered,
            confirmed=self._confirmed,
        )
        ending = Ending(
            who=who,
            cause=cause,
            status=status,
            reason=reason,
            answered=answered,
            duration_s=time.monotonic() - self._started_at,
            media=self._sound.close(),
        )
        self._forget(self)
        self._tell(Ended(ending))
