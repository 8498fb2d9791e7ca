"""`make test`: all tests, in lanes that run side by side.

Calls take the time they take and leave the machine to others meanwhile, so they have lanes of their
own; those that must keep real time (speech, tones in the sound, gaps between packets) run three at
a time, one a language, and before all others when two want the same core. What places no calls runs
all along, and takes what they leave.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support import costs, real_time
from tests.support.pace import Pace
from tests.support.tries import Counted

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
TESTS = Path(__file__).parents[1]
NO_TESTS = 5
"""Exit status of pytest when it found none."""


@dataclass(frozen=True)
class Lane:
    """One pytest beside the others.

    Attributes:
        name: stands before each line it prints.
        chosen: words for pytest that say which tests.
        nice: of its processes, where the machine lets us; else all are shifted to 0 and above.
        after: names of lanes that must have ended before it begins.
    """

    name: str
    chosen: tuple[str, ...]
    nice: int
    after: tuple[str, ...] = ()


def modules_with(*marks: str) -> tuple[str, ...]:
    """Test modules in whose text one of these marks stands: only they need be read and imported."""
    modules = sorted(TESTS.rglob("test_*.py"))
    wanted = [module for module in modules if any(m in module.read_text() for m in marks)]
    return tuple(str(module.relative_to(TESTS.parent)) for module in wanted)


SCRIPTED = "tests/calls/scripted"
LONGEST = (
    *("tests/calls/test_retold_calls.py", "tests/first_minute/test_make_run.py"),
    *("tests/calls/test_bundling_calls.py", "tests/handset/test_handset.py"),
    *("tests/hostile/test_hostile_signalling.py", "tests/calls/test_faulty_calls.py"),
    "tests/first_minute/test_two_make_runs.py",  # not beside the other that needs the usual ports
    *("tests/chaos/test_bulk_once.py", "tests/chaos/test_crossings_once.py"),
    "tests/chaos/test_exactly_once.py",
    *("tests/console/test_pages.py", "tests/rocars/portal/test_pages.py"),
    *("tests/first_minute/test_serve.py", "tests/rocars/portal/test_kiosk_pages.py"),
    *("tests/backend_client/test_killed.py", "tests/speech/test_vosk_recogniser.py"),
    *("tests/story/test_story.py", "tests/suite/test_lanes.py"),
)
"""Begun first, in this order: whoever shares modules among processes is done when the last one
ends."""


def longest_first(modules: Sequence[str]) -> tuple[str, ...]:
    places = {module: place for place, module in enumerate(LONGEST)}
    return tuple(sorted(modules, key=lambda module: places.get(module, len(places))))


CALLS = longest_first(modules_with("pytest.mark.call"))
REAL_TIME = modules_with("pytest.mark.real_time")
OTHERS = longest_first(modules_with("pytest.mark.unit", "pytest.mark.service"))
BY_FILE = ("--dist", "loadfile", "--numprocesses")
AS_GIVEN = "--no-loadscope-reorder"
"""pytest-xdist would begin with the modules that have most tests, and end with the longest ones."""
THREE_AT_ONCE = ("--calls-at-once", "3")
LANES = (
    Lane("real time", (SCRIPTED, *REAL_TIME, "-m", "call and real_time", *THREE_AT_ONCE), -12),
    Lane("scripted", (SCRIPTED, "-m", "call and not real_time"), -8),
    Lane("rest", (*OTHERS, "-m", "not call", AS_GIVEN, *BY_FILE, "3"), 5),
    Lane(
        "calls",
        (*CALLS, "-m", "call and not real_time", AS_GIVEN, *BY_FILE, "3"),
        -8,
        after=("real time", "scripted"),
    ),
)

UNIT = Lane(
    "unit",
    (
        *modules_with("pytest.mark.unit"),
        "-m",
        "unit",
        *BY_FILE,
        "2",
        "--hypothesis-profile",
        "quick",
    ),
    0,
)

LINES_SHOWN = ("--durations", "15", "--durations-min", "2")


@dataclass
class Running:
    """A lane while it runs."""

    lane: Lane
    report: Path
    process: subprocess.Popen[str]
    began: float = field(default_factory=time.monotonic)
    took_s: float = 0.0
    core_s: float = 0.0
    """Processor time of it and of all that it has waited for, in seconds of one core."""
    printer: threading.Thread = field(init=False)
    waiter: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.printer = threading.Thread(target=self._print)
        self.waiter = threading.Thread(target=self._wait)
        self.printer.start()
        self.waiter.start()

    def _print(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            print(f"{self.lane.name:9} | {line}", end="", flush=True)

    def _wait(self) -> None:
        """Beside the others, so that what it took counts to its own end, not to theirs."""
        _, status, usage = os.wait4(self.process.pid, 0)
        self.took_s = time.monotonic() - self.began
        self.core_s = usage.ru_utime + usage.ru_stime
        self.process.returncode = os.waitstatus_to_exitcode(status)

    def wait(self) -> int:
        """Its exit status, when it has ended."""
        self.waiter.join()
        assert self.process.returncode is not None
        return self.process.returncode

    def result(self) -> tuple[int, Counted]:
        """Wait for it: exit status, and what it counted."""
        status = self.wait()
        self.printer.join()
        try:
            return (0 if status == NO_TESTS else status), Counted.read(self.report)
        except (OSError, ValueError):
            return status or 1, Counted()


def main(lanes: tuple[Lane, ...], more: list[str]) -> int:
    """Run lanes; exit status 0 only if each passed and not too much was tried again.

    Calls of all lanes at once are done sooner, but keep each other waiting, and need second tries.
    """
    began = time.monotonic()
    print(f"machine | {Pace().scale():.1f} times slower than a quiet one with two cores")
    print(f"machine | {real_time.measured()}", flush=True)
    with tempfile.TemporaryDirectory(prefix="rocars-ivr-lanes-") as folder:
        running: dict[str, Running] = {}
        for lane in lanes:
            for name in lane.after:
                running[name].wait()
            running[lane.name] = _start(lane, Path(folder), more)
        results = [running[lane.name].result() for lane in lanes]
    total = Counted()
    for _, counted in results:
        total.add(counted)
    for reason in total.skipped:
        print(f"skipped | {reason}")
    for test in total.tried_again:
        print(f"tried again | {test}")
    print(f"tries | {total.budget_line}")
    for test in total.failed:
        print(f"FAILED | {test}")
    for lane, (status, _) in zip(lanes, results, strict=True):
        if status:
            print(f"FAILED  | the lane of {lane.name} ended with status {status}")
    for line in costs.dearest_lines(total.core_s):
        print(f"spent   | {line}")
    for ended in running.values():
        print(
            f"took    | {_minutes(ended.took_s)} {ended.lane.name}: {ended.core_s:.0f} core-seconds"
        )
    print(f"took    | {_minutes(time.monotonic() - began)} in all")
    print(
        f"{total.passed} passed, {len(total.failed)} failed, {len(total.skipped)} skipped",
        flush=True,
    )
    return int(any(status for status, _ in results) or total.over_budget or not total.passed)


def _minutes(seconds: float) -> str:
    return "{}:{:02}".format(*divmod(round(seconds), 60))


def _start(lane: Lane, folder: Path, more: list[str]) -> Running:
    report = folder / lane.name.replace(" ", "-")
    words = [sys.executable, "-m", "pytest", *lane.chosen, *LINES_SHOWN]
    words += ["--lane-report", str(report), *more]
    process = subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=_compiled_once(),
        start_new_session=True,
        preexec_fn=_Prepared(lane.nice),
    )
    return Running(lane, report, process)


def _compiled_once() -> dict[str, str]:
    """Our environment, but what is compiled is kept beside its source: a run has hundreds of
    processes, and pytest in seven of them rewrites the assertions of all tests."""
    return {name: of for name, of in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class _Prepared:
    """Called in a new lane: it dies with us, and takes its place among the others."""

    def __init__(self, nice: int) -> None:
        self._libc = ctypes.CDLL(None)  # loaded before the fork
        self._nice = nice
        self._below = nice - min(lane.nice for lane in LANES)

    def __call__(self) -> None:
        self._libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        try:
            os.setpriority(os.PRIO_PROCESS, 0, self._nice)
        except OSError:  # only root may go before others: those behind make way instead
            os.setpriority(os.PRIO_PROCESS, 0, self._below)
        # Where the kernel groups processes by session (sched(7), autogroup), niceness counts only
        # within one: a lane is a session, and the group's own niceness counts against others.
        with contextlib.suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(os.getpriority(os.PRIO_PROCESS, 0)))


if __name__ == "__main__":
    given = sys.argv[1:]
    chosen = (UNIT,) if "--unit" in given else LANES
    sys.exit(main(chosen, [word for word in given if word != "--unit"]))
