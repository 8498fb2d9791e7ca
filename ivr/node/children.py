"""Forked children: made, told to stop, collected."""

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
"""Signals the supervisor takes one by one (sigtimedwait); blocked in it, free in its children."""

LEAVE_S = 20.0
"""What a child without calls has, after SIGTERM, for what it has begun."""

WORKER_TITLE = "rocars-ivr: worker"
"""How call workers are called in the list of processes."""

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def fork(work: Callable[[], int], *, dies_with_parent: bool = False) -> int:
    """Run `work` in a forked child; its return value is the exit status. Returns the child's pid.

    The child leaves by `os._exit`: destructors of native libraries shared with the parent must not
    run twice. With `dies_with_parent` the kernel sends it SIGTERM when the parent is gone.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    gc.freeze()  # what is shared with the children stays out of their collector's way
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
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the supervisor's to handle
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SUPERVISED)
        if die is not None:
            die()
        status = work()
    except SystemExit as leaving:
        status = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:
        log.critical("the process ends", exc_info=True)  # the log waits for nobody
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            last_words()
        os._exit(status)


class DieWithParent:
    """Called in a new child: the kernel ends it when its parent, the supervisor, is gone.

    Also undoes the signal mask, which a program started by the supervisor would inherit (prctl(2)).
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
    """A child that was waited for did not end well."""


def in_child(work: Callable[[], int]) -> None:
    """Run something in a child and wait for it, so that no thread of it stays here.

    Raises ChildFailed.
    """
    _, status = os.waitpid(fork(work), 0)
    if status:
        raise ChildFailed(f"exit status {os.waitstatus_to_exitcode(status)}")


def end_within(seconds: float) -> None:
    """Call when a child was told to stop: after so long it ends, whatever it still waits for.

    A database that is closed in the middle of an order may be waited for without end (seen with
    aiosqlite). A child that stayed would hold the lock of the data folder, and no node could start
    there again. For a child that runs an event loop; nothing is flushed but the log.
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
    """Whether a process lives that is a call worker, of whichever run."""
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_bytes().startswith(WORKER_TITLE.encode())
    except OSError:
        return False


def reap(pid: int) -> int | None:
    """The exit status of a child that has ended (negative: the signal), None while it runs."""
    try:
        ended, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return 0
    return os.waitstatus_to_exitcode(status) if ended else None
