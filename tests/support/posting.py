"""How a line posts to the event loop of a test: without an outbox between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from ivr.telephony.outbox import Post


def to_this_loop() -> Post:
    """Each call is run by the event loop that runs now, from whichever thread it is posted."""
    loop = asyncio.get_running_loop()

    def post(call: Callable[..., object], /, *arguments: Any) -> None:
        loop.call_soon_threadsafe(call, *arguments)

    return post
