"""How the pj thread waits: for the next tick while sound moves, for a packet while it does not."""

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
    """Rung by the event loop when it has work. The work must be there before."""

    def __init__(self) -> None:
        self._idle = False
        self._rung = threading.Lock()
        self._rung.acquire()
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self._bell, select.POLLIN)
        self._sockets: list[socket.socket] = []

    def ring(self) -> None:
        """Wake the thread; if it is awake, it will not wait the next time."""
        if self._idle:
            os.eventfd_write(self._bell, 1)
        else:
            with contextlib.suppress(RuntimeError):  # it was rung already
                self._rung.release()

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
        """Wait to be rung for, at most so long."""
        self._rung.acquire(timeout=seconds)

    def idle(self, now_idle: bool) -> None:
        """Which wait comes next. Afterwards it must be seen whether there is work."""
        self._idle = now_idle

    def wait_for_packets(self, seconds: float) -> None:
        """Wait to be rung for, or for a packet, at most so long."""
        self._poll.poll(seconds * 1000)
        with contextlib.suppress(BlockingIOError):  # it was not the bell
            os.eventfd_read(self._bell)

    def close(self) -> None:
        """Nobody rings any more."""
        for sock in self._sockets:
            sock.close()
        os.close(self._bell)
