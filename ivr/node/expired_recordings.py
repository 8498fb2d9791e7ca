"""Deletes recordings of calls that have been kept long enough, while the clock can be trusted."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from ivr.recorded_calls.shelf import RecordedCalls

log = structlog.get_logger("ivr.pool.housekeeping")


class ExpiredRecordings:
    """Of one node. They go day by day: all calls of a day (UTC) once its last one is old enough.

    They go whether calls are still recorded or not. As with records, nothing goes that was not
    announced in the log at an earlier look, and at one look no more than a day: a clock that is
    wrong does little before somebody sees it.
    """

    def __init__(
        self,
        shelf: RecordedCalls,
        keep_days: int,
        why_wait: Callable[[], Awaitable[str]],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`why_wait`: why the clock is not to be believed now; empty where it is."""
        self._shelf = shelf
        self._keep = timedelta(days=keep_days)
        self._why_wait = why_wait
        self._clock = clock
        self._announced: Path | None = None

    async def run(self) -> None:
        """Delete the day that the previous look announced, and announce the next. Raises
        RecordsUnavailable, OSError."""
        before = (self._clock() - self._keep).date()
        expired = await asyncio.to_thread(self._shelf.older_than, before)
        if not expired:
            self._announced = None
            return
        if why := await self._why_wait():
            log.warning("expired recordings of calls are kept", days=len(expired), why=why)
            self._announced = None
            return
        if self._announced == expired[0]:
            await asyncio.to_thread(shutil.rmtree, expired[0])
            log.info("recordings of calls deleted", day=expired[0].name)
            expired = expired[1:]
        self._announced = expired[0] if expired else None
        if self._announced is not None:
            log.warning("recordings of calls will be deleted", day=self._announced.name)
