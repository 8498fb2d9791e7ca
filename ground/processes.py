"""Work that takes a processor for long, done in processes of its own.

A thread leaves the event loop waiting for the interpreter's lock, and a library that is loaded in
it holds that lock for as long as it likes. A process does neither, and makes way for calls: it is
niced. It is started when there is work, and ended when there was none for a while.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import ParamSpec, TypeVar

import setproctitle
import structlog

log = structlog.get_logger(__name__)

GivenT = ParamSpec("GivenT")
ResultT = TypeVar("ResultT")

NICENESS = 10


class TooMuchWork(Exception):
    """So much waits already that one more would wait for too long."""


class NotWanted(Exception):
    """Nobody waited for it any more when its turn came; it was not begun."""


class ProcessLost(Exception):
    """The process that did it was ended from outside, by a lack of memory for example."""


def wanted_by_all() -> bool:
    """What is done whoever waits for it."""
    return True


class WorkProcesses:
    """To be used in one event loop, and closed in it.

    Args:
        title: how the processes are called in the list of processes.
        most: so many at once.
        most_waiting: so many pieces of work may wait for their turn.
        idle_s: a process without work ends after so long, seconds.
    """

    def __init__(
        self, title: str, *, most: int = 1, most_waiting: int = 40, idle_s: float = 600.0
    ) -> None:
        self._title = title
        self._most = most
        self._most_waiting = most_waiting
        self._idle_s = idle_s
        self._turns = asyncio.Semaphore(most)
        self._begun = 0
        self._pool: ProcessPoolExecutor | None = None
        self._ending: asyncio.TimerHandle | None = None
        self._preparing: asyncio.Future[None] | None = None

    @property
    def running(self) -> bool:
        """Whether there is a process, at work or ready for it."""
        return self._pool is not None

    def prepare(self, load: Callable[[], object]) -> None:
        """Have a process ready that has done `load`, for work that is about to come. Nobody waits
        for it; where there is one already, nothing is done."""
        if not self.running and not self._begun:
            self._preparing = asyncio.ensure_future(self._loaded(load))

    async def _loaded(self, load: Callable[[], object]) -> None:
        with contextlib.suppress(TooMuchWork, ProcessLost):
            await self.run(load)

    async def run(
        self, work: Callable[GivenT, ResultT], *given: GivenT.args, **named: GivenT.kwargs
    ) -> ResultT:
        """The result of a function of a module, which is sent there and back with pickle.

        Raises TooMuchWork, ProcessLost, and what `work` raises.
        """
        return await self.run_while(wanted_by_all, work, *given, **named)

    async def run_while(
        self,
        wanted: Callable[[], bool],
        work: Callable[GivenT, ResultT],
        *given: GivenT.args,
        **named: GivenT.kwargs,
    ) -> ResultT:
        """The same for work that is not begun if nobody wants it when its turn comes.

        Raises NotWanted too.
        """
        if self._begun >= self._most + self._most_waiting:
            raise TooMuchWork(f"{self._begun} wait already")
        self._begun += 1
        self._stay()
        try:
            async with self._turns:
                if not wanted():
                    raise NotWanted(work.__name__)
                return await self._done(work, *given, **named)
        finally:
            self._begun -= 1
            if not self._begun:
                self._ending = asyncio.get_running_loop().call_later(self._idle_s, self.end)

    async def _done(
        self, work: Callable[GivenT, ResultT], *given: GivenT.args, **named: GivenT.kwargs
    ) -> ResultT:
        if self._pool is None:
            self._pool = self._started()
        pool = self._pool
        try:
            return await asyncio.wrap_future(pool.submit(work, *given, **named))
        except BrokenProcessPool as failure:
            log.error("a process that worked beside the event loop is gone", work=work.__name__)
            if self._pool is pool:
                self.end()
            raise ProcessLost(work.__name__) from failure

    def _started(self) -> ProcessPoolExecutor:
        # Not forked: a child would have copies of connections and locks of this process.
        fresh = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._most, fresh, _begin, (self._title,))

    def _stay(self) -> None:
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None

    def end(self) -> None:
        """End the processes when they have done what they do; what waits is not begun."""
        self._stay()
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    async def close(self) -> None:
        """End the processes, and wait for it."""
        self._stay()
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(pool.shutdown, wait=True, cancel_futures=True)


def _begin(title: str) -> None:
    """In a new process.

    What libraries write by themselves, such as a decoder about a damaged file, is no line of the
    log, and whoever writes it waits if nobody reads. What went wrong is raised in `run`.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for standard in (1, 2):
        os.dup2(nowhere, standard)
    os.close(nowhere)
    setproctitle.setproctitle(title)
    os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who started it
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Also when it was killed, and could not say that there will be no more work."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)
