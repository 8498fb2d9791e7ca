"""A call's RTP stream, as sound: what came is asked of it, what goes is given to it."""

from __future__ import annotations

from ivr.telephony.c_library import PortSound, form_of
from ivr.telephony.errors import TelephonyError
from ivr.telephony.frames import FRAME_BYTES, SAMPLE_RATE, SILENCE
from ivr.telephony.line_audio import LineAudio

_LONGEST_FRAME_US = 200_000


class SoundStream:
    """One stream of the library, from its creation until its end. Lives on the pj thread.

    Asking for sound takes it from the jitter buffer; giving sound sends a packet (or, where the
    other side wants longer packets, completes one).
    """

    def __init__(self, port: int) -> None:
        """`port`: address of the stream's port. Raises TelephonyError for sound not of our form."""
        form = form_of(port)
        if (form.rate_hz, form.channels, form.bits) != (SAMPLE_RATE, 1, 16):
            raise TelephonyError(f"expected mono sound of 16 bits at {SAMPLE_RATE} Hz, got {form}")
        if not 0 < form.frame_us <= _LONGEST_FRAME_US:
            raise TelephonyError(f"expected packets of up to 200 ms, got {form}")
        self._bytes = form.frame_bytes
        self._port = PortSound(port, self._bytes)
        self._came, self._goes = bytearray(), bytearray()

    def move(self, audio: LineAudio, beat: int, now: float) -> None:
        """Move 20 ms of a line's sound, both ways; `beat` counts them."""
        port, sent = self._port, audio.frame_to_send(now) or SILENCE
        if self._bytes == FRAME_BYTES:
            port.give(sent)
            audio.frame_received(port.take(), beat)
            return
        # The other side wants packets of another length (a=ptime): they fill up, or follow closely.
        self._goes += sent
        while len(self._goes) >= self._bytes:
            port.give(self._goes[: self._bytes])
            del self._goes[: self._bytes]
            self._came += port.take() or bytes(self._bytes)
        audio.frame_received(bytes(self._came[:FRAME_BYTES]), beat)
        del self._came[:FRAME_BYTES]
