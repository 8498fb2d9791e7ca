"""The response times of the console with many calls in the records.

    .venv/bin/python -m benchmarks.console [--calls 100000] [--audit 1000000] [--rounds 9]

Makes records of its own with so many calls of the last 180 days (about twenty steps each, half of
them with a bundle request) and so many entries of the audit log, starts the console on them, and
asks for every page several times over HTTP on loopback. Figures are milliseconds until the whole
page is there. Then what takes long is asked for, and the longest time is told for which the event
loop served nobody else.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

from rich.console import Console


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--audit", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args()
    # Here, not above: the process that draws charts loads this file again, and of a console that
    # is the command `rocars-ivr`, which loads little.
    from benchmarks.support.console_pages import measured

    with tempfile.TemporaryDirectory() as directory:
        tables = asyncio.run(measured(asked.calls, asked.audit, asked.rounds, Path(directory)))
    Console(width=100).print(tables)


if __name__ == "__main__":
    main()
