"""So many requests in a minute, and when the next may come."""

from __future__ import annotations

import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from rocars.refusals import Code, Problem


class Rates:
    """Counts in this process: each node admits so many."""

    def __init__(self, per_minute: int) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._rate = RateLimitItemPerMinute(per_minute)

    def take(self, who: str) -> None:
        """One more. Raises Problem TOO_MANY_REQUESTS, which says when to come again."""
        if self._limiter.hit(self._rate, who):
            return
        reset = self._limiter.get_window_stats(self._rate, who).reset_time
        raise Problem(
            Code.TOO_MANY_REQUESTS,
            detail=f"expected at most {self._rate.amount} a minute",
            retry_after_s=max(1, math.ceil(reset - time.time())),
        )
