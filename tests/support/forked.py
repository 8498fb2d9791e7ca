"""Programs that tests kill and start again and again: loaded once, and forked at each start.

    python -m tests.support.forked MODULE:FUNCTION

loads the module, and for each line of standard input, the environment as JSON, forks a process that
runs the function. What such a process loads anew at each start is tested where it is started as its
user starts it (`tests/rocars/test_process.py`, `tests/support/service.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import os
import signal
import sys
import traceback
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ground.loading import loading
from ivr.node.children import DieWithParent
from tests.support.pace import limit

ROOT = Path(__file__).parents[2]
START_S = 30.0


@dataclass
class Forked:
    """A process of a program, until it ends."""

    pid: int
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        try:
            self._handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            self.ended.set()
        else:
            asyncio.get_running_loop().add_reader(self._handle, self._end)

    def _end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._handle)
        os.close(self._handle)
        self.ended.set()

    def kill(self) -> None:
        """By -9, if it has not ended."""
        if not self.ended.is_set():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    async def wait(self) -> None:
        """Until it has ended."""
        await self.ended.wait()


class Program:
    """A program that is loaded and waits to be started; one process of it at a time."""

    def __init__(self, loaded: asyncio.subprocess.Process) -> None:
        self._loaded = loaded
        self._last: Forked | None = None

    async def start(self, environment: Mapping[str, str], until: str) -> tuple[Forked, str]:
        """A process with these variables besides ours, and the first line it prints that begins
        with `until`."""
        assert self._loaded.stdin is not None
        self._loaded.stdin.write(json.dumps(dict(environment)).encode() + b"\n")
        process = self._last = Forked(int((await self._line("pid ")).split()[1]))
        return process, await self._line(until)

    async def _line(self, begin: str) -> str:
        assert self._loaded.stdout is not None
        # Not wait_for: in Python 3.11 it forgets a cancellation that comes together with the line.
        printed = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit(START_S)):
                while line := (await self._loaded.stdout.readline()).decode():
                    if line.startswith(begin):
                        return line.strip()
                    printed.append(line)
        raise AssertionError(f"no line that begins with {begin!r}, but {printed}")

    async def close(self) -> None:
        """Kill what was started."""
        if self._last is not None:
            self._last.kill()
            await self._last.wait()
        with contextlib.suppress(ProcessLookupError):
            self._loaded.kill()
        await self._loaded.wait()


@contextlib.asynccontextmanager
async def program(function: str) -> AsyncIterator[Program]:
    """The program whose processes run this function, `module:name`."""
    loaded = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.forked", function),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    opened = Program(loaded)
    try:
        yield opened
    finally:
        await opened.close()


def _fork(
    run: Callable[[], object], environment: Mapping[str, str], die_with_parent: DieWithParent
) -> None:
    if os.fork():
        return
    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        die_with_parent()  # also one whose start nobody waited for
        os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
        os.environ.update(environment)
        print("pid", os.getpid(), flush=True)
        status = int(bool(run()))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def main() -> None:
    module, _, name = sys.argv.pop().partition(":")
    with loading():
        run = getattr(importlib.import_module(module), name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever ends is not waited for
    die_with_parent = DieWithParent()
    for line in sys.stdin:
        _fork(run, json.loads(line), die_with_parent)


if __name__ == "__main__":
    main()
