"""Messages that are tried again: how long they are whose, and when they are tried next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class BackOff:
    """Pauses that double.

    Attributes:
        claimed: what somebody is sending is nobody else's for so long.
        first, longest: pause after the first try that failed, and the longest.
        given_up_after: what was made so long ago is not tried again.
    """

    claimed: timedelta
    first: timedelta
    longest: timedelta
    given_up_after: timedelta

    def next_try(self, tries: int, made_at: datetime, at: datetime) -> datetime | None:
        """When something is tried again that has failed `tries` times; None: it is given up."""
        if at - made_at > self.given_up_after:
            return None
        doubled = self.first * (1 << min(max(tries - 1, 0), 12))
        return at + min(doubled, self.longest)
