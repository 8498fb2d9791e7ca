"""The scoreboard: the state that every worker reports, in memory shared by fork.

As in Apache's prefork server, a worker writes only its own row and everybody reads all rows, so no
message is needed to know how many lines are busy, and a worker that is killed at any moment leaves
a row that can still be read.
"""

from __future__ import annotations

import mmap
import os
import time
from dataclasses import dataclass
from enum import IntEnum

from ground.sentence import Sentence
from ivr.node.start_failures import StartFailures
from ivr.observe.strain import Cause, Pressure, Strain, Verdict


class WorkerState(IntEnum):
    EMPTY = 0  # no process
    STARTING = 1
    READY = 2
    DRAINING = 3  # takes no new calls
    LEAVING = 4  # has no calls left, and reports no more


_NUMBER_BYTES = 8
_ROW = ("state", "pid", "capacity", "active", "taken", "heartbeat", "every")
_COUNTS = 5
"""The first of a row are whole numbers, the others seconds."""
_NODE = ("front_up", "draining", "lines")
"""Whether the SIP front answers; whether the node drains; lines that the front may use. Written by
the supervisor only."""
STANDS_STILL_S = 2.0
"""A supervisor or worker that has shown no sign of life for so long is not ready, whatever it wrote
last."""
SUPERVISOR_STILL = "the supervisor has not moved for %(seconds).0f s"
WORKER_STILL = "call worker %(slot)d has not moved for %(seconds).0f s"
_HOTLINE = ("shut", "opens")
"""Whether the hotline is closed, and when it opens, seconds since 1970; 0 if not known. Written by
the housekeeping only."""
_REQUESTS = ("closed", "disk_full")
"""Of the node: whether it shall take no new calls, and whether its disk is full."""
_SOUND = ("frames", "late", "late_wakings", "real_time")
"""Of a worker: see `Sound`."""
_LOAD_WHOLE = ("strain", "cause")
_LOAD_SHARES = ("late", "cpu", "memory", "memory_full", "io", "steal", "since")
"""Of the node: its `ivr.observe.strain.Verdict`. Written by the supervisor only."""
_COMMAND_COUNTS = ("commands", "replacements")
"""Of a worker: how often commands were there for its calls, and how often its replacement was
requested."""


class _Numbers:
    """Shared numbers, each written and read as a whole.

    `struct.pack_into` writes zero first and then byte by byte: a heartbeat read at that moment
    would make a healthy worker look silent since the machine was started.
    """

    def __init__(self, count: int) -> None:
        memory = memoryview(mmap.mmap(-1, count * _NUMBER_BYTES))
        self.whole = memory.cast("q")
        self.seconds = memory.cast("d")


@dataclass(frozen=True)
class Row:
    """One worker's row.

    Attributes:
        heartbeat: when its event loop or its SIP thread last showed that it lives, whichever was
            silent for longer; on the clock of `time.monotonic`.
        every_s: how often it does so; rarely while there are no calls.
    """

    slot: int
    state: WorkerState
    pid: int
    capacity: int
    active: int
    taken: int
    heartbeat: float
    every_s: float = 0.0

    def silent_for(self, now: float) -> float:
        """Seconds since the worker last reported."""
        return now - self.heartbeat

    def overdue_for(self, now: float) -> float:
        """Seconds since the worker should have reported again; negative while it need not."""
        return self.silent_for(now) - self.every_s


@dataclass(frozen=True)
class Sound:
    """What a worker has counted since its start.

    Attributes:
        frames: frames of running calls that were due.
        late: how many of these were late.
        late_wakings: times that it woke up too late itself, calls or not.
        real_time: whether its sound is scheduled in real time, now.
    """

    frames: int = 0
    late: int = 0
    late_wakings: int = 0
    real_time: bool = False


class Scoreboard:
    """Made by the supervisor before the first fork; anonymous shared memory, one row a worker."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self._node = _Numbers(len(_NODE))
        self._rows = _Numbers(len(_ROW) * slots)
        self._polls = _Numbers(slots)
        self._pulse = _Numbers(1)
        # Written by the housekeeping only: requests of operators, and the disk.
        self._requests = _Numbers(len(_REQUESTS))
        self._hotline = _Numbers(len(_HOTLINE))
        self._commands = _Numbers(len(_COMMAND_COUNTS) * slots)
        self._sound = _Numbers(len(_SOUND) * slots)
        self._load = _Numbers(len(_LOAD_WHOLE))
        self._load_shares = _Numbers(len(_LOAD_SHARES))
        self.start_failures = StartFailures(slots)

    def row(self, slot: int) -> Row:
        at = slot * len(_ROW)
        state, pid, capacity, active, taken = self._rows.whole[at : at + _COUNTS]
        heartbeat, every_s = self._rows.seconds[at + _COUNTS : at + len(_ROW)]
        if polled_at := self._polls.seconds[slot]:
            heartbeat = min(heartbeat, polled_at)
        return Row(slot, WorkerState(state), pid, capacity, active, taken, heartbeat, every_s)

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
        every_s: float = 0.0,
    ) -> None:
        """Write one row; a single row has a single writer at a time.

        The state is written last, so that whoever sees it also sees the rest.
        """
        at = slot * len(_ROW)
        heartbeat = time.monotonic() if heartbeat is None else heartbeat
        self._rows.seconds[at + _ROW.index("every")] = every_s
        self._rows.seconds[at + _ROW.index("heartbeat")] = heartbeat
        numbers = (state, os.getpid() if pid is None else pid, capacity, active, taken)
        for place in reversed(range(len(numbers))):
            self._rows.whole[at + place] = numbers[place]

    def clear(self, slot: int) -> None:
        """The worker of this slot is gone."""
        self.write_sound(slot, Sound())
        self.write_polled(slot, 0.0)
        self.write(slot, WorkerState.EMPTY, pid=0)

    def write_polled(self, slot: int, at: float) -> None:
        """When a worker's SIP thread last went round; that thread only. 0: there is none."""
        self._polls.seconds[slot] = at

    def write_sound(self, slot: int, sound: Sound) -> None:
        """Write what a worker has counted of its frames; that worker only."""
        at = slot * len(_SOUND)
        self._sound.whole[at] = sound.frames
        self._sound.whole[at + 1] = sound.late
        self._sound.whole[at + 2] = sound.late_wakings
        self._sound.whole[at + 3] = sound.real_time

    def sound(self, slot: int) -> Sound:
        """What a worker has counted of its frames."""
        at = slot * len(_SOUND)
        frames, late, late_wakings, real_time = self._sound.whole[at : at + len(_SOUND)]
        return Sound(frames, late, late_wakings, bool(real_time))

    def write_verdict(self, verdict: Verdict) -> None:
        """Write the state of the whole node. The strain is written last, like the state in a
        row."""
        pressure = verdict.pressure
        for place, share in enumerate(
            (
                verdict.late_share,
                pressure.cpu,
                pressure.memory,
                pressure.memory_full,
                pressure.io,
                pressure.steal,
                verdict.since,
            )
        ):
            self._load_shares.seconds[place] = share
        self._load.whole[1] = verdict.cause
        self._load.whole[0] = verdict.strain

    @property
    def strain(self) -> Strain:
        """The strain of the node; cheap enough to be read often."""
        return Strain(self._load.whole[0])

    @property
    def verdict(self) -> Verdict:
        """The node's verdict without `calls_per_second`, which only the front needs."""
        strain, cause = self._load.whole[0], self._load.whole[1]
        late, *shares, since = self._load_shares.seconds[: len(_LOAD_SHARES)]
        return Verdict(Strain(strain), Cause(cause), late, None, since, Pressure(*shares))

    def write_node(self, *, front_up: bool, draining: bool, lines: int) -> None:
        """Write what the supervisor knows of the whole node."""
        for place, number in enumerate((front_up, draining, lines)):
            self._node.whole[place] = number

    def heartbeat(self) -> None:
        """The supervisor is alive."""
        self._pulse.seconds[0] = time.monotonic()

    @property
    def standing_still(self) -> tuple[Sentence, ...]:
        """The processes serving calls that have shown no sign of life for `STANDS_STILL_S`, in
        words."""
        now, sentences = time.monotonic(), []
        pulse = self._pulse.seconds[0]
        if pulse and now - pulse > STANDS_STILL_S:
            sentences.append(Sentence(SUPERVISOR_STILL, seconds=now - pulse))
        for row in self.rows():
            if row.capacity and row.silent_for(now) > STANDS_STILL_S:
                sentences.append(Sentence(WORKER_STILL, slot=row.slot, seconds=row.silent_for(now)))
        return tuple(sentences)

    def signal_commands(self, slot: int) -> None:
        """Tell a worker that commands of operators are there for its calls."""
        self._commands.whole[slot * len(_COMMAND_COUNTS)] += 1

    def commands_signalled(self, slot: int) -> int:
        """How often a worker was told of commands."""
        return self._commands.whole[slot * len(_COMMAND_COUNTS)]

    def request_replacement(self, slot: int) -> None:
        """A worker is to finish its calls and be replaced by a new one."""
        self._commands.whole[slot * len(_COMMAND_COUNTS) + 1] += 1

    def replacements_requested(self, slot: int) -> int:
        """How often the replacement of a worker was requested."""
        return self._commands.whole[slot * len(_COMMAND_COUNTS) + 1]

    def request_closed(self, closed: bool) -> None:
        """Whether the node is to take no new calls."""
        self._requests.whole[0] = closed

    def write_disk_full(self, full: bool) -> None:
        """Write whether the disk of the data folder is full; housekeeping only."""
        self._requests.whole[1] = full

    def write_hotline(self, *, shut: bool, opens_at: float) -> None:
        """Write whether the hotline is closed now, and when it opens; housekeeping only. Whether it
        is closed is written last."""
        self._hotline.seconds[1] = opens_at
        self._hotline.whole[0] = shut

    @property
    def hotline(self) -> tuple[bool, float]:
        """Whether the hotline is closed, and when it opens (0: not known)."""
        return bool(self._hotline.whole[0]), self._hotline.seconds[1]

    @property
    def disk_full(self) -> bool:
        """Whether the disk of the data folder has no room."""
        return bool(self._requests.whole[1])

    @property
    def cannot_start(self) -> Sentence | None:
        """How many workers cannot start, and why; None when all can."""
        return self.start_failures.summary

    @property
    def closed(self) -> bool:
        """Whether an operator wants the node to take no new calls."""
        return bool(self._requests.whole[0])

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
    def in_real_time(self) -> int:
        """Workers whose sound is scheduled in real time."""
        return sum(self.sound(row.slot).real_time for row in self.rows() if row.capacity)

    @property
    def active(self) -> int:
        """Lines in use."""
        return sum(row.active for row in self.rows())
