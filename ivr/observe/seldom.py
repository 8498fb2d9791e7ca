"""Logs a repeated message only once in a while."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict

_MOST = 256


class Seldom:
    """Decides whether a message is to be logged now, or was logged a moment ago.

    Args:
        every_s: each message at most once in so many seconds.
    """

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._logged_at: OrderedDict[object, float] = OrderedDict()

    def now(self, what: object) -> bool:
        """Whether to log `what` now; if so, it counts as logged."""
        at = time.monotonic()
        if at - self._logged_at.get(what, -self._every_s) < self._every_s:
            return False
        self._logged_at[what] = at
        self._logged_at.move_to_end(what)
        while len(self._logged_at) > _MOST:
            self._logged_at.popitem(last=False)
        return True


class SeldomTheSame(logging.Filter):
    """A filter for a handler: of a library's logger that unknown peers can make log, each message
    only once in a while. Our own code uses `Seldom` itself."""

    def __init__(self, loggers: tuple[str, ...], every_s: float = 10.0) -> None:
        super().__init__()
        self._loggers = loggers
        self._seldom = Seldom(every_s)

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(self._loggers):
            return True
        kind = type(record.exc_info[1]).__name__ if record.exc_info else ""
        return self._seldom.now((record.name, record.msg, kind))
