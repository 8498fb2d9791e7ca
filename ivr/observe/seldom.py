"""The same line of a log once in a while, however often it happens."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict

_MOST = 256


class Seldom:
    """Whether something is to be said now, or was a moment ago.

    Args:
        every_s: once in so many seconds, each.
    """

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._logged_at: OrderedDict[object, float] = OrderedDict()

    def now(self, what: object) -> bool:
        """Whether to say it; it counts as said then."""
        at = time.monotonic()
        if at - self._logged_at.get(what, -self._every_s) < self._every_s:
            return False
        self._logged_at[what] = at
        self._logged_at.move_to_end(what)
        while len(self._logged_at) > _MOST:
            self._logged_at.popitem(last=False)
        return True


class SeldomTheSame(logging.Filter):
    """On a handler: of a library's logger that strangers can make speak, each message once in a
    while. Ours say by themselves what they say seldom."""

    def __init__(self, loggers: tuple[str, ...], every_s: float = 10.0) -> None:
        super().__init__()
        self._loggers = loggers
        self._seldom = Seldom(every_s)

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(self._loggers):
            return True
        kind = type(record.exc_info[1]).__name__ if record.exc_info else ""
        return self._seldom.now((record.name, record.msg, kind))
