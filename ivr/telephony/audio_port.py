"""The bridge between the library's frame clock and a line's sound."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import Any

import pjsua2 as pj

from ivr.telephony.errors import EndpointFailed
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


class _Frame(ctypes.Structure):
    """A `pj::MediaFrame` where the library has it: a type, a vector (libstdc++: where its bytes
    begin, end, and end of its room) and a size.

    Read and written here, because each use of an attribute through the binding gives up the
    interpreter's lock and takes it again, and bytes are converted one by one: too slow for 50
    frames a second and call.
    """

    _fields_ = (
        ("type", ctypes.c_int),
        ("begin", ctypes.c_void_p),
        ("end", ctypes.c_void_p),
        ("room", ctypes.c_void_p),
        ("size", ctypes.c_uint),
    )


def check_frames() -> None:
    """See that frames lie in memory as `_Frame` says. Raises EndpointFailed for another build."""
    frame = pj.MediaFrame()
    frame.type, frame.size = pj.PJMEDIA_FRAME_TYPE_AUDIO, 7
    frame.buf.resize(FRAME_BYTES)
    seen = _Frame.from_address(int(frame.this))
    there = (seen.type, seen.size, (seen.end or 0) - (seen.begin or 0))
    if there != (pj.PJMEDIA_FRAME_TYPE_AUDIO, 7, FRAME_BYTES):
        raise EndpointFailed(f"frames of this build of pjsua2 lie otherwise in memory: {there}")


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
            wanted = _Frame.from_address(int(frame.this))
            if pcm is None:
                wanted.type = pj.PJMEDIA_FRAME_TYPE_NONE
                return
            frame.buf.resize(FRAME_BYTES)
            ctypes.memmove(wanted.begin, pcm, FRAME_BYTES)
            wanted.size = FRAME_BYTES
            wanted.type = pj.PJMEDIA_FRAME_TYPE_AUDIO
        except Exception:
            self._failed("onFrameRequested")

    def onFrameReceived(self, frame: Any) -> None:  # noqa: N802 - the library's name
        """The bridge hands over 20 ms that were received."""
        try:
            _keep_thread_state()
            if not self._audio.is_heard:
                return
            given = _Frame.from_address(int(frame.this))
            pcm = ctypes.string_at(given.begin, given.size) if given.size else b""
            self._audio.frame_received(pcm)
        except Exception:
            self._failed("onFrameReceived")
