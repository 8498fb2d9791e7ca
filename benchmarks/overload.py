"""An overloaded machine: are callers who were answered served well, and who is refused?

    .venv/bin/python -m benchmarks.overload [--seconds N] [set-up ...]

A set-up is KIND:LINES:HOGS, where KIND is keyed or spoken and HOGS programs a core take all the
processor time they are given; all of them by default. Starts a service of its own for each. Nearly
all lines are kept busy, drivers bundle beside (`bundlers.py`), hogs come three seconds after the
first callers and go with the last. Callers who are refused try again two seconds later.

What comes is timed by the kernel, so a generator that is late does not make the service look so;
how late it was at worst is a column of its own. It has processes and a priority like the service's.
A gap in RTP counts once the node has had two seconds to notice: not in the two seconds before it
became overloaded.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import arrivals
from benchmarks.bundlers import Tale
from benchmarks.hogs import Hogs
from benchmarks.speakers import LANGUAGE_AT_S, LANGUAGES, sayings
from benchmarks.support.keyed_call import (
    CALL_S,
    RINGING_S,
    SIP_NUMBER,
    Measured,
    RtpClock,
    calling,
    keyed_call,
)
from benchmarks.support.own_service import SIP, WEB_PORT, service
from ivr.node.priorities import carry_calls
from ivr.settings.pool import PoolSettings

DEFAULT = [
    *(f"keyed:{lines}:{each}" for lines in (12, 60) for each in (0, 2, 4)),
    *(f"spoken:12:{each}" for each in (0, 2, 4)),
    *("keyed:150:0", "keyed:270:0"),
]
STARTS_WITHIN_S = 120.0
"""Time for the processes of the callers to start."""
HOGS_AFTER_S = 3.0
FASTEST_PER_S = 20.0
AGAIN_S = 2.0
NOTICE_S = 2.0
LOOK_EVERY_S = 0.1
BETWEEN_S = 0.5
REFUSED = "answered 503"
CALLERS_A_PROCESS = 90


@dataclass(frozen=True)
class SetUp:
    kind: str
    lines: int
    hogs: int

    @classmethod
    def read(cls, text: str) -> SetUp:
        kind, lines, each = text.split(":")
        return cls(kind, int(lines), int(each))


class Watch(threading.Thread):
    """Looks at the health of the service ten times a second."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.over = threading.Event()
        self.seen: list[tuple[float, dict[str, Any]]] = []

    def run(self) -> None:
        while not self.over.wait(LOOK_EVERY_S):
            with contextlib.suppress(OSError):
                self.seen.append((time.monotonic(), status()))

    def spells(self) -> list[tuple[float, float]]:
        """The beginning and the end of each time when the node was overloaded."""
        spells: list[tuple[float, float]] = []
        began = 0.0
        for at, health in self.seen:
            overloaded = health["load"]["strain"] in ("overloaded", "keypad_only")
            if overloaded and not began:
                began = at
            elif began and not overloaded:
                spells.append((began, at))
                began = 0.0
        return [*spells, (began, time.monotonic())] if began else spells


def status() -> dict[str, Any]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{WEB_PORT}/status", timeout=2) as answer:
            found: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as unready:
        found = json.load(unready)
    return found


def until_ready() -> None:
    """Wait until the node takes calls."""
    while not status()["ready"]:
        time.sleep(LOOK_EVERY_S)


@dataclass
class Outcome:
    """The results of one set-up."""

    set_up: SetUp
    calls: list[Measured] = field(default_factory=list)
    spells: list[tuple[float, float]] = field(default_factory=list)
    back_after_s: float = 0.0
    """From the end of the hogs and of new callers until calls were taken again."""
    tale: Tale = field(default_factory=Tale)
    generator_late_ms: float = 0.0
    most_at_once: int = 0
    log_lines: list[str] = field(default_factory=list)

    @property
    def accepted(self) -> list[Measured]:
        return [call for call in self.calls if call.failure != REFUSED]

    @property
    def refused_ms(self) -> list[float]:
        return [call.setup_ms or 0.0 for call in self.calls if call.failure == REFUSED]

    def gaps_ms(self, *, noticed: bool) -> list[float]:
        """All gaps above 100 ms; with `noticed`, only those for which there is no excuse."""
        return [
            gap * 1000
            for call in self.accepted
            for at, gap in call.gaps
            if not noticed
            or not any(began - NOTICE_S <= at <= began + LOOK_EVERY_S for began, _ in self.spells)
        ]


@dataclass
class Part:
    """The results of one process of callers."""

    calls: list[Measured] = field(default_factory=list)
    most_at_once: int = 0
    late_ms: float = 0.0


def load(set_up: SetUp, seconds: float, outcome: Outcome) -> None:
    """Keep the lines busy for so long, with hogs."""
    hogs = Hogs(set_up.hogs)
    processes = -(-set_up.lines // CALLERS_A_PROCESS)
    each = [
        set_up.lines // processes + (number < set_up.lines % processes)
        for number in range(processes)
    ]
    spawn = get_context("spawn")
    ready = spawn.Barrier(processes + 1)
    with ProcessPoolExecutor(processes, spawn, come_first, (ready,)) as callers:
        parts = [callers.submit(callers_of, set_up.kind, lines, seconds) for lines in each]
        try:
            ready.wait(STARTS_WITHIN_S)
            time.sleep(HOGS_AFTER_S)
            hogs.work()
            wait(parts, seconds - HOGS_AFTER_S)
        finally:
            hogs.end()
        ended = time.monotonic()
        until_ready()
        outcome.back_after_s = time.monotonic() - ended
        for part in parts:
            result = part.result()
            outcome.calls += result.calls
            outcome.most_at_once += result.most_at_once
            outcome.generator_late_ms = max(outcome.generator_late_ms, result.late_ms)


def come_first(ready: Barrier) -> None:
    """The generator gets the same priority as the service: its own lateness must not be measured.

    All processes begin at once.
    """
    with contextlib.suppress(PermissionError):
        os.setsid()
    carry_calls(PoolSettings().nice)
    ready.wait(STARTS_WITHIN_S)


def callers_of(kind: str, lines: int, seconds: float) -> Part:
    """The callers of this kind; runs in a process of its own."""
    return asyncio.run(_callers_of(kind, lines, seconds))


async def _callers_of(kind: str, lines: int, seconds: float) -> Part:
    part, clock = Part(), RtpClock()
    talking = talkers(clock) if kind == "spoken" else None
    ticking = asyncio.ensure_future(clock.run())
    free = asyncio.Semaphore(lines)
    pace_s = max(1 / FASTEST_PER_S, (CALL_S + BETWEEN_S) / lines)
    at_once = 0

    async def call_once() -> None:
        nonlocal at_once
        at_once += 1
        try:
            if talking is not None:
                call = await next(talking)()
            else:
                call = await keyed_call(SIP, clock, SIP_NUMBER)
        finally:
            at_once -= 1
        part.calls.append(call)
        pause_s = AGAIN_S if call.failure == REFUSED else BETWEEN_S
        asyncio.get_running_loop().call_later(pause_s, free.release)

    placed = []
    due = time.monotonic()
    until = due + seconds
    while time.monotonic() < until:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await free.acquire()
                placed.append(asyncio.ensure_future(call_once()))
                part.most_at_once = max(part.most_at_once, at_once)
        due = max(due + pace_s, time.monotonic())
        await asyncio.sleep(due - time.monotonic())
    await asyncio.gather(*placed)
    ticking.cancel()
    part.late_ms = clock.longest_delay_s * 1000
    return part


def talkers(clock: RtpClock) -> Iterator[Any]:
    """Callers who say a user ID again and again, in each language in turn."""

    async def talks(key: str) -> Measured:
        with calling(SIP, SIP_NUMBER) as call:
            try:
                status, _ = await call.peer.invite(within_s=RINGING_S)
            except TimeoutError:
                return Measured(failure="no answer")
            answered = arrivals.last(call.peer.sip)
            setup_ms = (answered - call.began) * 1000
            if status != 200:
                return Measured(setup_ms, failure=f"answered {status}")
            with clock.sends_for(call):
                await asyncio.sleep(LANGUAGE_AT_S)
                call.press(key)
                while time.monotonic() - answered < CALL_S:
                    await asyncio.sleep(1.0)
                    await call.say(speech[key])
                await call.peer.ask("BYE")
            return Measured(setup_ms, longest_gap_ms=call.longest_gap_s * 1000, gaps=call.gaps)

    speech = sayings()
    for key in cycle(LANGUAGES):
        yield partial(talks, key)


def measured(set_up: SetUp, seconds: float) -> Outcome:
    outcome = Outcome(set_up)
    with tempfile.TemporaryDirectory() as name, service(set_up.lines, Path(name)):
        time.sleep(2)
        watch = Watch()
        watch.start()
        bundling = subprocess.Popen(
            [
                *(sys.executable, "-m", "benchmarks.bundlers"),
                *(Path(name) / "rocars-ivr.toml", str(seconds)),
            ],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
        )
        load(set_up, seconds, outcome)
        output, _ = bundling.communicate(timeout=120)
        if bundling.returncode:
            raise RuntimeError("the drivers who bundle failed")
        outcome.tale = Tale(**json.loads(output.splitlines()[-1]))
        watch.over.set()
        watch.join()
        outcome.spells = watch.spells()
        log = (Path(name) / "log").read_text(errors="replace")
        outcome.log_lines = re.findall(r"^.*(?:overloaded|taken again|stepping).*$", log, re.M)
    return outcome


def three(values: list[float]) -> str:
    """Median / p95 / worst."""
    if len(values) < 2:
        return f"{values[0]:.0f}" if values else "–"
    p95 = min(max(values), statistics.quantiles(values, n=20)[-1])  # not beyond the worst
    return f"{statistics.median(values):.0f} / {p95:.0f} / {max(values):.0f}"


def row(outcome: Outcome) -> list[str]:
    set_up, tale = outcome.set_up, outcome.tale
    accepted = outcome.accepted
    spells = sum(ended - began for began, ended in outcome.spells)
    return [
        set_up.kind,
        str(set_up.lines),
        str(set_up.hogs),
        f"{len(accepted)} ({outcome.most_at_once})",
        str(sum(1 for call in accepted if call.failure)),
        three([call.setup_ms for call in accepted if call.setup_ms and not call.failure]),
        three([call.silence_ms for call in accepted if call.silence_ms is not None]),
        f"{max((call.longest_gap_ms for call in accepted), default=0):.0f}",
        f"{max(outcome.gaps_ms(noticed=True), default=0):.0f}",
        f"{len(outcome.refused_ms)}: {three(outcome.refused_ms)}",
        f"{spells:.0f} s in {len(outcome.spells)}",
        f"{outcome.back_after_s:.1f}",
        f"{tale.announced}, {tale.lost}, {tale.doubled}",
        f"{outcome.generator_late_ms:.0f}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("set_ups", nargs="*", type=SetUp.read)
    parser.add_argument("--seconds", type=float, default=35.0, help="of each set-up")
    asked = parser.parse_args()
    os.environ["ROCARS_DEMO__FREE_CCRNS"] = "50"  # of the service's own ROCARS
    console = Console(width=190)
    table = Table(
        *("callers", "lines", "hogs a core", "accepted (at once)", "failed", "INVITE → 200"),
        *("key → silence", "RTP gap: worst", "noticed", "refused: INVITE → 503", "overloaded"),
        *("back, s", "bundled, lost, doubled", "late"),
        title=f"{platform.machine()}, {os.cpu_count()} cores; ms, median / p95 / worst",
    )
    for set_up in asked.set_ups or [SetUp.read(text) for text in DEFAULT]:
        outcome = measured(set_up, asked.seconds)
        table.add_row(*row(outcome))
        console.print(" | ".join(row(outcome)), soft_wrap=True)
        failures = Counter(call.failure for call in outcome.accepted if call.failure)
        console.print(f"{set_up}: {dict(failures)}; {outcome.tale}")
        for line in outcome.log_lines:
            console.print(f"  {line}", soft_wrap=True)
        for gap in sorted(outcome.gaps_ms(noticed=True))[-5:]:
            console.print(f"  gap of {gap:.0f} ms")
    console.print(table)


if __name__ == "__main__":
    main()
