"""The scoreboard: what every worker says of itself, in memory shared by fork.

As in Apache's prefork server, a worker writes only its own row and everybody reads all rows, so no
message is needed to know how many lines are busy, and a worker killed in mid-stride leaves a row
that can still be read.
"""

from __future__ import annotations

import mmap
import os
import struct
import time
from dataclasses import dataclass
from enum import IntEnum


class WorkerState(IntEnum):
    EMPTY = 0  # no process
    STARTING = 1
    READY = 2
    DRAINING = 3  # takes no new calls


_ROW = struct.Struct("=iiiiqd")
"""state, pid, capacity, active calls, calls taken since start, heartbeat (monotonic seconds)."""


_NODE = struct.Struct("=iii")
"""The SIP front answers; the node drains; lines the front may use. The supervisor's alone."""

_WISH = struct.Struct("=i")
"""Of the node: whether it is to take no new calls."""

_BELL = struct.Struct("=ii")
"""Of a worker: counts the times orders waited for its calls, and those it is to be replaced."""


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
        self._memory = mmap.mmap(-1, _NODE.size + _ROW.size * slots)
        # Written by the housekeeping alone: what people want.
        self._wishes = mmap.mmap(-1, _WISH.size + _BELL.size * slots)

    def row(self, slot: int) -> Row:
        state, pid, capacity, active, taken, heartbeat = _ROW.unpack_from(
            self._memory, _NODE.size + slot * _ROW.size
        )
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
        """Write one row; a single row has a single writer at a time."""
        _ROW.pack_into(
            self._memory,
            _NODE.size + slot * _ROW.size,
            state,
            os.getpid() if pid is None else pid,
            capacity,
            active,
            taken,
            time.monotonic() if heartbeat is None else heartbeat,
        )

    def clear(self, slot: int) -> None:
        """The worker of this slot is no more."""
        self.write(slot, WorkerState.EMPTY, pid=0)

    def write_node(self, *, front_up: bool, draining: bool, lines: int) -> None:
        """What the supervisor knows of the whole node."""
        _NODE.pack_into(self._memory, 0, front_up, draining, lines)

    def ring(self, slot: int) -> None:
        """Tell a worker that orders wait for its calls."""
        rung, replaced = self._bell(slot)
        _BELL.pack_into(self._wishes, _WISH.size + slot * _BELL.size, rung + 1, replaced)

    def rung(self, slot: int) -> int:
        """How often the bell of a worker was rung."""
        return self._bell(slot)[0]

    def wish_replaced(self, slot: int) -> None:
        """A worker is to finish its calls and make way for a fresh one."""
        rung, replaced = self._bell(slot)
        _BELL.pack_into(self._wishes, _WISH.size + slot * _BELL.size, rung, replaced + 1)

    def replacements_wished(self, slot: int) -> int:
        """How often that was wished."""
        return self._bell(slot)[1]

    def wish_closed(self, closed: bool) -> None:
        """Whether the node is to take no new calls."""
        _WISH.pack_into(self._wishes, 0, closed)

    @property
    def closed(self) -> bool:
        """Whether somebody wants the node to take no new calls."""
        return bool(_WISH.unpack_from(self._wishes)[0])

    def _bell(self, slot: int) -> tuple[int, int]:
        rung, replaced = _BELL.unpack_from(self._wishes, _WISH.size + slot * _BELL.size)
        return int(rung), int(replaced)

    @property
    def front_up(self) -> bool:
        """Whether the SIP front runs."""
        return bool(_NODE.unpack_from(self._memory)[0])

    @property
    def draining(self) -> bool:
        """Whether the node takes no new calls."""
        return bool(_NODE.unpack_from(self._memory)[1])

    @property
    def lines(self) -> int:
        """Lines the front gives calls to now."""
        return int(_NODE.unpack_from(self._memory)[2])

    @property
    def active(self) -> int:
        """Lines in use."""
        return sum(row.active for row in self.rows())
