"""So many log-ins from one address, and no more."""

from __future__ import annotations

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter


class Throttle:
    """Counts in this process; what locks an account counts everywhere, in the records."""

    def __init__(self, per_minute: int) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._rate = RateLimitItemPerMinute(per_minute)

    def allows(self, address: str) -> bool:
        """Whether one more may be tried from there now; it counts if so."""
        return self._limiter.hit(self._rate, address)
