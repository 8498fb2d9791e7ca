"""Repeats the same scenarios with many calls at once.

One process holds few calls (the published wheel of the SIP library grants four), so a load is
spread over processes; each reports its runs in lines of JSON.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import math
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from ivr.caller.performing.results import RunDone
from ivr.caller.performing.run import Performer
from ivr.caller.scenario.planned import PlannedRun

CALLS_A_PROCESS = 4


@dataclass(frozen=True)
class Load:
    """The load to place.

    Attributes:
        at_once: runs at the same time, at most.
        rate: new runs a second, at most.
        seconds: after that no run begins; runs in progress are finished.
    """

    files: tuple[Path, ...]
    target: str
    at_once: int
    rate: float
    seconds: float

    @property
    def processes(self) -> int:
        return math.ceil(self.at_once / CALLS_A_PROCESS)


@dataclass
class UnderLoad:
    """The results of a load.

    Attributes:
        latencies: seconds by step, from our last key or word to the prompt, or INVITE to 200.
        failures: reasons, how often each.
    """

    runs: int = 0
    seconds: float = 0.0
    durations: list[float] = field(default_factory=list)
    latencies: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failures: Counter[str] = field(default_factory=Counter)

    def add(self, line: dict[str, Any]) -> None:
        """Add one run, as its process reported it."""
        self.runs += 1
        self.durations.append(line["seconds"])
        if line["why"]:
            self.failures[line["why"]] += 1
        for step, latency in line["latencies"]:
            self.latencies[step].append(latency)

    def table(self) -> Table:
        """Pass rate and percentiles."""
        passed = self.runs - self.failures.total()
        share = passed / self.runs if self.runs else 0.0
        table = Table(
            "step",
            "count",
            "median ms",
            "p95 ms",
            "most ms",
            title=f"{passed} of {self.runs} runs passed ({share:.1%}), "
            f"{self.runs / max(self.seconds, 0.001):.2f} a second",
        )
        for step, values in self.latencies.items():
            middle, late = np.percentile(values, [50, 95])
            shown = (f"{1000 * value:.0f}" for value in (middle, late, max(values)))
            table.add_row(step, str(len(values)), *shown)
        return table


async def under_load(load: Load, config: Path | None) -> UnderLoad:
    """Have processes place the load, and collect their reports."""
    result = UnderLoad()
    began = time.monotonic()
    share = load.rate / load.processes
    await asyncio.gather(
        *(_one_process(load, config, number, share, result) for number in range(load.processes))
    )
    result.seconds = time.monotonic() - began
    return result


async def _one_process(
    load: Load, config: Path | None, number: int, rate: float, result: UnderLoad
) -> None:
    calls = min(CALLS_A_PROCESS, load.at_once - number * CALLS_A_PROCESS)
    words = [sys.executable, "-m", "ivr.cli", "calls", "perform", *map(str, load.files)]
    words += ["--target", load.target, "--at-once", str(calls), "--rate", str(rate)]
    words += ["--seconds", str(load.seconds)]
    if config is not None:
        words += ["--config", str(config)]
    process = await asyncio.create_subprocess_exec(
        *words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async for line in process.stdout:
            if line.startswith(b'{"why"'):
                result.add(json.loads(line))
        status = await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    if status:
        result.failures[f"a calling process ended with status {status}"] += 1


async def again_and_again(
    performer: Performer, runs: list[PlannedRun], at_once: int, rate: float, seconds: float
) -> None:
    """The share of one process: runs in turn, begun at the rate, `at_once` at most."""
    room = asyncio.Semaphore(at_once)
    began = time.monotonic()
    going: set[asyncio.Task[None]] = set()

    async def start(planned: PlannedRun) -> None:
        try:
            print(_line(await performer.run(planned)), flush=True)
        finally:
            room.release()

    for number, planned in enumerate(itertools.cycle(runs)):
        await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
        await room.acquire()
        if time.monotonic() - began >= seconds:
            break
        task = asyncio.ensure_future(start(planned))
        going.add(task)
        task.add_done_callback(going.discard)
    await asyncio.gather(*going)


def _line(done: RunDone) -> str:
    latencies = [
        (step.title, step.latency_s)
        for call in done.calls
        for step in call.steps
        if step.latency_s is not None
    ]
    return json.dumps({"why": done.why, "seconds": done.seconds, "latencies": latencies})
