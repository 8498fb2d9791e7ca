"""When packets came, by the kernel's clock, on the clock of `time.monotonic`.

A busy program may read a packet late; the kernel notes the true time (SIOCGSTAMPNS, socket(7)).
"""

from __future__ import annotations

import contextlib
import fcntl
import socket
import struct
import time

_SIOCGSTAMPNS = 0x8907
_TIMESPEC = struct.Struct("@qq")


def note(receiver: socket.socket) -> None:
    """Have the kernel note when packets come on this socket, from now on."""
    with contextlib.suppress(OSError):  # nothing has come yet; this switches it on nevertheless
        fcntl.ioctl(receiver, _SIOCGSTAMPNS, bytes(_TIMESPEC.size))


_AHEAD_S = time.time() - time.monotonic()


def receive(receiver: socket.socket) -> tuple[bytes, float]:
    """The next packet, and when it came. Raises BlockingIOError if there is none."""
    packet = receiver.recv(2048)
    return packet, last(receiver)


def last(receiver: socket.socket) -> float:
    """When the last packet that was read from this socket came."""
    raw = fcntl.ioctl(receiver, _SIOCGSTAMPNS, bytes(_TIMESPEC.size))
    seconds, nanoseconds = _TIMESPEC.unpack(raw)
    return float(seconds + nanoseconds / 1e9) - _AHEAD_S
