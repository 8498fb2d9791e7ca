"""How many calls per second can be set up through Kamailio, and how soon each is answered.

    .venv/bin/python -m benchmarks.set_ups [--lines N] [--seconds N] [rate ...]

Starts a service of its own. Callers come at an even pace, hear the greeting begin, and hang up
after four seconds; those of one rate are gone before the next one begins. The callers run on the
same machine.
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

from benchmarks.support.keyed_call import RINGING_S, SIP_NUMBER, KeyedCall, RtpClock, calling
from benchmarks.support.own_service import SIP, service
from benchmarks.support.processes import family_cpu_s

CALL_S = 4.0


@dataclass
class SetUp:
    """One call: INVITE → 200 in ms, and what was wrong with it."""

    answered_ms: float = 0.0
    failure: str = ""


async def short_call(clock: RtpClock) -> SetUp:
    with calling(SIP, SIP_NUMBER) as call:
        try:
            return await _short(call, clock)
        except TimeoutError:
            return SetUp(failure="no answer")


async def _short(call: KeyedCall, clock: RtpClock) -> SetUp:
    status, _ = await call.peer.invite(within_s=RINGING_S)
    answered_ms = (time.monotonic() - call.began) * 1000
    if status != 200:
        return SetUp(answered_ms, f"answered {status}")
    with clock.sends_for(call):
        await asyncio.sleep(CALL_S)
        status, _ = await call.peer.ask("BYE")
    if status != 200:
        return SetUp(answered_ms, f"BYE was answered {status}")
    return SetUp(answered_ms, "" if call.sounds else "nothing was heard")


async def at_rate(rate: float, seconds: float) -> tuple[list[SetUp], float]:
    """Place calls at an even pace; also gives the seconds that placing them took."""
    clock = RtpClock()
    ticking = asyncio.ensure_future(clock.run())
    began = time.monotonic()
    placed = []
    for number in range(round(rate * seconds)):
        await asyncio.sleep(began + number / rate - time.monotonic())
        placed.append(asyncio.ensure_future(short_call(clock)))
    took = time.monotonic() - began
    calls = await asyncio.gather(*placed)
    ticking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await ticking
    return calls, took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("rates", nargs="*", type=float, default=[5.0, 10.0, 15.0])
    parser.add_argument("--lines", type=int, default=90)
    parser.add_argument("--seconds", type=float, default=60.0)
    asked = parser.parse_args()
    console = Console(width=120)
    table = Table(
        *("calls/s", "placed a second", "calls", "failed", "INVITE → 200 ms, median / p95 / worst"),
        "CPU s/call",
        title=f"{platform.machine()}, {os.cpu_count()} cores; {asked.lines} lines; "
        f"calls of {CALL_S:.0f} s for {asked.seconds:.0f} s",
    )
    with service(asked.lines) as pid:
        time.sleep(2)
        for rate in asked.rates:
            before = family_cpu_s(pid)
            calls, took = asyncio.run(at_rate(rate, asked.seconds))
            spent = family_cpu_s(pid) - before
            times = [call.answered_ms for call in calls if not call.failure]
            failures = Counter(call.failure for call in calls if call.failure)
            table.add_row(
                f"{rate:.0f}",
                f"{len(calls) / took:.1f}",
                str(len(calls)),
                str(failures.total()),
                f"{statistics.median(times):.0f} / {statistics.quantiles(times, n=20)[-1]:.0f} / "
                f"{max(times):.0f}",
                f"{spent / len(calls):.3f}",
            )
            for failure, number in failures.items():
                console.print(f"{rate:.0f} a second: {number} × {failure}")
            time.sleep(2)
    console.print(table)


if __name__ == "__main__":
    main()
