"""Keeps the sound of calls out of the library's conference bridge."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

from ivr.telephony.errors import EndpointFailed
from ivr.telephony.library.binding import Binding
from ivr.telephony.library.c_library import LOCK, PORT
from ivr.telephony.library.media_port import MediaPort
from ivr.telephony.sound.frames import FRAME_BYTES, FRAME_SAMPLES, SAMPLE_RATE, SILENCE

_POOL_BYTES = 1000
_OTHER_LAYOUT = "this build of pjsua2 tells of new streams in another layout"


class _StreamCreated(ctypes.Structure):
    """The fields we read of a `pj::OnStreamCreatedParam`."""

    _fields_ = (
        ("stream", ctypes.c_void_p),
        ("index", ctypes.c_uint),
        ("destroy_port", ctypes.c_bool),
        ("port", ctypes.c_void_p),
    )


def check_layout(pj: Any) -> None:
    """Check that a new stream is reported in the layout we read. Raises EndpointFailed for another
    build."""
    param = pj.OnStreamCreatedParam()
    param.streamIdx, param.destroyPort = 7, True
    seen = _StreamCreated.from_address(int(param.this))
    if (seen.index, seen.destroy_port) != (7, True):
        raise EndpointFailed(_OTHER_LAYOUT)


@dataclass(frozen=True)
class _StandIn:
    """A port that gives and takes only silence, and the memory it occupies."""

    library: ctypes.PyDLL
    port: int
    pool: int
    lock: int
    """Counts who uses the port: this object, and the bridge."""

    @classmethod
    def create(cls, library: ctypes.PyDLL) -> _StandIn:
        port, lock = PORT(), LOCK()
        pool = library.pjsua_pool_create(b"stand_in", _POOL_BYTES, _POOL_BYTES)
        form = SAMPLE_RATE, 1, FRAME_SAMPLES, 16
        failed = library.pjmedia_null_port_create(pool, *form, port)
        failed = failed or library.pj_grp_lock_create(pool, None, lock)
        failed = failed or library.pjmedia_port_init_grp_lock(port, pool, lock)
        if failed or port.value is None or lock.value is None:
            raise EndpointFailed(f"the bridge cannot be filled: error {failed} of the library")
        return cls(library, port.value, pool, lock.value)

    @property
    def in_bridge(self) -> bool:
        return int(self.library.pj_grp_lock_get_ref(self.lock)) > 1

    def destroy(self) -> None:
        """Free the memory, also that of the bridge's entry; call it only after the bridge released
        the port."""
        self.library.pjmedia_port_destroy(self.port)
        self.library.pj_pool_release(self.pool)


class Bridge:
    """Makes sure that no sound passes through the bridge.

    The library adds the port of each new stream to the bridge, which would mix all of them. We give
    it a stand-in port instead and keep the stream's own port. Used on the pj thread only.
    """

    def __init__(self, binding: Binding) -> None:
        """Disconnect the bridge from the library's clock, which is a thread. Raises
        EndpointFailed."""
        check_layout(binding.pj)
        self._library = library = binding.c
        self._master = MediaPort(library, library.pjsua_set_no_snd_dev(), FRAME_BYTES)
        self._stand_ins: dict[int, _StandIn] = {}
        self._left: list[_StandIn] = []
        trial = _StandIn.create(library)
        if MediaPort(library, trial.port, FRAME_BYTES).take() != SILENCE:
            raise EndpointFailed("this build of pjsua2 has frames of another layout")
        trial.destroy()

    def take_stream(self, param: Any) -> int:
        """Keep a new stream's port out of the bridge; gives its address.

        `param` is the `pj.OnStreamCreatedParam`, from within `onStreamCreated`. Raises
        EndpointFailed for another build.
        """
        created = _StreamCreated.from_address(int(param.this))
        port = created.port
        if port is None or port != int(param.pPort):
            raise EndpointFailed(_OTHER_LAYOUT)
        self._stand_ins[port] = stand_in = _StandIn.create(self._library)
        created.port = stand_in.port
        return int(port)

    def lose_stream(self, port: int) -> None:
        """A stream that was kept out of the bridge is being destroyed."""
        self._left.append(self._stand_ins.pop(port))

    def settle(self) -> None:
        """Run one frame, which carries out what the library asked of the bridge (adding, removing
        ports)."""
        self._master.take()
        left, self._left = self._left, []
        for stand_in in left:
            if stand_in.in_bridge:
                self._left.append(stand_in)
            else:
                stand_in.destroy()
