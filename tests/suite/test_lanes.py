"""Every test runs in one lane, and what a run starts ends with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.costs import Meter, dearest_lines
from tests.support.keeper import MARK, left_running
from tests.support.lanes import CALLS, LONGEST, OTHERS, REAL_TIME, TESTS
from tests.support.pace import limit
from tests.support.tries import BUDGET, Counted

ROOT = TESTS.parent


@pytest.mark.unit
def test_every_module_is_in_a_lane() -> None:
    modules = {str(path.relative_to(ROOT)) for path in TESTS.rglob("test_*.py")}
    assert modules == {*CALLS, *OTHERS}
    assert modules >= {*LONGEST}
    assert {*CALLS} >= {*REAL_TIME}


@pytest.mark.unit
def test_more_tries_than_the_budget_fail_a_run(tmp_path: Path) -> None:
    lanes = [Counted(passed=3, tried_again=["a"] * BUDGET), Counted(tried_again=["b"])]
    total = Counted()
    for number, lane in enumerate(lanes):
        assert not lane.over_budget
        lane.write(tmp_path / str(number))
        total.add(Counted.read(tmp_path / str(number)))
    assert total.over_budget
    assert (total.passed, total.tried_again) == (3, ["a"] * BUDGET + ["b"])


BUSY = """
import sys, time
while time.process_time() < 0.5:
    pass
print("busy no more", flush=True)
sys.stdin.read()
"""


@pytest.mark.service
def test_what_a_module_started_counts_while_it_runs_and_once_it_has_ended() -> None:
    meter = Meter()
    with subprocess.Popen(
        [sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as busy:
        assert busy.stdout is not None
        busy.stdout.readline()
        spent = meter.since()
    assert spent >= 0.4  # it is counted in ticks
    assert meter.since() < spent  # and once


@pytest.mark.unit
def test_the_dearest_modules_of_all_lanes_are_told_first() -> None:
    total = Counted()
    for lane in (Counted(core_s={"a": 3.0, "b": 2.5}), Counted(core_s={"b": 1.5})):
        total.add(lane)
    assert dearest_lines(total.core_s) == ["   4.0 core-seconds b", "   3.0 core-seconds a"]


RUN = """
import subprocess, sys, time
import pytest
from tests.support.service import Service

@pytest.mark.service
def test_that_is_killed_in_the_middle(tmp_path, postgres):
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    service = Service(tmp_path, {"pool": {"workers": 1}})
    service.start()
    print("ALL IS " + "UP", flush=True)
    time.sleep(600)
"""


@pytest.mark.service
def test_nothing_outlives_a_run_that_is_killed(tmp_path: Path) -> None:
    """A whole service, a PostgreSQL server and a program, started by a run that is killed by -9."""
    module = tmp_path / "test_killed.py"
    module.write_text(RUN)
    outside = {name: value for name, value in os.environ.items() if name != MARK}
    words = ["-s", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT)]
    words += ["-p", "tests.conftest", "-p", "no:cacheprovider", str(module)]
    run = subprocess.Popen(
        [sys.executable, "-m", "pytest", *words],
        cwd=ROOT,
        env=outside,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert run.stdout is not None
    lines = []
    for line in run.stdout:
        lines.append(line)
        if "ALL IS UP" in line:
            break
    else:
        pytest.fail("".join(lines))
    (folder,) = {_mark_of(child) for child in _children(run.pid)} - {None}
    assert folder is not None
    started = left_running(folder)
    assert len(started) > 8, started  # the service alone has a dozen processes
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    run.stdout.close()
    deadline = time.monotonic() + limit(10)
    while left := left_running(folder):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)
    while folder.exists():
        assert time.monotonic() < deadline, "the keeper does not end"
        time.sleep(0.1)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _mark_of(pid: int) -> Path | None:
    for entry in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
        name, _, value = entry.decode(errors="replace").partition("=")
        if name == MARK:
            return Path(value)
    return None
