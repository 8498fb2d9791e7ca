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
    """So many for each processor. They are made at once and stand still until `work`.

    Each in a session of its own: the kernel shares out its time among sessions first (autogroup,
    sched(7)), and in one of their own together they would hardly be noticed.
    """

    def __init__(self, a_core: int) -> None:
        self._processes = [
            subprocess.Popen([sys.executable, "-c", _HOG], start_new_session=True)
            for _ in range(a_core * (os.cpu_count() or 1))
        ]
        for process in self._processes:
            process.send_signal(signal.SIGSTOP)

    def work(self) -> None:
        """Take all the time there is."""
        for process in self._processes:
            process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """Be gone."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()
