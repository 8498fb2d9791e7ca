"""When the next 20 ms of sound are due, on the thread that polls the library.

The library has a clock of its own, a thread beside ours. Two threads that each wake 50 times a
second cost more than one that does both.
"""

from __future__ import annotations

import math

from ivr.telephony.sound.frames import FRAME_S

_LONGEST_BEHIND_S = 1.0
"""After a longer standstill time is not made up for: nobody wants to hear it all at once."""


class FrameClock:
    """Ticks 50 times a second. `now` is monotonic time, in seconds."""

    def __init__(self, now: float) -> None:
        self._next_at = _tick_after(now)
        self.tick = 0
        """How many there were."""
        self.due_at = self._next_at
        """When the last one was due."""
        self.passed_over = 0
        """Ticks that were never told, since they were too late to be of use; in all."""

    def frame_due(self, now: float) -> bool:
        """Whether a tick is due, or one that is late; each is told once."""
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
        """Nobody missed the ticks until now."""
        if now > self._next_at:
            self._next_at = _tick_after(now)

    def due_in(self, now: float) -> float:
        """Seconds until the next tick."""
        return max(0.0, self._next_at - now)


def _tick_after(now: float) -> float:
    return (math.floor(now / FRAME_S) + 1) * FRAME_S
