"""Says when the next 20 ms of sound are due, on the thread that polls the library.

The library has a clock of its own, a thread beside ours. Two threads that each wake 50 times a
second cost more than one that does both.
"""

from __future__ import annotations

import math

from ivr.telephony.sound.frames import FRAME_S

_LONGEST_BEHIND_S = 1.0
"""After a longer standstill the missed time is skipped: nobody wants to hear it all at once."""


class FrameClock:
    """A clock of 50 ticks a second. `now` is monotonic time, in seconds."""

    def __init__(self, now: float) -> None:
        self._next_at = _tick_after(now)
        self.tick = 0
        """The number of ticks so far."""
        self.due_at = self._next_at
        """When the last tick was due."""
        self.passed_over = 0
        """Ticks that were skipped because they were too late to be of use, in all."""

    def frame_due(self, now: float) -> bool:
        """Whether a tick is due now; each tick is reported once, also a late one."""
        if self._next_at > now:
            return False
        self.due_at = self._next_at
        if now - self._next_at > _LONGEST_BEHIND_S:
            self.passed_over += int((now - self._next_at) / FRAME_S)
            self._next_at = now
        self._next_at += FRAME_S
        self.tick += 1
        return True

    def skip_to(self, now: float) -> None:
        """Skip the ticks until now; nobody needed them."""
        if now > self._next_at:
            self._next_at = _tick_after(now)

    def due_in(self, now: float) -> float:
        """Seconds until the next tick."""
        return max(0.0, self._next_at - now)


def _tick_after(now: float) -> float:
    return (math.floor(now / FRAME_S) + 1) * FRAME_S
