"""How the pj thread waits: for work, for a packet of SIP, and for the next tick of sound."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import stat
from collections.abc import Iterable
from pathlib import Path


class Wakeup:
    """The event loop wakes the pj thread with it. The work must be queued first."""

    def __init__(self) -> None:
        self._event = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._poll = select.epoll()
        self._poll.register(self._event, select.EPOLLIN)
        self._sockets: list[socket.socket] = []

    def wake(self) -> None:
        """Wake the thread; if it is awake, its next wait returns at once."""
        os.eventfd_write(self._event, 1)

    # On the pj thread

    def watch(self, addresses: Iterable[tuple[str, int]]) -> None:
        """Packets that come to these UDP sockets of the process end the wait."""
        wanted = set(addresses)
        for fd in map(int, (path.name for path in Path("/proc/self/fd").iterdir())):
            with contextlib.suppress(OSError):  # it was the one of the directory itself
                if stat.S_ISSOCK(os.fstat(fd).st_mode):
                    # Not `socket.dup`, which would have the library wait in its socket.
                    sock = socket.socket(fileno=os.dup(fd))
                    if sock.type is socket.SOCK_DGRAM and sock.getsockname() in wanted:
                        self._sockets.append(sock)
                        self._poll.register(sock, select.EPOLLIN)
                    else:
                        sock.close()

    def wait(self, seconds: float) -> None:
        """Wait for `wake` or for a packet, at most `seconds`, and up to a millisecond more."""
        if (self._event, select.EPOLLIN) in self._poll.poll(seconds):
            os.eventfd_read(self._event)

    def close(self) -> None:
        """Close it; nobody may use it any more."""
        self._poll.close()
        for sock in self._sockets:
            sock.close()
        os.close(self._event)
