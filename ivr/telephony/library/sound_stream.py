"""A call's RTP stream as sound: frames are read from it and given to it."""

from __future__ import annotations

import ctypes

from ivr.telephony.errors import TelephonyError
from ivr.telephony.library.media_port import MediaPort, SoundForm, form_of
from ivr.telephony.sound.frames import FRAME_BYTES, FRAME_MS, SAMPLE_RATE, SILENCE
from ivr.telephony.sound.line_audio import LineAudio

_OUR_FORM = SoundForm(rate_hz=SAMPLE_RATE, channels=1, bits=16, frame_us=FRAME_MS * 1000)


class SoundStream:
    """One stream of the library, from its creation until its end. Lives on the pj thread.

    Frames are read from the jitter buffer, whatever the length of the received packets; each frame
    given to it is sent as one packet.
    """

    def __init__(self, library: ctypes.PyDLL, port: int) -> None:
        """`port`: address of the stream's port in `library`.

        Raises TelephonyError for sound not of our form.
        """
        form = form_of(port)
        if form != _OUR_FORM:
            raise TelephonyError(f"expected {_OUR_FORM} of a stream, got {form}")
        self.address = port
        self._port = MediaPort(library, port, FRAME_BYTES)

    def move(self, audio: LineAudio, tick: int, now: float) -> None:
        """Move 20 ms of a line's sound, both ways; `tick` counts them."""
        self._port.give(audio.frame_to_send(now) or SILENCE)
        audio.frame_received(self._port.take(), tick)
