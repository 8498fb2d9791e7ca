"""One SIP call inside the library. Lives on the pj thread, from its creation to its end.

Lifetime: the C++ object is deleted inside the callback that reports the end. Deleted later, its
destructor would hang up whichever call has been given the same number since.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

import pjsua2 as pj

from ivr.dialogue.line import HungUp
from ivr.telephony.callbacks import call_class
from ivr.telephony.ending import Cause, Ending, why_ended
from ivr.telephony.events import (
    Answered,
    CallEvent,
    Confirmed,
    Ended,
    OnHold,
    Pressed,
    Progressed,
    Referred,
    SoundFlows,
)
from ivr.telephony.keys import KeyEvent, KeyPresses
from ivr.telephony.line_audio import LineAudio
from ivr.telephony.rtp_watch import RtpWatch
from ivr.telephony.sound_stream import SoundStream
from ivr.telephony.stream_stats import StreamStats

if TYPE_CHECKING:
    from ivr.telephony.endpoint import Endpoint
    from ivr.telephony.line_card import LineCard

OK = 200
REQUEST_TIMEOUT = 408
TEMPORARILY_UNAVAILABLE = 480
DECLINE = 603
_COUNTS = 8
"""How often RTP is looked for within the time after which a call without it is ended: asking the
library for a call's counters copies a good deal of them."""


class Sound(Enum):
    """State of a call's audio."""

    NONE = auto()
    FLOWS = auto()
    HELD = auto()
    BROKEN = auto()


class Leg:
    """A call on a line card, incoming if `call_id` is given. Used on the pj thread only."""

    def __init__(
        self,
        endpoint: Endpoint,
        card: LineCard,
        audio: LineAudio,
        tell: Callable[[CallEvent], None],
        call_id: int | None = None,
    ) -> None:
        self.dead = False
        self._endpoint = endpoint
        self._card = card
        self._pj = card.binding.pj
        self._incoming = call_id is not None
        self._audio = audio
        self._tell = tell
        self._keys = KeyPresses()
        self._keys_heard = 0
        self._stream: SoundStream | None = None
        self._stats = StreamStats()
        self._started_at = self._count_at = time.monotonic()
        self._answered_at: float | None = None
        self._confirmed = False
        self._sound = Sound.NONE
        self._ours: Cause | None = None
        self._watch = RtpWatch(endpoint.settings.no_rtp_timeout_s, self._started_at)
        self._call = call_class(self._pj)(self, endpoint, card.account, call_id)

    # What the event loop asks for

    def dial(self, uri: str, from_uri: str, headers: Mapping[str, str]) -> str:
        """Send the INVITE; gives its Call-ID. Raises pj.Error."""
        op = self._pj.CallOpParam(True)
        op.opt.audioCount = 1
        op.opt.videoCount = 0
        op.txOption.localUri = from_uri
        op.txOption.headers = self._headers(headers)
        self._call.makeCall(uri, op)
        info = self._call.getInfo()
        return str(info.callIdString)

    def respond(self, status: int) -> None:
        """Answer the INVITE with 180, 183 or 200. Raises HungUp, pj.Error."""
        self._must_live()
        op = self._pj.CallOpParam()
        op.statusCode = status
        self._call.answer(op)

    def refuse(self, status: int, headers: Mapping[str, str], reason: str = "") -> None:
        """Final answer other than 200; a call that was answered gets BYE."""
        self.end(Cause.REJECTED, status, reason, headers)

    def end(
        self,
        cause: Cause,
        status: int = 0,
        reason: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """CANCEL, refuse or BYE, whichever fits. Does nothing on a call that is over."""
        if self.dead:
            return
        op = self._pj.CallOpParam()
        op.statusCode = OK if self._answered_at is not None else status
        op.reason = reason
        op.txOption.headers = self._headers(headers or {})
        self._ours = self._ours or cause
        self._call.hangup(op)

    def press(self, key: str) -> None:
        """Send one key as RFC 4733 events of the library's fixed length. Raises HungUp."""
        self._must_live()
        self._call.dialDtmf(key)

    def send_info(self, content_type: str, body: str) -> None:
        """Send a SIP INFO (RFC 6086). Raises HungUp, pj.Error."""
        self._must_live()
        request = self._pj.CallSendRequestParam()
        request.method = "INFO"
        request.txOption.contentType = content_type
        request.txOption.msgBody = body
        self._call.sendRequest(request)

    def hold(self) -> None:
        """Put the other side on hold (re-INVITE, sendonly). Raises HungUp, pj.Error."""
        self._must_live()
        self._call.setHold(self._pj.CallOpParam(True))

    def unhold(self) -> None:
        """Take the call off hold. Raises HungUp, pj.Error."""
        self._must_live()
        op = self._pj.CallOpParam(True)
        op.opt.audioCount = 1
        op.opt.videoCount = 0
        op.opt.flag = pj.PJSUA_CALL_UNHOLD
        self._call.reinvite(op)

    def refer(self, uri: str) -> None:
        """Ask the other side to call `uri` and leave us (REFER). Raises HungUp, pj.Error."""
        self._must_live()
        self._call.xfer(uri, self._pj.CallOpParam())

    def look_after(self, now: float) -> None:
        """Watch limits and the flow of RTP; called a few times a second."""
        if self.dead or self._ours is not None:
            return
        settings = self._endpoint.settings
        if self._answered_at is None:
            if now - self._started_at > settings.longest_ringing_s:
                self.end(Cause.NOT_ANSWERED, TEMPORARILY_UNAVAILABLE if self._incoming else 0)
        elif settings.longest_call_s and now - self._answered_at > settings.longest_call_s:
            self.end(Cause.TOO_LONG)
        elif self._sound is Sound.BROKEN:
            self.end(Cause.NO_MEDIA)
        elif settings.no_rtp_timeout_s and now >= self._count_at:
            self._count_at = now + settings.no_rtp_timeout_s / _COUNTS
            packets, reports = self._stats.received_so_far(self._call)
            self._watch.seen(packets, reports, now)
            if self._watch.expired(now):
                self.end(Cause.NO_RTP)

    def move_sound(self, beat: int, now: float) -> None:
        """Move 20 ms of sound; on hold nothing goes, and what plays waits."""
        if self._stream is not None and self._sound is Sound.FLOWS and self._ours is None:
            self._stream.move(self._audio, beat, now)
        elif self._audio.began:
            self._audio.frame_received(b"", beat)

    def free(self) -> None:
        """Delete the library's call, now and on this thread, whatever Python still refers to."""
        self._endpoint.free(self._call)
        self._call = None

    def lost(self) -> None:
        """The library is going down with this call still in it."""
        if not self.dead:
            self._over(REQUEST_TIMEOUT, "endpoint stopped")

    # What the library reports

    def state_changed(self) -> None:
        """The call rings, is answered, is over."""
        if self.dead:
            return
        info = self._call.getInfo()
        state, status, reason = info.state, info.lastStatusCode, info.lastReason
        del info
        if state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self._stats.add_stream(self._call)
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
        """There is sound now, or none any more."""
        if self.dead or self._ours is not None:
            return
        sound = self._present_sound()
        if sound is Sound.FLOWS and self._stream is None:
            sound = Sound.BROKEN  # it is not of our form
        if sound is Sound.FLOWS:
            self._audio.flows()
            self._stats.note_codec(self._call)
        elif self._sound is Sound.FLOWS:
            self._audio.held()
        self._sound = sound
        if sound is Sound.HELD:
            self._watch.pause()
            self._tell(OnHold())
        elif sound is Sound.FLOWS:
            self._watch.resume(time.monotonic())
            self._tell(SoundFlows())

    def stream_created(self, told: Any) -> None:
        """An RTP stream begins; `told` is the `pj.OnStreamCreatedParam`."""
        self._stream = self._card.take_stream(told)
        self._stats.new_stream()
        self._watch.new_stream()

    def stream_destroyed(self) -> None:
        """It is over, but for its counters."""
        self._lose_stream()
        if not self.dead:
            self._stats.add_stream(self._call)

    def key_heard(self, told: Any) -> None:
        """A packet of a key came; `told` is the `pj.OnDtmfEventParam`."""
        event = KeyEvent(told.method, told.digit, told.timestamp, told.duration, told.flags)
        key = self._keys.heard(event)
        self._audio.key_is_down()
        if key is not None and not self.dead:
            self._keys_heard += 1
            self._tell(Pressed(key, self._endpoint.loop_time()))

    def referred(self, status: int, *, final: bool) -> None:
        """How far the transfer we asked for has come."""
        if not self.dead and (final or status >= OK):
            self._tell(Referred(status))

    def transfer_wanted(self) -> int:
        """What we answer to a REFER, or to an INVITE that would replace this call.

        Left alone, the library would call any number at our cost, or hand the caller's line over
        (RFC 3515, RFC 3891).
        """
        return DECLINE

    # How

    def _must_live(self) -> None:
        if self.dead or self._ours is not None:
            raise HungUp("the call is over")

    def _answer_seen(self) -> None:
        if self._answered_at is None:
            now = time.monotonic()
            self._answered_at = now
            self._watch.restart(now)
            self._tell(Answered())

    def _over(self, status: int, reason: str) -> None:
        self.dead = True
        who, cause = why_ended(
            ours=self._ours,
            status=status,
            incoming=self._incoming,
            answered=self._answered_at is not None,
            confirmed=self._confirmed,
        )
        self._lose_stream()
        ending = Ending(
            who=who,
            cause=cause,
            status=status,
            reason=reason,
            answered=self._answered_at is not None,
            duration_s=time.monotonic() - self._started_at,
            media=self._stats.whole(self._keys_heard, self._audio),
        )
        self._endpoint.forget(self)
        self._tell(Ended(ending))

    def _lose_stream(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            self._card.lose_stream(stream)

    def _present_sound(self) -> Sound:
        info = self._call.getInfo()  # kept while read: its media are references into it
        for medium in info.media:
            if medium.type == pj.PJMEDIA_TYPE_AUDIO:
                return _SOUND.get(medium.status, Sound.NONE)
        return Sound.NONE

    def _headers(self, headers: Mapping[str, str]) -> Any:
        vector = self._pj.SipHeaderVector()
        for name, value in headers.items():
            if any(ord(character) < 32 for character in name + value):
                raise ValueError("expected header names and values without control characters")
            header = self._pj.SipHeader()
            header.hName = name
            header.hValue = value
            vector.append(header)
        return vector


_SOUND = {
    pj.PJSUA_CALL_MEDIA_NONE: Sound.NONE,
    pj.PJSUA_CALL_MEDIA_ACTIVE: Sound.FLOWS,
    pj.PJSUA_CALL_MEDIA_LOCAL_HOLD: Sound.HELD,
    pj.PJSUA_CALL_MEDIA_REMOTE_HOLD: Sound.HELD,
    pj.PJSUA_CALL_MEDIA_ERROR: Sound.BROKEN,
}
