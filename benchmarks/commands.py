"""The processor time of commands that need no sound, no models and no database.

    .venv/bin/python -m benchmarks.commands [--runs 7]

User and system time of the process and its children; medians. No service is needed.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

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


def seconds_of_processor(words: tuple[str, ...], directory: str) -> float:
    """User and system time of one run, in a folder without settings."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [Path(sys.executable).with_name("rocars-ivr"), *words],
        cwd=directory,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; medians of {runs} runs\n")
    print("| command | seconds of processor |\n|---|---|")
    with tempfile.TemporaryDirectory() as directory:
        for words in COMMANDS:
            times = [seconds_of_processor(words, directory) for _ in range(runs)]
            shown = " ".join(word for word in words if not word.startswith("/"))
            print(f"| `rocars-ivr {shown}` | {statistics.median(times):.2f} |", flush=True)


if __name__ == "__main__":
    main()
