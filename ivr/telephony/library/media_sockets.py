"""The sockets of the media transports of a copy of the SIP library, and where they send.

By default the library sends RTP to whatever address RTP comes from, without reporting it. An option
at the creation of a transport prevents that (PJMEDIA_UDP_NO_SRC_ADDR_CHECKING), but pjsua2 never
sets it; so the creation functions are called through here.
"""

from __future__ import annotations

import ctypes
import logging
from dataclasses import dataclass
from typing import Any

from ivr.telephony.errors import TelephonyError
from ivr.telephony.library.foreign_functions import Entries, replace

log = logging.getLogger("ivr.telephony.media")

MAKES_TRANSPORTS = "pjmedia_transport_udp_attach"

_FOLLOW, _STAY = 0, 1
"""Options of a transport: send to where RTP comes from, or to the agreed address."""
_MARK = 0x5EED_0000
_LOOK_THROUGH = 512
"""The options are within this many bytes at the beginning of a transport."""

_Made = ctypes.CFUNCTYPE(
    *(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p),
    *(ctypes.c_uint, ctypes.POINTER(ctypes.c_void_p)),
)


class _SocketInfo(ctypes.Structure):
    """A `pjmedia_sock_info`: two sockets and their addresses."""

    _fields_ = (
        ("rtp", ctypes.c_long),
        ("rtp_address", ctypes.c_ubyte * 28),
        ("rtcp", ctypes.c_long),
        ("rtcp_address", ctypes.c_ubyte * 28),
    )

    @property
    def rtp_port(self) -> int:
        return int.from_bytes(bytes(self.rtp_address[2:4]), "big")


@dataclass(frozen=True)
class MediaTransport:
    """One transport, for as long as its call lasts.

    Attributes:
        port: UDP port on which it receives RTP.
        rtp, rtcp: descriptors of its sockets, which are the library's.
        options: address of its options.
    """

    port: int
    rtp: int
    rtcp: int
    options: int

    def follow(self, sound: bool) -> None:
        """Send to where sound comes from if `sound`; otherwise to the agreed address."""
        ctypes.c_uint.from_address(self.options).value = _FOLLOW if sound else _STAY


class MediaSockets:
    """Knows the transports of one copy of the library. Used on the pj thread only."""

    def __init__(self, functions: ctypes.PyDLL, where: Entries) -> None:
        """`where`: the entries of `MAKES_TRANSPORTS`. Raises CannotBeReplaced."""
        self._make = getattr(functions, MAKES_TRANSPORTS)
        self._make.argtypes = _Made._argtypes_
        self._made = _Made(self._attach)
        self._by_socket: dict[int, MediaTransport] = {}
        """By the descriptor of RTP. The library does not say when it closes a transport; but the
        system gives the lowest free descriptor to the next one, so that there are never more of
        them here than sockets that were open at the same time. Ports would not do as keys: the
        system may choose another for each call."""
        replace(functions, where, {MAKES_TRANSPORTS: self._made})

    def on(self, port: int) -> MediaTransport:
        """Find the transport that receives RTP on this port. Raises TelephonyError for another
        build."""
        for transport in self._by_socket.values():
            if transport.port == port:
                return transport
        raise TelephonyError(f"no media transport was made on port {port}")

    def _attach(self, endpoint: int, name: int, sockets: int, options: int, transport: Any) -> int:
        status = int(self._make(endpoint, name, sockets, options | _MARK | _STAY, transport))
        if status == 0:
            try:
                made = transport.contents.value or 0
                self._note(_SocketInfo.from_address(sockets), made, options)
            except Exception:
                log.exception("a media transport of the SIP library is not as we know it")
        return status

    def _note(self, sockets: _SocketInfo, transport: int, options: int) -> None:
        words = (ctypes.c_uint * (_LOOK_THROUGH // 4)).from_address(transport)
        marked = options | _MARK | _STAY
        (at,) = (number for number, word in enumerate(words) if word == marked)
        made = MediaTransport(sockets.rtp_port, sockets.rtp, sockets.rtcp, transport + 4 * at)
        made.follow(False)
        for closed in [known for known in self._by_socket.values() if known.port == made.port]:
            del self._by_socket[closed.rtp]
        self._by_socket[made.rtp] = made
