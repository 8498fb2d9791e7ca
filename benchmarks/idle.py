"""What a node costs that does nothing: processor time, wake-ups and memory, by process.

    python -m benchmarks.idle --runs 3
    python -m benchmarks.idle --runs 3 --beside /path/to/another/checkout

With `--beside` another state of the project is measured by turns with this one, in its own `.venv`.
All figures are medians of the runs; each is of a node that was started anew, with an empty data
folder, and left alone for `--settle` seconds.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.support.own_service import service
from benchmarks.support.processes import cpu_s, family, kind, private_mb, wakings

ALL = "all"


@dataclass
class Idle:
    """One run, by kind of process.

    Attributes:
        cpu: share of one core.
        woken: wake-ups a second, of all threads.
        memory: private memory, MB.
    """

    cpu: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    woken: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    memory: dict[str, float] = field(default_factory=lambda: defaultdict(float))


def measure(lines: int, settle_s: float, seconds: float, checkout: Path | None) -> Idle:
    """One run. Raises RuntimeError if the service does not start."""
    with service(lines, checkout=checkout) as pid:
        time.sleep(settle_s)
        processes = family(pid)
        before = {process: (cpu_s(process), wakings(process)) for process in processes}
        began = time.monotonic()
        time.sleep(seconds)
        took = time.monotonic() - began
        idle = Idle()
        for process, (cpu, woken) in before.items():
            for name in (kind(process), ALL):
                idle.cpu[name] += (cpu_s(process) - cpu) / took
                idle.woken[name] += (wakings(process) - woken) / took
                idle.memory[name] += private_mb(process)
        return idle


def show(title: str, runs: Sequence[Idle]) -> None:
    """Print medians, and for all processes together each run."""
    print(f"\n{title}\n{'':16}{'of a core':>10}{'wake-ups/s':>12}{'private MB':>12}")
    for each in sorted({name for run in runs for name in run.cpu}, key=lambda each: each == ALL):
        cpu, woken, memory = (
            statistics.median(column)
            for column in zip(
                *((run.cpu[each], run.woken[each], run.memory[each]) for run in runs), strict=True
            )
        )
        print(f"{each:16}{cpu:>10.2%}{woken:>12.1f}{memory:>12.0f}")
    print("each run:", ", ".join(f"{r.cpu[ALL]:.2%} {r.memory[ALL]:.0f} MB" for r in runs))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=12)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--settle", type=float, default=15.0)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--beside", type=Path)
    given = parser.parse_args()
    states: dict[str, Path | None] = {"this state": None}
    if given.beside is not None:
        states = {"the other state": given.beside.resolve(), **states}
    runs: dict[str, list[Idle]] = defaultdict(list)
    for _ in range(given.runs):
        for name, checkout in states.items():
            runs[name].append(measure(given.lines, given.settle, given.seconds, checkout))
    for name, of_state in runs.items():
        show(name, of_state)


if __name__ == "__main__":
    main()
