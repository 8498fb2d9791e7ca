"""From the pj thread to the event loop: calls due at one moment are handed over together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol

log = logging.getLogger(__name__)


class Post(Protocol):
    """Has a function called on the event loop."""

    def __call__(self, call: Callable[..., object], /, *arguments: Any) -> None: ...


class Outbox:
    """Collects calls until they are sent. Used on one thread, which is not the event loop's.

    Waking the event loop costs more than most of what it is woken for.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[tuple[Callable[..., object], tuple[Any, ...]]] = []

    def put(self, call: Callable[..., object], *arguments: Any) -> None:
        self._waiting.append((call, arguments))

    def send(self) -> None:
        """Have all waiting calls made, in order; a call that fails does not keep back the
        others."""
        if not self._waiting:
            return
        sent, self._waiting = self._waiting, []
        try:
            self._loop.call_soon_threadsafe(self._call, sent)
        except RuntimeError:
            log.warning("%d events came after the event loop was closed", len(sent))

    def _call(self, sent: list[tuple[Callable[..., object], tuple[Any, ...]]]) -> None:
        for call, arguments in sent:
            try:
                call(*arguments)
            except Exception as error:
                self._loop.call_exception_handler(
                    {"message": f"an event of the SIP thread failed: {call}", "exception": error}
                )
