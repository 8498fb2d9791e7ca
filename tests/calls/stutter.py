"""Lateness without load: a process that is stopped again and again, as a busy machine would."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator

STANDS_S, RUNS_S = 0.12, 0.18
"""Of 15 frames, 4 are more than 40 ms late."""


@contextlib.contextmanager
def stuttering(pid: int, stands_s: float = STANDS_S) -> Iterator[None]:
    """The process stands still for so long, again and again, and goes on afterwards."""
    over = threading.Event()

    def stutter() -> None:
        while not over.is_set():
            os.kill(pid, signal.SIGSTOP)
            over.wait(stands_s)
            os.kill(pid, signal.SIGCONT)
            over.wait(RUNS_S)

    thread = threading.Thread(target=stutter)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        os.kill(pid, signal.SIGCONT)
