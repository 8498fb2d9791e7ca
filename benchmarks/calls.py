"""Calls a running service, one call after the other: how soon it answers, and its cost.

    .venv/bin/python -m benchmarks.calls [number of calls]

Uses no fixtures and changes nothing: each call is hung up after its first sound.
"""

from __future__ import annotations

import asyncio
import os
import platform
import statistics
import sys
import time
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.support.processes import cpu_s, private_mb, processes
from ivr.settings.service import load
from ivr.telephony.settings import TelephonySettings
from ivr.telephony.telephone import Telephone

LOUD = 150.0
PAUSE_S = 0.3
IDLE_S = 5.0


@dataclass(frozen=True)
class Measured:
    """One call, milliseconds."""

    answer_ms: float
    sound_ms: float


async def one_call(telephone: Telephone, uri: str) -> Measured:
    began = time.perf_counter()
    dialled = await telephone.dial(uri, from_user="benchmark")
    line = await dialled.answered()
    answered = time.perf_counter()
    async for frame in line.listen():
        samples = np.frombuffer(frame, dtype="<i2").astype(np.float32)
        if float(np.sqrt(np.mean(samples**2))) > LOUD:
            break
    sound_at = time.perf_counter()
    await dialled.hang_up()
    return Measured((answered - began) * 1000, (sound_at - answered) * 1000)


async def measure(uri: str, calls: int) -> list[Measured]:
    telephone = Telephone(TelephonySettings(sip_port=0, rtp_port_first=0))
    await telephone.start()
    try:
        measured = []
        for _ in range(calls):
            measured.append(await one_call(telephone, uri))
            await asyncio.sleep(PAUSE_S)
        return measured
    finally:
        await telephone.stop()


def main() -> None:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    settings = load()
    uri = f"sip:3902@{settings.sip.listen[0]}:{settings.sip.port}"
    measured = asyncio.run(measure(uri, calls))
    console = Console()
    console.print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores; {uri}")
    table = Table("", "median", "p95", title=f"{calls} calls, one after the other, ms")
    for name, values in (
        ("INVITE → 200", [call.answer_ms for call in measured]),
        ("200 → first sound", [call.sound_ms for call in measured]),
    ):
        p95 = statistics.quantiles(values, n=20)[-1]
        table.add_row(name, f"{statistics.median(values):.0f}", f"{p95:.0f}")
    console.print(table)
    found = processes()
    before = {pid: cpu_s(pid) for pids in found.values() for pid in pids}
    time.sleep(IDLE_S)
    costs = Table("", "processes", "private MB", "% of a core, idle", title="Cost")
    for kind, pids in sorted(found.items()):
        idle = sum(cpu_s(pid) - before[pid] for pid in pids) / IDLE_S * 100
        memory = sum(private_mb(pid) for pid in pids)
        costs.add_row(kind, str(len(pids)), f"{memory:.0f}", f"{idle:.1f}")
    console.print(costs)


if __name__ == "__main__":
    main()
