"""How the pj thread waits: for the next tick while sound moves, otherwise for a packet."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import stat
import threading
from collections.abc import Iterable
from pathlib import Path


class Wakeup:
    """The event loop wakes the pj thread with it. The work must be queued first."""

    def __init__(self) -> None:
        self._idle = False
        self._woken = threading.Lock()
        self._woken.acquire()
        self._event = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self._event, select.POLLIN)
        self._sockets: list[socket.socket] = []

    def wake(self) -> None:
        """Wake the thread; if it is awake, its next wait returns at once."""
        if self._idle:
            os.eventfd_write(self._event, 1)
        else:
            with contextlib.suppress(RuntimeError):  # it was woken already
                self._woken.release()

    # On the pj thread

    def watch(self, addresses: Iterable[tuple[str, int]]) -> None:
        """Packets that come to these UDP sockets of the process end the wait of an idle thread."""
        wanted = set(addresses)
        for fd in map(int, (path.name for path in Path("/proc/self/fd").iterdir())):
            with contextlib.suppress(OSError):  # it was the one of the directory itself
                if stat.S_ISSOCK(os.fstat(fd).st_mode):
                    # Not `socket.dup`, which would have the library wait in its socket.
                    sock = socket.socket(fileno=os.dup(fd))
                    if sock.type is socket.SOCK_DGRAM and sock.getsockname() in wanted:
                        self._sockets.append(sock)
                        self._poll.register(sock, select.POLLIN)
                    else:
                        sock.close()

    def wait(self, seconds: float) -> None:
        """Wait for `wake`, at most `seconds`."""
        self._woken.acquire(timeout=seconds)

    def idle(self, now_idle: bool) -> None:
        """Set which kind of wait comes next. Afterwards check again whether there is work."""
        self._idle = now_idle

    def wait_for_packets(self, seconds: float) -> None:
        """Wait for `wake` or for a packet, at most `seconds`."""
        self._poll.poll(seconds * 1000)
        with contextlib.suppress(BlockingIOError):  # a packet, not `wake`
            os.eventfd_read(self._event)

    def close(self) -> None:
        """Close it; nobody may use it any more."""
        for sock in self._sockets:
            sock.close()
        os.close(self._event)
