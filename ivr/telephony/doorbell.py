"""How the event loop wakes the pj thread, which waits in one of two ways."""

from __future__ import annotations

import contextlib
import socket
import threading


class Doorbell:
    """While sound moves the thread waits here, for the next beat; otherwise in the library's poll.

    In the poll it is woken by two bytes to our own SIP port: the library throws away a datagram of
    line ends unread, as a keep-alive (RFC 5626, 3.5.1).
    """

    def __init__(self) -> None:
        self.sip_address = ("", 0)
        self.in_poll = True
        """Where the thread waits. Work for it must be there before the bell is rung, and looked for
        after this was changed."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._rung = threading.Lock()
        self._rung.acquire()

    def ring(self) -> None:
        """Wake the thread; if it is awake, it will not wait the next time."""
        if self.in_poll:
            with contextlib.suppress(OSError):  # then the poll ends by itself, a little later
                self._socket.sendto(b"\r\n", socket.MSG_DONTWAIT, self.sip_address)
        else:
            with contextlib.suppress(RuntimeError):  # it was rung already
                self._rung.release()

    def wait(self, seconds: float) -> None:
        """Wait to be rung for, at most so long. On the pj thread."""
        self._rung.acquire(timeout=seconds)
