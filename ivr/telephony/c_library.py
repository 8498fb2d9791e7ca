"""What pjsua2 does not offer and the C library beneath it does: its true limits, its timers, its
bridge, and the port of a stream.

The published wheel grants 4 calls a process whatever was asked, without saying so; its compiled-in
limits can only be read through its C functions, which it exports. Sound goes to and comes from a
stream's port directly: through the binding each 20 ms of each call cost two calls of Python from C,
which took twice the processor time of all the rest of the sound.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache
from typing import Any

import pjsua2 as pj

from ivr.telephony.errors import EndpointFailed
from ivr.telephony.frames import FRAME_BYTES, FRAME_SAMPLES, SAMPLE_RATE

_PORT = ctypes.c_void_p
_NULL_PORT_POOL = 1000
_SOUND = pj.PJMEDIA_FRAME_TYPE_AUDIO


class _Frame(ctypes.Structure):
    """A `pjmedia_frame`: some sound, or none."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("buffer", ctypes.c_void_p),
        ("size", ctypes.c_size_t),
        ("timestamp", ctypes.c_uint64),
        ("bit_info", ctypes.c_uint32),
    )


class _PortInfo(ctypes.Structure):
    """How a `pjmedia_port` begins: with its `pjmedia_port_info`, whose format is one of audio."""

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


class _StreamCreated(ctypes.Structure):
    """A `pj::OnStreamCreatedParam`."""

    _fields_ = (
        ("stream", ctypes.c_void_p),
        ("index", ctypes.c_uint),
        ("destroy_port", ctypes.c_bool),
        ("port", ctypes.c_void_p),
    )


@cache
def _library() -> ctypes.PyDLL:
    """Its functions keep Python's lock: they take a few microseconds, handing the lock over and
    getting it back takes longer."""
    try:
        library = ctypes.PyDLL(pj._pjsua2.__file__)
        for name in ("pjsua_call_get_max_count", "pjsua_call_get_count"):
            function = getattr(library, name)
            function.restype = ctypes.c_uint
            function.argtypes = ()
        library.pjsip_tsx_set_timers.restype = None
        library.pjsip_tsx_set_timers.argtypes = (ctypes.c_uint,) * 4
        library.pjsua_set_no_snd_dev.restype = _PORT
        library.pjsua_set_no_snd_dev.argtypes = ()
        library.pjmedia_port_get_frame.argtypes = (_PORT, ctypes.c_void_p)
        library.pjmedia_port_put_frame.argtypes = (_PORT, ctypes.c_void_p)
        library.pjsua_pool_create.restype = ctypes.c_void_p
        library.pjsua_pool_create.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_size_t)
        library.pjmedia_null_port_create.argtypes = (
            *(ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint, ctypes.c_uint, ctypes.c_uint),
            ctypes.POINTER(_PORT),
        )
        library.pjmedia_port_init_grp_lock.argtypes = (_PORT, ctypes.c_void_p, ctypes.c_void_p)
    except (OSError, AttributeError) as error:
        raise EndpointFailed(
            f"this build of pjsua2 does not export the functions we need: {error}"
        ) from error
    return library


def check_layout() -> None:
    """See that a new stream is told of as we read it. Raises EndpointFailed for another build."""
    told = pj.OnStreamCreatedParam()
    told.streamIdx, told.destroyPort = 7, True
    seen = _StreamCreated.from_address(int(told.this))
    if (seen.index, seen.destroy_port) != (7, True):
        raise EndpointFailed("this build of pjsua2 tells of new streams in another layout")


def be_quiet() -> None:
    """Keep the library from writing to standard output before its settings are read."""
    _library().pj_log_set_level(0)


def give_up_after(seconds: float) -> None:
    """Set how long transactions wait: timers B, D, F and H of RFC 3261, appendix A.

    T1, T2 and T4 stay as they are. Only between initialising and starting the library.
    """
    _library().pjsip_tsx_set_timers(500, 4000, 5000, round(seconds * 1000))


def calls_granted() -> int:
    """Calls this process can hold. Only after the library was started."""
    return int(_library().pjsua_call_get_max_count())


def calls_held() -> int:
    """Call slots in use now, those that are being set up or torn down included."""
    return int(_library().pjsua_call_get_count())


class Bridge:
    """The library's conference bridge, in which our calls only seem to take part.

    The library puts the port of each new stream into it. We put another there, one that says and
    hears nothing, and have the stream's own for ourselves. Used on the pj thread only.
    """

    def __init__(self) -> None:
        """Part the bridge from the library's clock, a thread. Raises EndpointFailed."""
        library = _library()
        self._master = library.pjsua_set_no_snd_dev()
        self._sound = ctypes.create_string_buffer(FRAME_BYTES)
        self._frame = _Frame(buffer=ctypes.addressof(self._sound))
        self._in_place = _PORT()
        pool = library.pjsua_pool_create(b"in_place", _NULL_PORT_POOL, _NULL_PORT_POOL)
        form = SAMPLE_RATE, 1, FRAME_SAMPLES, 16
        failed = library.pjmedia_null_port_create(pool, *form, self._in_place)
        # The lock counts who uses the port; the first one it counts is us.
        failed = failed or library.pjmedia_port_init_grp_lock(self._in_place, pool, None)
        if failed:
            raise EndpointFailed(f"the bridge cannot be filled: error {failed} of the library")

    def take_stream(self, told: Any) -> int:
        """Keep a new stream's port out of the bridge; gives its address.

        `told` is the `pj.OnStreamCreatedParam`, from within `onStreamCreated`.
        """
        created = _StreamCreated.from_address(int(told.this))
        port = created.port
        if port is None or port != int(told.pPort):
            raise EndpointFailed("this build of pjsua2 tells of new streams in another layout")
        created.port = self._in_place.value
        return int(port)

    def settle(self) -> None:
        """Have done what the library asked of the bridge: ports come and go as a frame passes."""
        frame = self._frame
        frame.type, frame.size = _SOUND, FRAME_BYTES
        _library().pjmedia_port_get_frame(self._master, ctypes.addressof(frame))


@dataclass(frozen=True)
class StreamForm:
    """What a stream's port takes and gives at a time."""

    rate_hz: int
    channels: int
    bits: int
    frame_us: int

    @property
    def frame_bytes(self) -> int:
        return self.rate_hz * self.frame_us // 1_000_000 * self.bits // 8


def form_of(port: int) -> StreamForm:
    """The form of the sound of a stream's port."""
    info = _PortInfo.from_address(port)
    return StreamForm(info.clock_rate, info.channels, info.bits, info.frame_us)


class PortSound:
    """Takes sound from a stream's port, and gives it some, one frame of its length at a time.

    Used 50 times a second for each call, so that all that stays the same is set once.
    """

    def __init__(self, port: int, frame_bytes: int) -> None:
        library = _library()
        self._port = _PORT(port)
        self._get, self._put = library.pjmedia_port_get_frame, library.pjmedia_port_put_frame
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
        """What was received; empty where nothing was."""
        self._get(self._port, self._take_at)
        frame = self._to_take
        if frame.type == _SOUND and frame.size == self._length:
            return self._taken_bytes.tobytes()
        frame.type, frame.size = _SOUND, self._length
        return b""

    def give(self, pcm: bytes | bytearray) -> None:
        """Send a frame. Raises ValueError for one of another length."""
        self._given_bytes[:] = pcm
        self._put(self._port, self._give_at)

    def _frame_around(self, sound: ctypes.Array[ctypes.c_char]) -> _Frame:
        return _Frame(type=_SOUND, size=self._length, buffer=ctypes.addressof(sound))
