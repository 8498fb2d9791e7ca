"""Whatever a test run starts ends with it, also when the run is killed by -9.

A run marks its processes: those that keep their environment by a variable in it, those that start
sessions of their own (services, which write their title over their environment) by their session.
The keeper is a process beside the run that does nothing but wait for its end. Then it kills what
bears the run's mark.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

MARK = "TESTS_OF_ROCARS_IVR"
"""Names the folder of the run, in which a file stands for each session that it started."""

LOOKS = 3
"""So many looks, a pause apart, must find nothing: a process may be starting another one."""

OF_PYTHON = "multiprocessing.resource_tracker"
"""Python's own, of whoever has used processes; it ends with that process by itself."""

PAUSE_S = 0.1
GIVE_UP_S = 30.0


@dataclass(frozen=True)
class Running:
    """A process of a test run."""

    pid: int
    command: str


def mark_run() -> Path:
    """Mark this process, and so all that it starts from now on; returns the run's folder."""
    folder = Path(tempfile.mkdtemp(prefix="rocars-ivr-tests-"))
    os.environ[MARK] = str(folder)
    return folder


def session_started(session: int) -> None:
    """A process that a test started with `start_new_session` is of this run, and all below it."""
    folder = os.environ.get(MARK)
    if folder:
        (Path(folder) / str(session)).touch()


def left_running(folder: Path) -> list[Running]:
    """Processes that bear the mark of the run, without the one that asks and those above it."""
    above = set(_ancestors(os.getpid()))
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        pid = int(path.name)
        if pid not in above and _bears(path, folder):
            command = ""
            with contextlib.suppress(OSError):
                command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
            if OF_PYTHON not in command:
                found.append(Running(pid, command))
    return found


def kill_all(folder: Path) -> list[Running]:
    """Kill what the run left, until nothing is left; returns what that was."""
    killed: dict[int, Running] = {}
    quiet, deadline = 0, time.monotonic() + GIVE_UP_S
    while quiet < LOOKS and time.monotonic() < deadline:
        left = left_running(folder)
        quiet = 0 if left else quiet + 1
        for running in left:
            killed[running.pid] = running
            with contextlib.suppress(OSError):
                os.kill(running.pid, signal.SIGKILL)
        time.sleep(PAUSE_S)
    return list(killed.values())


@dataclass
class Keeper:
    """The process that waits for the end of this one."""

    process: subprocess.Popen[bytes]

    @classmethod
    def of(cls, folder: Path) -> Keeper:
        """Start it; it lives in a session of its own, and knows of our end by a pipe."""
        unmarked = {name: value for name, value in os.environ.items() if name != MARK}
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve()), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env=unmarked,
            start_new_session=True,
        )
        return cls(process)

    def end(self) -> None:
        """The run is over; what it left has been looked after."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(GIVE_UP_S * 2)


def _bears(process: Path, folder: Path) -> bool:
    try:
        state, _, _, session = (process / "stat").read_text().rpartition(")")[2].split()[:4]
        if state == "Z":
            return False
        if (folder / session).exists():
            return True
        return f"{MARK}={folder}".encode() in (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return False  # it has ended meanwhile, or is somebody else's


def _ancestors(pid: int) -> list[int]:
    line = [pid]
    while line[-1] > 1:
        try:
            stat = Path(f"/proc/{line[-1]}/stat").read_text()
        except OSError:
            break
        line.append(int(stat.rpartition(")")[2].split()[1]))
    return line


def _keep(folder: Path) -> None:
    sys.stdin.buffer.read()  # ends when the run has ended, however it did
    kill_all(folder)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    _keep(Path(sys.argv[1]))
