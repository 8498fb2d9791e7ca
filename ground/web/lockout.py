"""Log-in refused for a time, longer with every failure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


class LockedFor(Exception):
    """Too many log-ins failed; `seconds` until the next is looked at."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"locked for {seconds:.0f} s")
        self.seconds = seconds


@dataclass(frozen=True)
class LockoutRule:
    """How many failures are free, and how long the pause is then, seconds; it doubles with every
    further failure up to the longest."""

    free_failures: int = 5
    first_lock_s: float = 30.0
    longest_lock_s: float = 3600.0

    def pause(self, failures: int) -> timedelta | None:
        """The pause after so many failures in a row; None while they are free."""
        beyond = failures - self.free_failures
        if beyond < 0:
            return None
        doublings = min(beyond, 32)  # a float holds no more than 2**1023
        return timedelta(seconds=min(self.first_lock_s * 2**doublings, self.longest_lock_s))
