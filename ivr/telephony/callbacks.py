"""No exception is lost in a callback of the library."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


def guarded(callback: Callable[..., None]) -> Callable[..., None]:
    """Log and count what a callback raises; the library itself would print it at best.

    The object needs an `_endpoint` with `callback_failed(name)`.
    """

    @functools.wraps(callback)
    def run(self: Any, *arguments: Any) -> None:
        try:
            callback(self, *arguments)
        except Exception:
            self._endpoint.callback_failed(callback.__name__)

    return run
