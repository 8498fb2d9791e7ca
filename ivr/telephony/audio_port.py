"""The bridge between the library's frame clock and a line's sound."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import Any

import pjsua2 as pj

from ivr.telephony.frames import FRAME_BYTES, FRAME_MS, SAMPLE_RATE
from ivr.telephony.line_audio import LineAudio

_this_thread = threading.local()


def _keep_thread_state() -> None:
    """Keep this native thread's Python state between callbacks.

    Otherwise Python makes and destroys one 50 times a second and call, which costs more than the
    frames do. One state a clock thread is never given back; the thread lives as long as the
    library.
    """
    if not getattr(_this_thread, "kept", False):
        ctypes.pythonapi.PyGILState_Ensure()
        _this_thread.kept = True


def _address_of(buffer: Any) -> int:
    """Where the bytes of a `pj.ByteVector` are: a vector begins with that pointer (libstdc++).

    The binding itself converts byte by byte, too slowly for 50 frames a second and call.
    """
    return ctypes.c_void_p.from_address(int(buffer.this)).value or 0


class AudioPort(pj.AudioMediaPort):
    """One for each call, for as long as the call lasts; created and destroyed on the pj thread."""

    def __init__(self, audio: LineAudio, failed: Callable[[str], None]) -> None:
        super().__init__()
        self._audio = audio
        self._failed = failed
        form = pj.MediaFormatAudio()
        form.type = pj.PJMEDIA_TYPE_AUDIO
        form.clockRate = SAMPLE_RATE
        form.channelCount = 1
        form.bitsPerSample = 16
        form.frameTimeUsec = FRAME_MS * 1000
        form.avgBps = form.maxBps = SAMPLE_RATE * 16
        self.createPort("line", form)

    def onFrameRequested(self, frame: Any) -> None:  # noqa: N802 - the library's name
        """The bridge wants 20 ms to send."""
        try:
            _keep_thread_state()
            pcm = self._audio.frame_to_send()
            if pcm is None:
                frame.type = pj.PJMEDIA_FRAME_TYPE_NONE
                return
            buffer = frame.buf
            buffer.resize(FRAME_BYTES)
            ctypes.memmove(_address_of(buffer), pcm, FRAME_BYTES)
            frame.size = FRAME_BYTES
            frame.type = pj.PJMEDIA_FRAME_TYPE_AUDIO
        except Exception:
            self._failed("onFrameRequested")

    def onFrameReceived(self, frame: Any) -> None:  # noqa: N802 - the library's name
        """The bridge hands over 20 ms that were received."""
        try:
            _keep_thread_state()
            if not self._audio.is_heard:
                return
            size = frame.size
            pcm = ctypes.string_at(_address_of(frame.buf), size) if size else b""
            self._audio.frame_received(pcm)
        except Exception:
            self._failed("onFrameReceived")
