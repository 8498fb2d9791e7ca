"""A media port of the library (`pjmedia_port`): sound is read from it and written to it.

Through the binding, each 20 ms of each call would cost two calls from C into Python, which took
twice the processor time of all the rest of the sound. So we call ports as the library itself does;
their layout is that of PJMEDIA 2.15.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import pjsua2 as pj

from ivr.telephony.library.c_library import PORT

_SOUND = pj.PJMEDIA_FRAME_TYPE_AUDIO


class _Frame(ctypes.Structure):
    """A `pjmedia_frame`: some sound, or silence."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("buffer", ctypes.c_void_p),
        ("size", ctypes.c_size_t),
        ("timestamp", ctypes.c_uint64),
        ("bit_info", ctypes.c_uint32),
    )


class _Info(ctypes.Structure):
    """The beginning of a port: its `pjmedia_port_info`, whose format is an audio format."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_ssize_t),
        ("signature", ctypes.c_uint32),
        ("direction", ctypes.c_int),
        ("format", ctypes.c_uint32),
        ("type", ctypes.c_int),
        ("detail", ctypes.c_int),
        ("clock_rate", ctypes.c_uint),
        ("channels", ctypes.c_uint),
        ("frame_us", ctypes.c_uint),
        ("bits", ctypes.c_uint),
    )


@dataclass(frozen=True)
class SoundForm:
    """The form of a port's sound, and the size of its frames."""

    rate_hz: int
    channels: int
    bits: int
    frame_us: int


def form_of(port: int) -> SoundForm:
    """Read the sound form of the port at this address."""
    info = _Info.from_address(port)
    return SoundForm(info.clock_rate, info.channels, info.bits, info.frame_us)


class MediaPort:
    """Takes sound from a port and gives it some, a frame at a time. Used on the pj thread only."""

    def __init__(self, library: ctypes.PyDLL, port: int, frame_bytes: int) -> None:
        """`port`: its address. Fields that are the same in every frame are set here, once."""
        self.address = port
        self._port = PORT(port)
        self._get, self._put = library.pjmedia_port_get_frame, library.pjmedia_port_put_frame
        self.get_at, self.put_at = _address(self._get), _address(self._put)
        self._length = frame_bytes
        self._taken = ctypes.create_string_buffer(frame_bytes)
        self._given = ctypes.create_string_buffer(frame_bytes)
        self._taken_bytes = memoryview(self._taken).cast("B")
        self._given_bytes = memoryview(self._given).cast("B")
        self._to_take = self._frame_around(self._taken)
        self._to_give = self._frame_around(self._given)
        self._take_at = ctypes.c_void_p(ctypes.addressof(self._to_take))
        self._give_at = ctypes.c_void_p(ctypes.addressof(self._to_give))

    def take(self) -> bytes:
        """The next frame; empty if there is none."""
        self._get(self._port, self._take_at)
        frame = self._to_take
        if frame.type == _SOUND and frame.size == self._length:
            return self._taken_bytes.tobytes()
        frame.type, frame.size = _SOUND, self._length
        return b""

    def give(self, pcm: bytes) -> None:
        """Write a frame. Raises ValueError for a frame of another length."""
        self._given_bytes[:] = pcm
        self._put(self._port, self._give_at)

    def _frame_around(self, sound: ctypes.Array[ctypes.c_char]) -> _Frame:
        return _Frame(type=_SOUND, size=self._length, buffer=ctypes.addressof(sound))


def _address(function: ctypes._NamedFuncPointer) -> int:
    return ctypes.cast(function, ctypes.c_void_p).value or 0
