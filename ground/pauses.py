"""Pauses that end together: whatever a process does every few seconds wakes it once.

A process that wakes up costs far more than what it then looks at.
"""

from __future__ import annotations

import asyncio

_LEAST = 0.1
"""The least part of a pause: who woke a moment too early does not do the same again at once."""


def until_next(every_s: float) -> float:
    """Seconds until the event loop's clock is at a whole multiple of `every_s`; 0 for 0."""
    if every_s <= 0:
        return 0.0
    left = every_s - asyncio.get_running_loop().time() % every_s
    return left if left >= every_s * _LEAST else left + every_s


async def pause(every_s: float) -> None:
    """Wait until then; so all who pause for 1 s, and every second time those for 0.5 s, wake at the
    same moment."""
    await asyncio.sleep(until_next(every_s))
