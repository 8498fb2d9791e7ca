"""How much load a node has: the terms shared by measuring, deciding and showing it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum


class Strain(IntEnum):
    """How much load a node has. Each level gives up what the levels before it do, and more."""

    CALM = 0
    PRESSED = 1  # charts, housekeeping and self-test wait
    OVERLOADED = 2  # no new calls
    KEYPAD_ONLY = 3  # no speech in the calls there are


class Cause(IntEnum):
    """Why a node is overloaded."""

    NOTHING = 0
    LATE_FRAMES = 1
    LATE_WAKING = 2
    MEMORY = 3


@dataclass(frozen=True)
class Pressure:
    """Shares of the time since the previous look, 0 to 1; 0 if the system does not measure it.

    Attributes:
        cpu: some process waited for a processor.
        memory: some process waited for memory.
        memory_full: all processes with work to do waited for memory.
        io: some process waited for a disk.
        steal: of the processors' time, taken by the host.
    """

    cpu: float = 0.0
    memory: float = 0.0
    memory_full: float = 0.0
    io: float = 0.0
    steal: float = 0.0


@dataclass(frozen=True)
class Verdict:
    """The state of the node.

    Attributes:
        cause: why it is overloaded; kept until the overload ends.
        late_share: share of late frames in the window.
        calls_per_second: how many new calls it takes; None: no limit, 0: none.
        since: when the overload began or ended; monotonic, in seconds.
    """

    strain: Strain = Strain.CALM
    cause: Cause = Cause.NOTHING
    late_share: float = 0.0
    calls_per_second: int | None = None
    since: float = 0.0
    pressure: Pressure = field(default_factory=Pressure)

    @property
    def overloaded(self) -> bool:
        return self.strain >= Strain.OVERLOADED
