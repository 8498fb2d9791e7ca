"""Lock-out after failed log-ins, per user ID as keyed, over all calls and lines.

RFC 4226 section 7.3: schemes must span log-in sessions. Unknown IDs lock exactly as known ones do.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from rocars.clock import Clock
from rocars.database import Database, insert_unless_there
from rocars.settings import AuthSettings
from rocars.tables import LoginFailures


class Lockout:
    """Counts failures. An attempt is charged as a failure before it is judged, so that parallel
    attempts cannot outrun the count; a success clears it."""

    def __init__(self, database: Database, clock: Clock, settings: AuthSettings) -> None:
        self._database = database
        self._clock = clock
        self._max = settings.max_failures
        self._lock = timedelta(minutes=settings.lock_minutes)
        self._reset = timedelta(minutes=settings.reset_minutes)

    async def admits(self, user_id: str) -> bool:
        """Charge one attempt; False when the user ID is locked (then nothing is charged)."""
        now = self._clock()
        async with self._database.write() as session:
            await insert_unless_there(
                session, LoginFailures, user_id=user_id, failures=0, last_at=now
            )
            row = (
                await session.execute(
                    select(LoginFailures).where(LoginFailures.user_id == user_id).with_for_update()
                )
            ).scalar_one()
            failures = row.failures
            if self._forgotten(failures, row.last_at, now):
                failures = 0
            if failures >= self._max:
                return False
            row.failures = failures + 1
            row.last_at = now
            return True

    async def clear(self, user_id: str) -> None:
        """A success, or an administrator, ends the count."""
        async with self._database.write() as session:
            await session.execute(
                update(LoginFailures).where(LoginFailures.user_id == user_id).values(failures=0)
            )

    async def sweep(self) -> None:
        """Forget what no longer counts."""
        longest = max(self._lock, self._reset)
        async with self._database.write() as session:
            await session.execute(
                delete(LoginFailures).where(LoginFailures.last_at < self._clock() - longest)
            )

    def _forgotten(self, failures: int, last_at: datetime, now: datetime) -> bool:
        patience = self._lock if failures >= self._max else self._reset
        return now - last_at >= patience
