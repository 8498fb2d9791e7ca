"""What the kernel tells of the machine, read right, and done without where it does not."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ivr.node.pressure import PressureGauge
from ivr.observe.strain import Pressure

pytestmark = pytest.mark.unit

NONE_YET = "avg10=0.00 avg60=0.00 avg300=0.00"


def write(proc: Path, *, some_us: int, full_us: int, steal: int, others: int) -> None:
    (proc / "pressure").mkdir(exist_ok=True)
    for resource in ("cpu", "memory", "io"):
        (proc / "pressure" / resource).write_text(
            f"some {NONE_YET} total={some_us}\nfull {NONE_YET} total={full_us}\n"
        )
    (proc / "stat").write_text(
        f"cpu  {others} 0 0 0 0 0 0 {steal} 50 0\ncpu0 1 1 1 1 1 1 1 1 1 1\nintr 0\n"
    )


def test_shares_are_of_the_time_between_two_looks(tmp_path: Path) -> None:
    gauge = PressureGauge(tmp_path)
    write(tmp_path, some_us=5_000_000, full_us=1_000_000, steal=100, others=1000)
    assert gauge.look(100.0) == Pressure()
    write(tmp_path, some_us=5_100_000, full_us=1_020_000, steal=110, others=1030)
    pressure = gauge.look(100.2)
    assert astuple(pressure) == pytest.approx((0.5, 0.5, 0.1, 0.5, 0.25))


def test_what_is_absent_is_said_once(tmp_path: Path) -> None:
    gauge = PressureGauge(tmp_path)
    with capture_logs() as logs:
        for now in (1.0, 2.0, 3.0):
            assert gauge.look(now) == Pressure()
    assert len(logs) == 4
    assert gauge.absent == ("pressure/cpu", "pressure/io", "pressure/memory", "stat")


def test_an_old_kernel_tells_no_full_pressure_of_processors(tmp_path: Path) -> None:
    write(tmp_path, some_us=0, full_us=0, steal=0, others=10)
    gauge = PressureGauge(tmp_path)
    gauge.look(1.0)
    (tmp_path / "pressure" / "cpu").write_text(f"some {NONE_YET} total=200000\n")
    assert gauge.look(2.0).cpu == pytest.approx(0.2)


def test_this_machine_can_be_asked() -> None:
    gauge = PressureGauge()
    gauge.look(1.0)
    pressure = gauge.look(2.0)
    assert all(0 <= share <= 1 for share in astuple(pressure))
