"""Watches the sockets of all calls that rarely receive anything, in one system call."""

from __future__ import annotations

import select
from collections.abc import Callable


class StrayWatch:
    """All sockets that are watched. Used on the pj thread only."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._taken_by: dict[int, Callable[[], None]] = {}

    def watch(self, descriptor: int, take: Callable[[], None]) -> None:
        """Call `take` whenever something came to this socket, until `forget`."""
        self._taken_by[descriptor] = take
        self._poll.register(descriptor, select.EPOLLIN)

    def look(self) -> None:
        """Have everything taken that came since the last time."""
        if not self._taken_by:
            return
        for descriptor, _ in self._poll.poll(0):
            self._taken_by[descriptor]()

    def forget(self, descriptor: int) -> None:
        """The socket is about to be closed; does nothing if it is not watched."""
        if self._taken_by.pop(descriptor, None) is not None:
            self._poll.unregister(descriptor)

    def close(self) -> None:
        """Stop watching."""
        self._taken_by.clear()
        self._poll.close()
