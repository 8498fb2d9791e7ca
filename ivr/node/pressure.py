"""How hard-pressed the machine is, as the kernel tells.

Pressure stall information (PSI, Documentation/accounting/psi.rst): for how much of a time some
process, or all of them at once, waited for a processor, for memory or for a disk. Steal (proc(5)):
processor time that the host of a virtual machine gave to others.
"""

from __future__ import annotations

from pathlib import Path

import structlog

from ivr.observe.strain import Pressure

log = structlog.get_logger(__name__)

_US = 1_000_000
_STEAL = 7
"""Its place among the numbers of the line `cpu`; those after it are part of those before."""


class PressureGauge:
    """Reads the kernel's counters at each look; one reader, a few looks a second."""

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._proc = proc
        self._absent: set[str] = set()
        self._before: dict[str, float] = {}

    @property
    def absent(self) -> tuple[str, ...]:
        """What this system does not tell, as file names."""
        return tuple(sorted(self._absent))

    def look(self, now: float) -> Pressure:
        """The pressure since the last look; all noughts at the first. `now` is monotonic, s."""
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
        """Microseconds so far, by `some` and `full`."""
        stalls = {}
        for line in self._read(name).splitlines():
            kind, _, rest = line.partition(" ")
            total = rest.rpartition("total=")[2]
            if total.isdecimal():
                stalls[kind] = int(total)
        return stalls

    def _processors(self) -> dict[str, float]:
        """Ticks of all processors so far, and those stolen."""
        first = self._read("stat").partition("\n")[0].split()
        if len(first) <= 1 + _STEAL or first[0] != "cpu":
            return {}
        numbers = [int(number) for number in first[1 : 2 + _STEAL]]
        return {"ticks": float(sum(numbers)), "steal": float(numbers[_STEAL])}

    def _read(self, name: str) -> str:
        """Empty where it cannot be read; that is said once."""
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
