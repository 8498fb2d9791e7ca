"""How much a node has to do: the words that those who measure, decide and show it share."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum


class Strain(IntEnum):
    """How much a node has to do. Each gives up what those before it do, and more."""

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
    """Shares of the time since the look before, 0 to 1; 0 where the system does not tell.

    Attributes:
        cpu: some process waited for a processor.
        memory: some process waited for memory.
        memory_full: all processes that had something to do waited for memory.
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
    """How the node is.

    Attributes:
        cause: why it is overloaded; kept until it is not.
        late_share: of the frames in the window.
        calls_per_second: how many new calls it takes; None: as many as come, 0: none.
        since: when it became overloaded, or ceased to be; monotonic, in seconds.
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
