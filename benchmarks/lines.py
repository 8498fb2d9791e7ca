"""Many calls at once, through Kamailio: who is answered how soon, and what a call costs.

    .venv/bin/python benchmarks/lines.py [lines ...]

Starts a service of its own for each number of lines (default 4, 40 and 90), on ports of its own
and in a directory of its own, and has SIPp (Debian's `sip-tester`) fill nine lines in ten of it
with callers who listen for nine seconds. SIPp runs on the same machine: its cost is not counted,
but it takes processor time from the service.
"""

from __future__ import annotations

import contextlib
import csv
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from processes import cpu_s, family, private_mb
from rich.console import Console
from rich.table import Table

SCENARIO = Path(__file__).with_name("scenarios") / "listen.xml"
HOLD_S = 9.0
FILLED = 0.9
ROUNDS = 3
FIRST_PORT = 25060
START_S = 60.0

CONFIGURATION = """
[node]
data = "{directory}/var"
log_level = "WARNING"
[sip]
port = {port}
internal_port = {internal}
[telephony]
sip_port = {workers}
rtp_port_first = 40000
[web]
port = {web}
[embedded_rocars]
port = {rocars}
"""


@dataclass(frozen=True)
class Measured:
    """One load. Times in ms; `cpu_s` and `private_mb` are of all processes of the service."""

    lines: int
    calls: int
    failed: int
    per_second: float
    answers_ms: list[float]
    cpu_s: float
    private_mb: float


@contextlib.contextmanager
def service(lines: int, directory: Path) -> Iterator[int]:
    """A service with so many lines, drained at the end; gives its pid.

    Raises RuntimeError if it does not start.
    """
    configuration = directory / "rocars-ivr.toml"
    configuration.write_text(
        CONFIGURATION.format(
            directory=directory,
            port=FIRST_PORT,
            internal=FIRST_PORT + 2,
            workers=FIRST_PORT + 10,
            web=FIRST_PORT + 4,
            rocars=FIRST_PORT + 5,
        )
    )
    log = (directory / "log").open("wb")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "ivr.cli", "serve", "--config", configuration),
            *("--lines", str(lines)),
        ],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )
    try:
        deadline = time.monotonic() + START_S
        while f'"lines": {-(-lines // 4) * 4}' not in _ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the service did not start: {(directory / 'log').read_text()}")
            time.sleep(0.2)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
        log.close()


def _ready() -> str:
    try:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{FIRST_PORT + 4}/health/ready", timeout=2
        ) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


def load(pid: int, lines: int, directory: Path) -> Measured:
    """Fill the lines several times over with SIPp."""
    busy = max(1, round(lines * FILLED))
    calls = busy * ROUNDS
    rate = busy / HOLD_S
    silence = directory / "silence.alaw"
    silence.write_bytes(b"\xd5" * 8000 * 20)  # 20 s of the A-law code for nought
    scenario = directory / "listen.xml"
    scenario.write_text(SCENARIO.read_text().replace("SILENCE,1,8", f"{silence},1,8"))
    before = _cpu_s(pid)
    began = time.monotonic()
    sipp = subprocess.run(
        [
            *("sipp", f"127.0.0.1:{FIRST_PORT}", "-sf", scenario, "-i", "127.0.0.1"),
            *("-r", str(max(1, round(rate * 10))), "-rp", "10000"),
            *("-l", str(busy), "-m", str(calls), "-nostdin", "-timeout", "300"),
            *("-trace_rtt", "-rtt_freq", "1", "-trace_stat", "-stf", "stat.csv"),
        ],
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    seconds = time.monotonic() - began
    if sipp.returncode not in (0, 1):
        raise RuntimeError(f"SIPp failed: {sipp.stderr.decode()[-2000:]}")
    with (directory / "stat.csv").open() as rows:
        last = list(csv.DictReader(rows, delimiter=";"))[-1]
    return Measured(
        lines=lines,
        calls=int(last["SuccessfulCall(C)"]),
        failed=int(last["FailedCall(C)"]),
        per_second=calls / seconds,
        answers_ms=_answers_ms(directory),
        cpu_s=_cpu_s(pid) - before,
        private_mb=sum(private_mb(one) for one in family(pid)),
    )


def _answers_ms(directory: Path) -> list[float]:
    found = []
    for path in directory.glob("listen_*_rtt.csv"):
        with path.open() as rows:
            for row in csv.DictReader(rows, delimiter=";"):
                found.append(float(row["response_time_ms"]))
    return found


def _cpu_s(pid: int) -> float:
    return sum(cpu_s(one) for one in family(pid))


def main() -> None:
    wanted = [int(one) for one in sys.argv[1:]] or [4, 40, 90]
    table = Table(
        *("lines", "calls", "failed", "calls/s", "INVITE → 200 median", "p95", "CPU s/call"),
        *("private MB",),
        title=f"{platform.machine()}, {os.cpu_count()} cores; callers listen {HOLD_S:.0f} s; ms",
    )
    for lines in wanted:
        with tempfile.TemporaryDirectory() as directory, service(lines, Path(directory)) as pid:
            measured = load(pid, lines, Path(directory))
        answers = measured.answers_ms
        table.add_row(
            *(str(lines), str(measured.calls), str(measured.failed)),
            f"{measured.per_second:.1f}",
            f"{statistics.median(answers):.0f}",
            f"{statistics.quantiles(answers, n=20)[-1]:.0f}",
            f"{measured.cpu_s / measured.calls:.3f}",
            f"{measured.private_mb:.0f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
