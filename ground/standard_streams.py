"""Standard streams of a process that was started with them closed (``>&- 2>&-``)."""

from __future__ import annotations

import os
import select
import sys


def open_closed() -> None:
    """Open the closed ones on ``/dev/null``; call it before anything else is opened.

    Otherwise the next file to be opened, such as a database, gets their number, and messages to
    "standard error" are written into it.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is this one
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, "r", closefd=False)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", errors="backslashreplace", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", errors="backslashreplace", closefd=False)


def nobody_reads_output() -> bool:
    """Whether standard output is a pipe whose reader has gone, as with ``| head``."""
    asked = select.poll()
    asked.register(1, 0)
    return any(event & select.POLLERR for _, event in asked.poll(0))
