"""The load of the machine, as the kernel measures it.

Pressure stall information (PSI, Documentation/accounting/psi.rst): the share of time in which some
process, or all at once, waited for a processor, memory or a disk. Steal (proc(5)):
processor time that the host of a virtual machine gave to others.
"""

from __future__ import annotations

from pathlib import Path

import structlog

from ivr.observe.strain import Pressure

log = structlog.get_logger(__name__)

_US = 1_000_000
_STEAL = 7
"""Its position among the numbers of the line `cpu`; the numbers after it are included in earlier
ones."""


class PressureGauge:
    """Reads the kernel's counters at each look; one reader, a few looks a second."""

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._proc = proc
        self._absent: set[str] = set()
        self._before: dict[str, float] = {}

    @property
    def absent(self) -> tuple[str, ...]:
        """File names of measures that this system does not offer."""
        return tuple(sorted(self._absent))

    def look(self, now: float) -> Pressure:
        """The pressure since the previous look; all zero at the first. `now` is monotonic, s."""
        counters: dict[str, float] = {"at": now}
        for resource in ("cpu", "memory", "io"):
            for kind, waited_us in self._stalls(f"pressure/{resource}").items():
                counters[f"{resource} {kind}"] = waited_us / _US
        counters.update(self._processors())
        before, self._before = self._before, counters
        seconds = now - before.get("at", now)

        def share(name: str) -> float:
            if seconds <= 0 or name not in counters or name not in before:
                return 0.0
            return min(1.0, max(0.0, (counters[name] - before[name]) / seconds))

        ticks = counters.get("ticks", 0.0) - before.get("ticks", 0.0)
        steal = counters.get("steal", 0.0) - before.get("steal", 0.0)
        return Pressure(
            share("cpu some"),
            share("memory some"),
            share("memory full"),
            share("io some"),
            min(1.0, max(0.0, steal / ticks)) if "ticks" in before and ticks > 0 else 0.0,
        )

    def _stalls(self, name: str) -> dict[str, int]:
        """Microseconds waited so far, by `some` and `full`."""
        stalls = {}
        for line in self._read(name).splitlines():
            kind, _, rest = line.partition(" ")
            total = rest.rpartition("total=")[2]
            if total.isdecimal():
                stalls[kind] = int(total)
        return stalls

    def _processors(self) -> dict[str, float]:
        """Ticks of all processors so far, and stolen ticks."""
        first = self._read("stat").partition("\n")[0].split()
        if len(first) <= 1 + _STEAL or first[0] != "cpu":
            return {}
        numbers = [int(number) for number in first[1 : 2 + _STEAL]]
        return {"ticks": float(sum(numbers)), "steal": float(numbers[_STEAL])}

    def _read(self, name: str) -> str:
        """Read a file; empty if it cannot be read, which is logged once."""
        try:
            return (self._proc / name).read_text()
        except OSError as failure:
            if name not in self._absent:
                self._absent.add(name)
                log.warning(
                    "the system does not tell its pressure; calls are watched all the same",
                    file=str(self._proc / name),
                    why=failure.strerror,
                )
            return ""
