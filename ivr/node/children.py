"""Forked children: started, told to stop, waited for."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from ground.outlet import last_words

log = logging.getLogger("ivr.node.children")

SUPERVISED = frozenset(
    {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD, signal.SIGUSR1}
)
"""Signals that the supervisor takes one by one (sigtimedwait); blocked there, but not in its
children."""

LEAVE_S = 20.0
"""Time that a child without calls has after SIGTERM to finish what it has begun."""

WORKER_TITLE = "rocars-ivr: worker"
"""The title of call workers in the list of processes."""

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def fork(work: Callable[[], int], *, dies_with_parent: bool = False) -> int:
    """Run `work` in a forked child; its return value is the exit status. Returns the child's pid.

    The child leaves by `os._exit`: destructors of native libraries shared with the parent must not
    run twice. With `dies_with_parent` the kernel sends it SIGTERM when the parent is gone.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    gc.freeze()  # the collector must not write to memory that is shared with the children
    die = DieWithParent() if dies_with_parent else None
    pid = os.fork()
    if pid == 0:
        _become(work, die)
    return pid


def _become(work: Callable[[], int], die: DieWithParent | None) -> NoReturn:
    status = 70  # EX_SOFTWARE
    try:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is handled by the supervisor alone
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SUPERVISED)
        if die is not None:
            die()
        status = work()
    except SystemExit as leaving:
        status = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:
        log.critical("the process ends", exc_info=True)  # the log never blocks
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            last_words()
        os._exit(status)


class DieWithParent:
    """Called in a new child: the kernel ends it when its parent, the supervisor, dies.

    It also resets the signal mask, which a program started by the supervisor would inherit
    (prctl(2)).
    """

    def __init__(self) -> None:
        self._parent = os.getpid()
        self._libc = ctypes.CDLL(None, use_errno=True)  # loaded before the fork

    def __call__(self) -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SUPERVISED)
        self._libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != self._parent:
            os._exit(0)


class ChildFailed(Exception):
    """A child that was waited for failed."""


def in_child(work: Callable[[], int]) -> None:
    """Run `work` in a child process and wait for it, so that none of its threads remain here.

    Raises ChildFailed.
    """
    _, status = os.waitpid(fork(work), 0)
    if status:
        raise ChildFailed(f"exit status {os.waitstatus_to_exitcode(status)}")


def end_within(seconds: float) -> None:
    """Called when a child was told to stop: it ends after `seconds`, whatever it still waits for.

    Closing a database in the middle of a statement may never return (seen with aiosqlite). A child
    that stayed would hold the lock of the data folder, so that no node could start there again. For
    a child with an event loop; only the log is flushed.
    """
    asyncio.get_running_loop().call_later(seconds, _give_up, seconds)


def _give_up(seconds: float) -> None:
    waiting = sorted(task.get_coro().__qualname__ for task in asyncio.all_tasks())  # type: ignore[union-attr]
    log.error("ends, though it waits for something", extra={"after_s": seconds, "for": waiting})
    last_words()
    os._exit(1)


def tell(pid: int, number: signal.Signals) -> None:
    """Send a signal to a child that may be gone already."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def is_worker(pid: int) -> bool:
    """Whether this process exists and is a call worker, of any run."""
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_bytes().startswith(WORKER_TITLE.encode())
    except OSError:
        return False


def reap(pid: int) -> int | None:
    """The exit status of a child that has ended (negative: the signal); None while it runs."""
    try:
        ended, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return 0
    return os.waitstatus_to_exitcode(status) if ended else None
