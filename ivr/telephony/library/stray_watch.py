"""The sockets that seldom get anything, of all calls: looked at together, for the cost of one."""

from __future__ import annotations

import select
from collections.abc import Callable


class StrayWatch:
    """Used on the pj thread only."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._taken_by: dict[int, Callable[[], None]] = {}

    def watch(self, descriptor: int, take: Callable[[], None]) -> None:
        """Call `take` when something came to this socket, until it is closed."""
        self._taken_by[descriptor] = take
        self._poll.register(descriptor, select.EPOLLIN)

    def look(self) -> None:
        """Have taken what came since the last time."""
        if not self._taken_by:
            return
        for descriptor, _ in self._poll.poll(0):
            self._taken_by[descriptor]()

    def forget(self, descriptor: int) -> None:
        """It is going to be closed; nothing happens if it is not watched."""
        if self._taken_by.pop(descriptor, None) is not None:
            self._poll.unregister(descriptor)

    def close(self) -> None:
        """Nothing is watched any more."""
        self._taken_by.clear()
        self._poll.close()
