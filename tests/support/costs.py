"""What a module of tests costs: seconds of one core, of its own process and of all it starts.

A run says what its dearest modules cost: time on a clock says little where lanes share two cores.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

PROPERTY = "core_s"
"""Name of the property in which a module's last test tells, phase by phase, what was spent."""

DEAREST = 30
"""So many are told at the end of a run."""

_TICKS = os.sysconf("SC_CLK_TCK")


def core_seconds() -> float:
    """Processor time so far of this process, of all it has waited for, and of all below it that
    still run (proc(5), `stat`); what nobody waited for is not in it."""
    parents: dict[int, int] = {}
    spent: dict[int, float] = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            fields = (path / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        parents[int(path.name)] = int(fields[1])
        spent[int(path.name)] = sum(map(int, fields[11:15])) / _TICKS
    below = {os.getpid()}
    while found := {pid for pid, parent in parents.items() if parent in below} - below:
        below |= found
    return sum(spent.get(pid, 0.0) for pid in below)


@dataclass
class Meter:
    """What was spent between two looks."""

    _before: float = field(default_factory=core_seconds)
    ends_module: bool = False
    """Whether the test that runs is the last of its module here."""

    def since(self) -> float:
        """Core-seconds since it was asked before, or made."""
        before, self._before = self._before, core_seconds()
        return max(0.0, self._before - before)


def dearest_lines(core_s: dict[str, float]) -> list[str]:
    """A line for each of the dearest modules."""
    dearest = sorted(core_s.items(), key=lambda cost: -cost[1])[:DEAREST]
    return [f"{spent:6.1f} core-seconds {module}" for module, spent in dearest]
