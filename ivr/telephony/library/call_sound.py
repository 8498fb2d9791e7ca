"""The sound of one call inside the library: streams, accepted RTP sources, keys, counters."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Any

import pjsua2 as pj

from ivr.dialogue.line import KeySent
from ivr.telephony.ending import MediaStats
from ivr.telephony.errors import TelephonyError
from ivr.telephony.events import Pressed
from ivr.telephony.keys import BY_EVENTS, KeyPresses
from ivr.telephony.library.line_card import LineCard
from ivr.telephony.library.media_gate import MediaGate
from ivr.telephony.library.sound_stream import SoundStream
from ivr.telephony.library.stray_watch import StrayWatch
from ivr.telephony.library.stream_stats import StreamStats
from ivr.telephony.press import KeyEvent
from ivr.telephony.sound.line_audio import LineAudio


class Sound(Enum):
    """State of a call's audio."""

    NONE = auto()
    FLOWS = auto()
    HELD = auto()
    BROKEN = auto()


class CallSound:
    """The sound of one call. Used on the pj thread only; `call` is the `pj.Call`."""

    def __init__(
        self,
        card: LineCard,
        audio: LineAudio,
        strays: StrayWatch,
        *,
        clock: Callable[[], float],
        tell: Callable[[Pressed], None],
        hear_tones: Callable[[], None],
        behind_nat: bool,
    ) -> None:
        """`behind_nat`: whether RTP may come from anywhere; for the rest see `Leg`."""
        self.state = Sound.NONE
        self.behind_nat = behind_nat
        self._card = card
        self._audio = audio
        self._strays = strays
        self._clock = clock
        self._tell = tell
        self._hear_tones = hear_tones
        self._keys = KeyPresses()
        self._keys_counted = 0
        self._gate = MediaGate()
        self._stream: SoundStream | None = None
        self._stats = StreamStats()
        self._stopped = self._over = False

    def offered_keys(self, keys: tuple[bytes, ...]) -> None:
        """Take the keys of the other side's SRTP. Call it before the call is answered."""
        self._gate.keys = keys

    # Reported by the library

    def stream_created(self, param: Any) -> None:
        """An RTP stream begins; `param` is the `pj.OnStreamCreatedParam`."""
        self._stream = self._card.take_stream(param)
        self._stats.new_stream(param.streamIdx)
        self._keys.other_sender()
        self._exchange()

    def stream_destroyed(self, call: Any) -> None:
        """The stream is over; only its counters can still be read."""
        self._lose_stream()
        if not self._over:
            self._stats.add_stream(call)

    def changed(self, call: Any) -> Sound:
        """Take in that sound flows now, or has stopped; gives the new state."""
        sound = _present(call)
        if sound is Sound.FLOWS and self._stream is None:
            sound = Sound.BROKEN  # the stream has a form we cannot exchange
        if sound is Sound.FLOWS:
            self._audio.flows()
            self._stats.note_codec(call)
            if not self._stats.events_agreed:
                self._hear_tones()
            self._gate_in(call)
        elif self.state is Sound.FLOWS:
            self._audio.held()
        self.state = sound
        self._exchange()
        return sound

    def event_came(self, event: KeyEvent) -> None:
        """Take one report of a key press."""
        now = self._clock()
        key = self._keys.new_key(event, now)
        self._audio.key_is_down(new=key is not None)
        if key is not None and not self._over:
            self._keys_counted += 1
            sent = KeySent.EVENT if event.method == BY_EVENTS else KeySent.INFO
            self._tell(Pressed(key, now, sent))

    # Called by the leg

    def stop(self) -> None:
        """We end the call: no more sound is exchanged."""
        self._stopped = True
        self._exchange()

    def look_at_source(self, call: Any) -> None:
        """Find out where the sound comes from, once it comes."""
        if not self._gate.settled and not self._over:
            self._gate.comes_from(self._stats.source(call))

    def received_so_far(self, call: Any) -> tuple[int, int]:
        """RTP packets and RTCP reports received in the present stream."""
        return self._stats.received_so_far(call)

    def count_last(self, call: Any) -> None:
        """The call is ending: read its counters for the last time."""
        self._stats.add_stream(call)

    def close(self) -> MediaStats:
        """The call is over; gives the statistics of its sound."""
        self._over = True
        self._lose_stream()
        self._strays.forget(self._gate.fileno())
        self._gate.close()
        return self._stats.whole(self._keys_counted, self._audio, self._gate.strays)

    # Internal

    def _exchange(self) -> None:
        """Exchange sound or none; on hold none is, and playback waits."""
        flows = self.state is Sound.FLOWS and not self._stopped
        if self._stream is not None and flows:
            self._audio.frames.connect(self._stream)
        else:
            self._audio.frames.disconnect()

    def _lose_stream(self) -> None:
        stream, self._stream = self._stream, None
        self._exchange()
        if stream is not None:
            self._card.lose_stream(stream)

    def _gate_in(self, call: Any) -> None:
        """A stream begins: let only the agreed sender in.

        If the system does not permit that, calls go on; it is logged and counted.
        """
        gate = self._gate
        gate.behind_nat = self.behind_nat
        self._strays.forget(gate.fileno())
        try:
            port, agreed = self._stats.agreed(call)
            gate.agreed(self._card.binding.media.on(port), agreed)
        except (OSError, ValueError, TelephonyError):
            self._card.callback_failed("telling whose sound is heard")
        if gate.fileno() >= 0:
            self._strays.watch(gate.fileno(), self._take_strays)

    def _take_strays(self) -> None:
        for event in self._gate.stray_events():
            self.event_came(event)


def _present(call: Any) -> Sound:
    info = call.getInfo()  # kept while read: its media are references into it
    for medium in info.media:
        # Lines we have refused are among them (RFC 3264, 6).
        sound = _SOUND.get(medium.status, Sound.NONE)
        if medium.type == pj.PJMEDIA_TYPE_AUDIO and sound is not Sound.NONE:
            return sound
    return Sound.NONE


_SOUND = {
    pj.PJSUA_CALL_MEDIA_NONE: Sound.NONE,
    pj.PJSUA_CALL_MEDIA_ACTIVE: Sound.FLOWS,
    pj.PJSUA_CALL_MEDIA_LOCAL_HOLD: Sound.HELD,
    pj.PJSUA_CALL_MEDIA_REMOTE_HOLD: Sound.HELD,
    pj.PJSUA_CALL_MEDIA_ERROR: Sound.BROKEN,
}
