"""The response times of the console with many calls in the records.

    .venv/bin/python -m benchmarks.console [--calls 100000] [--audit 1000000] [--rounds 9]
                                           [--postgresql | --records FOLDER] [--markdown]

Makes records of its own with so many calls of the last 180 days (about twenty steps each, half of
them with a bundle request) and so many entries of the audit log, in SQLite or on a PostgreSQL
server of its own, starts the console on them, and asks for every page several times over HTTP on
loopback. Figures are milliseconds until the whole page is there, and milliseconds of processor time
of console and benchmark together (without a PostgreSQL server's), which say more on a machine that
others use too. Then what takes long is asked for, and the longest time is told for which the event
loop served nobody else. Exit status 1 when a page takes over 300 ms more often than not.

With --records the records stay in that folder, and are taken from there the next time.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--audit", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=9)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--postgresql", action="store_true")
    where.add_argument("--records", type=Path, metavar="FOLDER")
    parser.add_argument("--markdown", action="store_true", help="tables as in docs/console.md")
    asked = parser.parse_args()
    # Here, not above: the process that draws charts loads this file again, and of a console that
    # is the command `rocars-ivr`, which loads little.
    from benchmarks.support.console_pages import measured
    from benchmarks.support.page_times import as_markdown, as_table
    from tests.support.postgres_server import postgres_server

    with ExitStack() as running:
        folder = asked.records or Path(running.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        url = ""
        if asked.postgresql:
            server = running.enter_context(postgres_server(durable=True))
            url = asyncio.run(server.new_database())
        found = asyncio.run(measured(asked.calls, asked.audit, asked.rounds, folder, url))
    if asked.markdown:
        print(as_markdown(found))
    else:
        Console(width=100).print(as_table(found))
    return 1 if found.too_slow() else 0


if __name__ == "__main__":
    sys.exit(main())
