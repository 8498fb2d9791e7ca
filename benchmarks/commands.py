"""The processor time of commands that need no sound, no models and no database; and of starts.

    .venv/bin/python -m benchmarks.commands [--runs 7]

User and system time of the process and its children; medians. What is started is ended as soon as
it is ready: first in an empty folder, then again in the same. No service is needed.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVarTuple

from benchmarks.support.own_service import service

GivenT = TypeVarTuple("GivenT")

SCENARIOS = Path(__file__).parents[1] / "tests" / "calls" / "scripted"
COMMANDS = (
    ("--help",),
    ("serve", "--help"),
    ("config", "--help"),
    ("calls", "run", "--help"),
    ("config", "check"),
    ("config", "show"),
    ("config", "reference"),
    ("calls", "check", str(SCENARIOS)),
    ("calls", "schema"),
    ("capacity",),
    ("health",),
    ("flows", "list"),
    ("flows", "check"),
    ("prompts", "list"),
)
LINES = 4
"""Of the node that is started: one worker."""


def seconds_of_processor(run: Callable[[*GivenT], object], *given: *GivenT) -> float:
    """User and system time of the processes that `run` starts and waits for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(*given)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def command(words: tuple[str, ...], directory: str) -> None:
    """In a folder without settings."""
    subprocess.run(
        [Path(sys.executable).with_name("rocars-ivr"), *words],
        cwd=directory,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )


def rocars(directory: Path) -> None:
    """The reference ROCARS, until it listens."""
    own = {
        "ROCARS_DATA_DIR": str(directory),
        "ROCARS_LISTEN__PORT": "0",
        "ROCARS_LOG_LEVEL": "error",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "rocars"], env=os.environ | own, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.terminate()


def node(directory: Path) -> None:
    """A node with its ROCARS, until it takes calls."""
    directory.mkdir(exist_ok=True)
    with service(LINES, keep=directory):
        pass


def shown(name: str, times: list[float]) -> None:
    print(f"| `{name}` | {statistics.median(times):.2f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; medians of {runs} runs\n")
    print("| command | seconds of processor |\n|---|---|")
    with tempfile.TemporaryDirectory() as directory:
        for words in COMMANDS:
            times = [seconds_of_processor(command, words, directory) for _ in range(runs)]
            shown("rocars-ivr " + " ".join(w for w in words if not w.startswith("/")), times)
    for name, start in (("python -m rocars", rocars), ("rocars-ivr serve", node)):
        first, again = [], []
        for _ in range(runs):
            with tempfile.TemporaryDirectory() as folder:
                data = Path(folder) / "data"
                first.append(seconds_of_processor(start, data))
                again.append(seconds_of_processor(start, data))
        shown(f"{name}, first start", first)
        shown(f"{name}, again", again)


if __name__ == "__main__":
    main()
