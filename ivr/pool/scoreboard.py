"""The scoreboard: what every worker says of itself, in memory shared by fork.

As in Apache's prefork server, a worker writes only its own row and everybody reads all rows, so no
message is needed to know how many lines are busy, and a worker killed in mid-stride leaves a row
that can still be read.
"""

from __future__ import annotations

import mmap
import os
import time
from dataclasses import dataclass
from enum import IntEnum


class WorkerState(IntEnum):
    EMPTY = 0  # no process
    STARTING = 1
    READY = 2
    DRAINING = 3  # takes no new calls


_NUMBER_BYTES = 8
_ROW = ("state", "pid", "capacity", "active", "taken", "heartbeat")
_NODE = ("front_up", "draining", "lines")
"""The SIP front answers; the node drains; lines the front may use. The supervisor's alone."""
_WISHES = ("closed",)
"""Of the node: whether it is to take no new calls."""
_BELL = ("rung", "replaced")
"""Of a worker: counts the times orders waited for its calls, and those it is to be replaced."""


class _Numbers:
    """Shared numbers, each written and read as one.

    `struct.pack_into` writes nought first and then byte by byte: who read a heartbeat at that
    moment took a healthy worker for one that had been silent since the machine was started.
    """

    def __init__(self, count: int) -> None:
        memory = memoryview(mmap.mmap(-1, count * _NUMBER_BYTES))
        self.whole = memory.cast("q")
        self.seconds = memory.cast("d")


@dataclass(frozen=True)
class Row:
    """One worker's row. `heartbeat` is on the clock of `time.monotonic`."""

    slot: int
    state: WorkerState
    pid: int
    capacity: int
    active: int
    taken: int
    heartbeat: float

    def silent_for(self, now: float) -> float:
        """Seconds since the worker was last heard of."""
        return now - self.heartbeat


class Scoreboard:
    """Made by the supervisor before the first fork; anonymous shared memory, one row a worker."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self._node = _Numbers(len(_NODE))
        self._rows = _Numbers(len(_ROW) * slots)
        # Written by the housekeeping alone: what people want.
        self._wishes = _Numbers(len(_WISHES))
        self._bells = _Numbers(len(_BELL) * slots)

    def row(self, slot: int) -> Row:
        at = slot * len(_ROW)
        state, pid, capacity, active, taken = self._rows.whole[at : at + len(_ROW) - 1]
        heartbeat = self._rows.seconds[at + _ROW.index("heartbeat")]
        return Row(slot, WorkerState(state), pid, capacity, active, taken, heartbeat)

    def rows(self) -> list[Row]:
        return [self.row(slot) for slot in range(self.slots)]

    def write(
        self,
        slot: int,
        state: WorkerState,
        *,
        pid: int | None = None,
        capacity: int = 0,
        active: int = 0,
        taken: int = 0,
        heartbeat: float | None = None,
    ) -> None:
        """Write one row; a single row has a single writer at a time.

        The state is written last: who sees it sees what belongs to it.
        """
        at = slot * len(_ROW)
        heartbeat = time.monotonic() if heartbeat is None else heartbeat
        self._rows.seconds[at + _ROW.index("heartbeat")] = heartbeat
        numbers = (state, os.getpid() if pid is None else pid, capacity, active, taken)
        for place in reversed(range(len(numbers))):
            self._rows.whole[at + place] = numbers[place]

    def clear(self, slot: int) -> None:
        """The worker of this slot is no more."""
        self.write(slot, WorkerState.EMPTY, pid=0)

    def write_node(self, *, front_up: bool, draining: bool, lines: int) -> None:
        """What the supervisor knows of the whole node."""
        for place, number in enumerate((front_up, draining, lines)):
            self._node.whole[place] = number

    def ring(self, slot: int) -> None:
        """Tell a worker that orders wait for its calls."""
        self._bells.whole[slot * len(_BELL)] += 1

    def rung(self, slot: int) -> int:
        """How often the bell of a worker was rung."""
        return self._bells.whole[slot * len(_BELL)]

    def wish_replaced(self, slot: int) -> None:
        """A worker is to finish its calls and make way for a fresh one."""
        self._bells.whole[slot * len(_BELL) + 1] += 1

    def replacements_wished(self, slot: int) -> int:
        """How often that was wished."""
        return self._bells.whole[slot * len(_BELL) + 1]

    def wish_closed(self, closed: bool) -> None:
        """Whether the node is to take no new calls."""
        self._wishes.whole[0] = closed

    @property
    def closed(self) -> bool:
        """Whether somebody wants the node to take no new calls."""
        return bool(self._wishes.whole[0])

    @property
    def front_up(self) -> bool:
        """Whether the SIP front runs."""
        return bool(self._node.whole[0])

    @property
    def draining(self) -> bool:
        """Whether the node takes no new calls."""
        return bool(self._node.whole[1])

    @property
    def lines(self) -> int:
        """Lines the front gives calls to now."""
        return self._node.whole[2]

    @property
    def active(self) -> int:
        """Lines in use."""
        return sum(row.active for row in self.rows())
