"""When a refused session refresh (RFC 4028) is sent again.

The library sends it only once: without a further one the session expires, and the other side hangs
up in the middle of the conversation.
"""

from __future__ import annotations

import random

from ivr.telephony.status import NO_SUCH_CALL, OK, REQUEST_PENDING, REQUEST_TIMEOUT

_BY_THE_LIBRARY = {401, 407, 422, REQUEST_TIMEOUT, NO_SUCH_CALL}
"""The library itself answers a challenge, takes a longer interval (RFC 4028, 7.3), and ends a call
that is gone."""
_NOT_NOW_S = 10.0
_MOST = 10


class SessionRefresh:
    """The refreshes of one call. All times are monotonic seconds."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._again_at: float | None = None
        self._refused = 0

    def answered(self, status: int, now: float) -> None:
        """Take the final status of an INVITE or UPDATE that we sent within the call."""
        self._again_at = None
        if status < OK + 100:
            self._refused = 0
        elif status not in _BY_THE_LIBRARY and self._refused < _MOST:
            self._refused += 1
            # Both sides asked at once: whoever did not begin the call waits 0 to 2 s, in steps of
            # 10 ms (RFC 3261, 14.1).
            pending = status == REQUEST_PENDING
            self._again_at = now + (self._chance.randrange(201) / 100 if pending else _NOT_NOW_S)

    def is_due(self, now: float) -> bool:
        """Whether it must be sent again now. If this says so, it counts as sent."""
        if self._again_at is None or now < self._again_at:
            return False
        self._again_at = None
        return True

    def could_not_be_sent(self, now: float) -> None:
        """Another request of this kind is under way, maybe the other side's."""
        self._again_at = now + 1.0
