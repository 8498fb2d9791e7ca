"""Makes a copy of the SIP library that cannot look up host names.

The library takes a host name wherever an address may stand: in SDP, in a Contact, in a route. It
calls `getaddrinfo` on the one thread that moves the sound of all calls, so a slow name server would
stop them all. The front lets no name through (`sip_config/kamailio/kamailio.cfg`); a name that gets
past it nevertheless finds no resolver here, and fails as if it did not exist.

Its resolver functions are replaced by functions that only read literal addresses (AI_NUMERICHOST of
POSIX).
"""

from __future__ import annotations

import ctypes
import logging
import socket
from typing import Any

from ivr.telephony.library.foreign_functions import CannotBeReplaced, Entries, entries_of, replace

log = logging.getLogger("ivr.telephony.names")

_RESOLVERS = frozenset(
    {
        *("getaddrinfo", "getaddrinfo_a", "gethostbyname", "gethostbyname2"),
        *("gethostbyname_r", "gethostbyname2_r", "res_query", "res_search", "__res_search"),
    }
)
_LONGEST_SHOWN = 100


class _Hints(ctypes.Structure):
    """`struct addrinfo` of the C library."""

    _fields_ = (
        *((name, ctypes.c_int) for name in ("flags", "family", "kind", "protocol")),
        *((name, ctypes.c_void_p) for name in ("length", "address", "canonical", "next")),
    )


_system = ctypes.PyDLL(None)
_system.gethostbyname.restype = ctypes.c_void_p


def _address_alone(name: bytes | None, service: bytes | None, hints: Any, found: int | None) -> int:
    only = _Hints.from_buffer_copy(hints.contents) if hints else _Hints()
    only.flags |= socket.AI_NUMERICHOST
    failed = int(_system.getaddrinfo(name, service, ctypes.byref(only), ctypes.c_void_p(found)))
    if failed:
        _tell(name)
    return failed


def _host_by_address(name: bytes | None) -> int | None:
    try:
        socket.inet_pton(socket.AF_INET, (name or b"").decode("ascii", "replace"))
    except (OSError, ValueError):
        _tell(name)
        return None
    return _system.gethostbyname(name)  # type: ignore[no-any-return]


def _tell(name: bytes | None) -> None:
    shown = (name or b"").decode("ascii", "replace")[:_LONGEST_SHOWN]
    # The library asks for the machine's own name as it starts, and does without it.
    level = logging.DEBUG if shown == socket.gethostname() else logging.WARNING
    log.log(level, "the SIP library wanted to look up a name, and was not let: %r", shown)


_INSTEAD: dict[str, Any] = {
    "getaddrinfo": ctypes.CFUNCTYPE(
        *(ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p),
        *(ctypes.POINTER(_Hints), ctypes.c_void_p),
    )(_address_alone),
    "gethostbyname": ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_char_p)(_host_by_address),
}
"""Kept for as long as the process lives: the library has their addresses."""


def resolver_entries(library: bytes) -> Entries:
    """Find the entries of the resolver functions in the library's file. Raises CannotBeReplaced."""
    found = entries_of(library, _RESOLVERS)
    unknown = sorted(found.names - set(_INSTEAD))
    if unknown:
        raise CannotBeReplaced(f"it looks names up by {', '.join(unknown)}")
    return found


def take_resolver_away(functions: ctypes.PyDLL, where: Entries) -> None:
    """Block name look-ups in this loaded copy from now on. Raises CannotBeReplaced."""
    replace(functions, where, _INSTEAD)
