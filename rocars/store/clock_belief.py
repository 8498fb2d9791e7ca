"""Whether the clock is to be believed before something is deleted for good.

A machine that starts with a wrong clock finds every record old. Answers kept for repetition would
go, and with them the proof that a request was done; so would passages and the officers' deeds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import func, select

from rocars.clock import Clock, in_hong_kong
from rocars.store.database import Database
from rocars.store.tables.bundling import IdempotentAnswer
from rocars.store.tables.crossing import BoundaryDeed, Passage
from rocars.store.tables.systems import BulkMessage

SETTLED = timedelta(hours=1)
"""So long a clock has gone evenly, since the start or since it was set, before it is believed."""

JUMP = timedelta(minutes=15)
FAR = timedelta(days=30)
_DATED = (
    IdempotentAnswer.answered_at,
    Passage.changed_at,
    BoundaryDeed.done_at,
    BulkMessage.taken_at,
)


class ClockBelief:
    """Of one process, for as long as it runs."""

    def __init__(
        self, database: Database, clock: Clock, *, runs_s: Callable[[], float] = time.monotonic
    ) -> None:
        """`runs_s` is a clock that nobody sets."""
        self._database = database
        self._clock = clock
        self._runs_s = runs_s
        self._at, self._ran_s = clock(), runs_s()
        self._even_since_s = self._ran_s

    async def doubt(self) -> str:
        """What speaks against the clock; empty when nothing does."""
        at, ran_s = self._clock(), self._runs_s()
        jump = (at - self._at) - timedelta(seconds=ran_s - self._ran_s)
        self._at, self._ran_s = at, ran_s
        if abs(jump) > JUMP:
            self._even_since_s = ran_s
        even = timedelta(seconds=ran_s - self._even_since_s)
        if even < SETTLED:
            minutes = (SETTLED - even) / timedelta(minutes=1)
            return f"the clock has just been started or set; {minutes:.0f} minutes to go"
        newest = await self._newest()
        if newest is not None and abs(at - newest) > FAR:
            return (
                f"the clock says {in_hong_kong(at):%Y-%m-%d}, and the newest record is of "
                f"{in_hong_kong(newest):%Y-%m-%d}; a request that is made now is taken for a sign "
                "that the clock is right"
            )
        return ""

    async def _newest(self) -> datetime | None:
        async with self._database.reading() as session:
            found = [await session.scalar(select(func.max(column))) for column in _DATED]
        return max((at for at in found if at is not None), default=None)
