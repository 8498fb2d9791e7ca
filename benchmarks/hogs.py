"""Programs that take all the processor time they are given."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

_HOG = """
import ctypes, os
ctypes.CDLL(None).prctl(1, 9)  # die with the benchmark: PR_SET_PDEATHSIG, SIGKILL
os.setpriority(os.PRIO_PROCESS, 0, 0)
while True: pass
"""


class Hogs:
    """A number of such programs for each processor. They are started at once, and wait until
    `work`.

    Each has a session of its own: the kernel divides its time among sessions first (autogroup,
    sched(7)), so in one common session they would hardly be noticed.
    """

    def __init__(self, a_core: int) -> None:
        self._processes = [
            subprocess.Popen([sys.executable, "-c", _HOG], start_new_session=True)
            for _ in range(a_core * (os.cpu_count() or 1))
        ]
        for process in self._processes:
            process.send_signal(signal.SIGSTOP)

    def work(self) -> None:
        """Take all the processor time that there is."""
        for process in self._processes:
            process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """Stop."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()
