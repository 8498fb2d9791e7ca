"""Writes text out of a process without ever waiting for its reader.

Writing to a pipe that nobody reads, a terminal that is stopped, or a log file on a lost network
share may wait for ever. So text goes into a bounded queue, and a thread writes it. Text that does
not fit is dropped and counted, and the loss is reported as soon as there is room.
"""

from __future__ import annotations

import atexit
import io
import logging
import os
import signal
import threading
import time
import traceback
import weakref
from collections import deque
from collections.abc import Callable
from typing import TextIO

MOST_WAITING = 1 << 20
"""The most characters that may wait; more are dropped."""

LAST_WORDS_S = 1.0
"""How long a process that ends waits for its last texts to be written."""

_outlets: weakref.WeakSet[Outlet] = weakref.WeakSet()
_on_dropped: list[Callable[[], None]] = []


class Outlet:
    """Writes text to one file descriptor from a thread of its own; works in processes that fork.

    The thread starts with the first text of a process, so a forked child has its own. It blocks all
    signals, which are for the main thread.
    """

    def __init__(
        self, descriptor: int, *, most: int = MOST_WAITING, dropped: str = "{count} lines dropped\n"
    ) -> None:
        """`dropped` is the notice about dropped texts, in which ``{count}`` is filled in."""
        self._descriptor = descriptor
        self._most = most
        self._dropped_notice = dropped
        self.dropped = 0
        """Texts of this process that were dropped."""
        self._begin_anew()
        _outlets.add(self)

    def _begin_anew(self) -> None:
        self._waiting: deque[str] = deque()
        self._size = 0
        self._unreported = 0
        self._owed = 0
        self._uncounted = 0
        self._torn = False
        self._writing = False
        self._thread: threading.Thread | None = None
        self._changed = threading.Condition()

    def put(self, text: str) -> bool:
        """Queue the text; returns at once. False if it was dropped."""
        with self._changed:
            if self._size + len(text) > self._most:
                self.dropped += 1
                self._unreported += 1
                fits = False
            else:
                self._waiting.append(text)
                self._size += len(text)
                fits = True
            lost, self._uncounted = self._uncounted + (not fits), 0
            if self._thread is None:
                self._thread = self._started()
            self._changed.notify_all()
        for count_it in _on_dropped * lost:
            count_it()
        return fits

    def flush(self, seconds: float = LAST_WORDS_S) -> bool:
        """Wait until all is written, at most `seconds`; returns whether it was."""
        until = time.monotonic() + seconds
        with self._changed:
            while self._waiting or self._writing or self._unreported:
                left = until - time.monotonic()
                if left <= 0 or self._thread is None or not self._thread.is_alive():
                    return False
                self._changed.wait(left)
        return True

    def _started(self) -> threading.Thread:
        thread = threading.Thread(target=self._write, name="outlet", daemon=True)
        taken = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            thread.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, taken)
        return thread

    def _write(self) -> None:
        changed = self._changed
        while True:
            with changed:
                self._writing = False
                changed.notify_all()
                while not (self._waiting or self._unreported):
                    changed.wait()
                text = "".join(self._waiting)
                self._waiting.clear()
                self._size = len(text)  # text that is being written still counts
                unsaid, self._unreported, self._owed = self._unreported + self._owed, 0, 0
                written = self._size
                self._writing = True
            notice = self._dropped_notice.replace("{count}", str(unsaid)) if unsaid else ""
            torn = "\n" if self._torn else ""
            data = f"{torn}{text}{notice}".encode(errors="backslashreplace")
            left = self._write_all(data)
            with changed:
                self._size -= written
                if not left:
                    self._torn = False  # half a line is fine: the next text has the rest
                elif len(left) < len(data):
                    self._torn = data[len(data) - len(left) - 1] != ord("\n")
                if left:
                    lines = left.count(b"\n") - (unsaid > 0)  # the notice is at the end
                    self._lost(min(lines, text.count("\n")), unsaid)

    def _lost(self, lines: int, unsaid: int) -> None:
        """Lines that could not be written count as dropped; they are reported with the next text
        that can be."""
        self.dropped += lines
        self._uncounted += lines
        self._owed = lines + unsaid

    def _write_all(self, data: bytes) -> bytes:
        """Write the data; gives the part that could not be written.

        It holds no lock and uses no Python file object, so that a fork meanwhile cannot hang.
        """
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:
                time.sleep(0.05)  # the descriptor was made non-blocking
            except OSError:
                return data  # closed, broken or full: there is nowhere to report it
        return b""


class OutletHandler(logging.Handler):
    """A handler that writes log lines through an outlet. Lines are formatted by the thread that
    logs."""

    def __init__(self, stream: TextIO, *, dropped: str = "{count} lines dropped\n") -> None:
        """A stream without a file descriptor (in memory) never waits; it is written to directly."""
        super().__init__()
        self._stream = stream
        self.outlet = _outlet_of(stream, dropped)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception:
            self.handleError(record)
            return
        self._say(line + "\n")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """A line could not be formatted: report it through the same outlet."""
        self._say(f"a log line of {record.name} failed\n{traceback.format_exc()}")

    def flush(self) -> None:
        if self.outlet is not None:
            self.outlet.flush()

    def _say(self, text: str) -> None:
        if self.outlet is not None:
            self.outlet.put(text)
        else:
            self._stream.write(text)
            self._stream.flush()


class OutletFile(io.TextIOBase):
    """A text stream for a program's output that never waits."""

    def __init__(self, stream: TextIO) -> None:
        """A stream without a file descriptor (in memory) never waits; it is written to directly."""
        super().__init__()
        self._stream = stream
        self._outlet = _outlet_of(stream, "{count} lines dropped\n")

    def write(self, text: str) -> int:
        if self._outlet is None:
            return self._stream.write(text)
        self._outlet.put(text)
        return len(text)

    def flush(self) -> None:
        """Does nothing: the thread writes as soon as it can."""

    def isatty(self) -> bool:
        return self._stream.isatty()

    def writable(self) -> bool:
        return True


def _outlet_of(stream: TextIO, dropped: str) -> Outlet | None:
    try:
        return Outlet(stream.fileno(), dropped=dropped)
    except (OSError, ValueError):  # io.UnsupportedOperation is both
        return None


def when_dropped(count_it: Callable[[], None]) -> None:
    """Have this function called for each dropped text from now on, to count them."""
    _on_dropped.append(count_it)


def last_words(seconds: float = LAST_WORDS_S) -> None:
    """Wait until all texts are written; for a process that exits by `os._exit`."""
    until = time.monotonic() + seconds
    for outlet in list(_outlets):
        outlet.flush(max(0.0, until - time.monotonic()))


def _after_fork() -> None:
    for outlet in list(_outlets):
        outlet._begin_anew()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(last_words)
