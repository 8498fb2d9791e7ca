"""Metrics of a node are those of all its processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.pace import limit

pytestmark = pytest.mark.service

# Each test has a process of its own: the library knows one directory a process.
PROLOGUE = """
import os, sys
from pathlib import Path
{before}
from ivr.observe import metrics_directory
metrics_directory.use(Path(sys.argv[1]))
from ivr.observe import metrics
from tests.support.pace import limit

def worker(work):
    pid = os.fork()
    if pid == 0:
        work()
        os._exit(0)
    return pid
"""


def run(program: str, directory: Path, before: str = "") -> dict[tuple[str, str], float]:
    """Run a program and read the metrics it prints: ``{(name, labels): value}``."""
    environment = {k: v for k, v in os.environ.items() if k != "PROMETHEUS_MULTIPROC_DIR"}
    done = subprocess.run(
        [sys.executable, "-c", PROLOGUE.format(before=before) + program, str(directory)],
        capture_output=True,
        text=True,
        timeout=limit(30),
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return {
        (sample.name.removeprefix("rocars_ivr_"), ",".join(sorted(sample.labels.values()))): (
            sample.value
        )
        for family in text_string_to_metric_families(done.stdout)
        for sample in family.samples
    }


TWO_WORKERS = """
metrics.worker_restarts_total.inc()
ends, wait = os.pipe(), os.pipe()
def work():
    metrics.calls_total.labels(outcome="completed").inc(3)
    metrics.calls_active.set(2)
    metrics.lines_capacity.set(4)
    metrics.key_to_silence_seconds.observe(0.05)
    metrics.back_end_seconds.labels(operation="bundle", outcome="confirmed").observe(0.2)
    metrics.MeteredRecords().degraded(True)
    os.write(ends[1], b".")
    os.read(wait[0], 1)
first, second = worker(work), worker(work)
os.read(ends[0], 1); os.read(ends[0], 1)
"""


@pytest.mark.parametrize("before", ["", "import prometheus_client"])
def test_two_workers_are_added_up(tmp_path: Path, before: str) -> None:
    seen = run(
        TWO_WORKERS + "print(metrics.render().decode()); os.write(wait[1], b'..')",
        tmp_path,
        before,
    )
    assert seen["calls_total", "completed"] == 6
    assert seen["calls_active", ""] == 4
    assert seen["lines_capacity", ""] == 8
    assert seen["worker_restarts_total", ""] == 1
    assert seen["key_to_silence_seconds_count", ""] == 2
    assert seen["key_to_silence_seconds_bucket", "0.04"] == 0
    assert seen["key_to_silence_seconds_bucket", "0.06"] == 2
    assert seen["back_end_seconds_sum", "bundle,confirmed"] == pytest.approx(0.4)
    assert seen["records_degraded", ""] == 1


def test_a_dead_worker_takes_its_gauges_and_leaves_its_counts(tmp_path: Path) -> None:
    seen = run(
        TWO_WORKERS
        + """
os.kill(first, 9); os.waitpid(first, 0)
metrics.worker_died(first)
print(metrics.render().decode()); os.write(wait[1], b".")
""",
        tmp_path,
    )
    assert seen["calls_active", ""] == 2
    assert seen["lines_capacity", ""] == 4
    assert seen["calls_total", "completed"] == 6


def test_a_former_run_is_forgotten(tmp_path: Path) -> None:
    program = (
        "metrics.logins_total.labels(outcome='refused').inc(); print(metrics.render().decode())"
    )
    assert run(program, tmp_path)["logins_total", "refused"] == 1
    assert run(program, tmp_path)["logins_total", "refused"] == 1


def test_without_a_directory_workers_are_still_counted(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os\n"
            "from ivr.observe import metrics, metrics_directory\n"
            "pid = os.fork()\n"
            "if pid == 0:\n"
            "    metrics.noinput_total.labels(field='ccrn').inc()\n"
            "    os._exit(0)\n"
            "os.waitpid(pid, 0)\n"
            "print(metrics_directory.in_use())\n"
            "print(metrics.render().decode())\n",
        ],
        capture_output=True,
        text=True,
        timeout=limit(30),
        env={k: v for k, v in os.environ.items() if k != "PROMETHEUS_MULTIPROC_DIR"},
    )
    assert done.returncode == 0, done.stderr
    directory, _, text = done.stdout.partition("\n")
    assert 'rocars_ivr_noinput_total{field="ccrn"} 1.0' in text
    assert not Path(directory).exists()


def test_the_directory_cannot_move(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            PROLOGUE.format(before="") + "metrics_directory.use(Path('/nowhere'))",
            str(tmp_path),
        ],
        capture_output=True,
        text=True,
        timeout=limit(30),
    )
    assert done.returncode == 1
    assert "MetricsAlreadyOpen" in done.stderr
