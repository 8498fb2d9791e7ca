"""The library's conference bridge, in which our calls only seem to take part."""

from __future__ import annotations

import ctypes
from typing import Any

import pjsua2 as pj

from ivr.telephony.c_library import PORT, c_library
from ivr.telephony.errors import EndpointFailed
from ivr.telephony.frames import FRAME_BYTES, FRAME_SAMPLES, SAMPLE_RATE, SILENCE
from ivr.telephony.media_port import MediaPort

_POOL_BYTES = 1000
_OTHER_LAYOUT = "this build of pjsua2 tells of new streams in another layout"


class _StreamCreated(ctypes.Structure):
    """A `pj::OnStreamCreatedParam`."""

    _fields_ = (
        ("stream", ctypes.c_void_p),
        ("index", ctypes.c_uint),
        ("destroy_port", ctypes.c_bool),
        ("port", ctypes.c_void_p),
    )


def check_layout() -> None:
    """See that a new stream is told of as we read it. Raises EndpointFailed for another build."""
    told = pj.OnStreamCreatedParam()
    told.streamIdx, told.destroyPort = 7, True
    seen = _StreamCreated.from_address(int(told.this))
    if (seen.index, seen.destroy_port) != (7, True):
        raise EndpointFailed(_OTHER_LAYOUT)


class Bridge:
    """Sees to it that nothing passes the bridge.

    The library puts the port of each new stream into it, and would mix the sound of all of them. We
    have it take a port that says and hears nothing, and keep the stream's own. Used on the pj
    thread only.
    """

    def __init__(self) -> None:
        """Part the bridge from the library's clock, a thread. Raises EndpointFailed."""
        library = c_library()
        self._master = MediaPort(library.pjsua_set_no_snd_dev(), FRAME_BYTES)
        self._in_place = PORT()
        pool = library.pjsua_pool_create(b"in_place", _POOL_BYTES, _POOL_BYTES)
        form = SAMPLE_RATE, 1, FRAME_SAMPLES, 16
        failed = library.pjmedia_null_port_create(pool, *form, self._in_place)
        # The lock counts who uses the port, ourselves first: so it outlives every call.
        failed = failed or library.pjmedia_port_init_grp_lock(self._in_place, pool, None)
        if failed:
            raise EndpointFailed(f"the bridge cannot be filled: error {failed} of the library")
        if MediaPort(int(self._in_place.value or 0), FRAME_BYTES).take() != SILENCE:
            raise EndpointFailed("this build of pjsua2 has frames of another layout")

    def take_stream(self, told: Any) -> int:
        """Keep a new stream's port out of the bridge; gives its address.

        `told` is the `pj.OnStreamCreatedParam`, from within `onStreamCreated`. Raises
        EndpointFailed for another build.
        """
        created = _StreamCreated.from_address(int(told.this))
        port = created.port
        if port is None or port != int(told.pPort):
            raise EndpointFailed(_OTHER_LAYOUT)
        created.port = self._in_place.value
        return int(port)

    def settle(self) -> None:
        """Have done what the library asked of the bridge: ports come and go as a frame passes."""
        self._master.take()
