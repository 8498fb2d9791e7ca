"""Brings Kamailio's messages into the service's own log.

Kamailio quotes what callers sent, line ends included: unchanged, a caller could put any line into
the log. Under attack it also logs a lot.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re

log = logging.getLogger(__name__)

LINES_A_SECOND = 20
_CHUNK = 65536
_LONGEST_LINE = 500
_FORM = re.compile(r"^\s*\d+\(\d+\) ([A-Z]+): (.*)$")
_LEVELS = {
    "ALERT": logging.CRITICAL,
    "BUG": logging.CRITICAL,
    "CRITICAL": logging.CRITICAL,
    "ERROR": logging.ERROR,
    "WARNING": logging.WARNING,
    "NOTICE": logging.INFO,
    "INFO": logging.INFO,
    "DEBUG": logging.DEBUG,
}


class FrontLog:
    """The reading end of one Kamailio's standard error."""

    def __init__(self) -> None:
        self._reader = -1
        self._rest = b""
        self._second = 0
        self._shown = 0
        self._left_out = 0

    def open(self) -> int:
        """Give the end that Kamailio writes to; close it here once Kamailio has it.

        It never blocks: if nobody reads, the front goes on and its messages are lost.
        """
        self.close()
        self._reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        return writer

    def close(self) -> None:
        if self._reader >= 0:
            os.close(self._reader)
            self._reader, self._rest = -1, b""

    def pass_on(self, now: float) -> None:
        """Log the messages since the last call; call it a few times a second. `now` is
        monotonic."""
        if int(now) != self._second:
            if self._left_out:
                log.warning("%d more lines of Kamailio not shown", self._left_out)
            self._second, self._shown, self._left_out = int(now), 0, 0
        for line in self.lines():
            if self._shown >= LINES_A_SECOND:
                self._left_out += 1
                continue
            self._shown += 1
            found = _FORM.match(line)
            level = _LEVELS.get(found[1], logging.WARNING) if found else logging.WARNING
            log.log(level, "Kamailio: %s", found[2] if found else line)

    def lines(self) -> list[str]:
        """The complete lines since the last call, shortened, as printable text."""
        read = b""
        if self._reader >= 0:
            with contextlib.suppress(BlockingIOError):
                read = os.read(self._reader, _CHUNK)
        *lines, self._rest = (self._rest + read).split(b"\n")
        self._rest = self._rest[-_CHUNK:]
        shown = (line.decode("ascii", errors="replace")[:_LONGEST_LINE] for line in lines)
        return [
            "".join(c if c.isprintable() else " " for c in line) for line in shown if line.strip()
        ]
