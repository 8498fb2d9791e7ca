"""Many drivers at once, through Kamailio: response times, and the cost of a call.

    .venv/bin/python -m benchmarks.lines [--runs N] [lines ...]
    .venv/bin/python -m benchmarks.lines --minutes 60 60

Starts a service of its own for each number of lines (default 4, 40, 90 and 150) and keeps nearly
all of them busy with `keyed_call`s. The callers run on the same machine: what they cost is not
counted, but it takes processor time from the service; how late the generator itself was at worst
is the last column.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import platform
import statistics
import time
from collections import Counter
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from benchmarks.support.keyed_call import CALL_S, SIP_NUMBER, Measured, RtpClock, keyed_call
from benchmarks.support.own_service import SIP, service
from benchmarks.support.processes import family, family_cpu_s, private_mb, processes

IDLE_S = 10.0
ROUNDS = 3
FASTEST_PER_S = 10.0
BETWEEN_S = 0.5
"""From the end of a call to the next one on its line: the library keeps its sockets so long."""


@dataclass(frozen=True)
class Private:
    """Private memory, MB: of the call workers, and of every process of the service."""

    workers: float
    all: float


@dataclass(frozen=True)
class Load:
    """The results of one load. Processor seconds and MB are of all processes of the service."""

    lines: int
    calls: list[Measured]
    seconds: float
    cpu_s: float
    idle_cpu_share: float
    private_mb: list[Private]
    """When idle at first, and at the end of each minute."""
    generator_late_ms: float

    @property
    def failures(self) -> Counter[str]:
        return Counter(call.failure for call in self.calls if call.failure)


async def fill(lines: int, calls: int, pid: int) -> tuple[list[Measured], list[Private], float]:
    """Place so many calls, nearly `lines` of them at a time."""
    clock = RtpClock()
    ticking = asyncio.ensure_future(clock.run())
    free = asyncio.Semaphore(lines)
    pace_s = max(1 / FASTEST_PER_S, (CALL_S + BETWEEN_S) / lines)
    memory: list[Private] = []

    async def call() -> Measured:
        try:
            return await keyed_call(SIP, clock, SIP_NUMBER)
        finally:
            asyncio.get_running_loop().call_later(BETWEEN_S, free.release)

    async def weigh() -> None:
        while True:
            await asyncio.sleep(60)
            memory.append(await asyncio.to_thread(_memory, pid))

    weighing = asyncio.ensure_future(weigh())
    placed = []
    due = time.monotonic()
    for _ in range(calls):
        await free.acquire()
        placed.append(asyncio.ensure_future(call()))
        due = max(due + pace_s, time.monotonic())
        await asyncio.sleep(due - time.monotonic())
    measured = await asyncio.gather(*placed)
    for task in (ticking, weighing):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    return measured, memory, clock.longest_delay_s * 1000


def load(lines: int, minutes: float | None) -> Load:
    with service(lines) as pid:
        time.sleep(2)
        idle = family_cpu_s(pid)
        time.sleep(IDLE_S)
        idle = (family_cpu_s(pid) - idle) / IDLE_S
        first_mb = _memory(pid)
        calls = lines * ROUNDS
        if minutes is not None:
            calls = round(minutes * 60 / (CALL_S + BETWEEN_S) * lines)
        before, began = family_cpu_s(pid), time.monotonic()
        measured, memory, late = asyncio.run(fill(lines, calls, pid))
        return Load(
            lines=lines,
            calls=measured,
            seconds=time.monotonic() - began,
            cpu_s=family_cpu_s(pid) - before,
            idle_cpu_share=idle,
            private_mb=[first_mb, *memory, _memory(pid)],
            generator_late_ms=late,
        )


def _memory(pid: int) -> Private:
    private = {process: private_mb(process) for process in family(pid)}
    workers = private.keys() & processes().get("call worker", [])
    return Private(workers=sum(private[worker] for worker in workers), all=sum(private.values()))


def both(values: list[float]) -> str:
    """Median / p95."""
    if len(values) < 2:
        return "–"
    return f"{statistics.median(values):.0f} / {statistics.quantiles(values, n=20)[-1]:.0f}"


def row(loads: list[Load]) -> list[str]:
    calls = [call for run in loads for call in run.calls]

    def of(name: str) -> list[float]:
        found = (getattr(call, name) for call in calls if not call.failure)
        return [value for value in found if value is not None]

    gaps = of("longest_gap_ms")
    return [
        str(loads[0].lines),
        str(len(calls)),
        str(sum(run.failures.total() for run in loads)),
        f"{statistics.median(len(run.calls) / run.seconds for run in loads):.1f}",
        *(both(of(name)) for name in ("setup_ms", "sound_ms", "silence_ms", "next_prompt_ms")),
        f"{both(gaps)} / {max(gaps, default=0):.0f}",
        f"{statistics.median(run.cpu_s / len(run.calls) for run in loads):.3f}",
        f"{statistics.median(run.idle_cpu_share for run in loads):.1%}",
        f"{loads[0].private_mb[0].workers:.0f} → {loads[0].private_mb[-1].workers:.0f}",
        f"{loads[0].private_mb[0].all:.0f} → {loads[0].private_mb[-1].all:.0f}",
        f"{max(run.generator_late_ms for run in loads):.0f}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("lines", nargs="*", type=int, default=[4, 40, 90, 150])
    parser.add_argument("--runs", type=int, default=1, help="of each number of lines")
    parser.add_argument("--minutes", type=float, help="keep the lines busy so long")
    asked = parser.parse_args()
    console = Console(width=160)
    table = Table(
        *("lines", "calls", "failed", "calls/s", "INVITE → 200", "200 → sound", "key → silence"),
        *("last key → question", "RTP gap", "CPU s/call", "idle CPU", "workers' MB", "all MB"),
        "late",
        title=f"{platform.machine()}, {os.cpu_count()} cores; calls of {CALL_S:.0f} s; "
        "ms, median / p95 (/ worst)",
    )
    for lines in asked.lines:
        loads = [load(lines, asked.minutes) for _ in range(asked.runs)]
        table.add_row(*row(loads))
        for run in loads:
            for failure, times in run.failures.items():
                console.print(f"{lines} lines: {times} × {failure}")
            if asked.minutes is not None:
                story = " ".join(f"{mb.workers:.0f}/{mb.all:.0f}" for mb in run.private_mb)
                console.print(
                    f"{lines} lines, private MB of the workers / of all, "
                    f"at the start, each minute, the end: {story}"
                )
    console.print(table)


if __name__ == "__main__":
    main()
