"""A call's RTP stream as sound: frames are read from it and given to it."""

from __future__ import annotations

import ctypes

from ivr.telephony.errors import TelephonyError
from ivr.telephony.library.media_port import MediaPort, SoundForm, form_of
from ivr.telephony.sound.frames import FRAME_BYTES, FRAME_MS, SAMPLE_RATE

_OUR_FORM = SoundForm(rate_hz=SAMPLE_RATE, channels=1, bits=16, frame_us=FRAME_MS * 1000)


class SoundStream(MediaPort):
    """One stream of the library, from its creation until its end. Lives on the pj thread.

    Frames are read from the jitter buffer, whatever the length of the received packets; each frame
    given to it is sent as one packet. Fulfils `frame_path.parts.SoundPort`.
    """

    def __init__(self, library: ctypes.PyDLL, port: int) -> None:
        """`port`: address of the stream's port in `library`.

        Raises TelephonyError for sound not of our form.
        """
        form = form_of(port)
        if form != _OUR_FORM:
            raise TelephonyError(f"expected {_OUR_FORM} of a stream, got {form}")
        super().__init__(library, port, FRAME_BYTES)
