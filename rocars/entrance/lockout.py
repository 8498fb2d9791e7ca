"""Lock-out after failed log-ins, per user ID as keyed, over all calls and lines.

RFC 4226 section 7.3: schemes must span log-in sessions. Unknown IDs lock exactly as known ones do.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete, select, update

from ground.database.insert import insert_unless_there
from rocars.clock import Clock
from rocars.entrance.settings import LoginRules
from rocars.store.database import Database
from rocars.store.tables.security import LoginFailures

AHEAD = timedelta(minutes=2)
"""What is said to have happened later than this after now was written by a wrong clock."""
_LONGEST = 32
"""Characters of `LoginFailures.user_id`."""


def at_address(channel: str, name: str, address: str) -> str:
    """What stands in the count for a name at a web page, tried from one address: a stranger
    elsewhere then locks nobody out. No user ID of a driver looks so.
    """
    digest = sha256(f"{name}\0{address}".encode()).hexdigest()
    return f"{channel}:{digest}"[:_LONGEST]


class Lockout:
    """Counts failures. An attempt is charged as a failure before it is judged, so that parallel
    attempts cannot outrun the count; a success clears it."""

    def __init__(self, database: Database, clock: Clock, rules: LoginRules) -> None:
        self._database = database
        self._clock = clock
        self._max = rules.max_failures
        self._lock = timedelta(minutes=rules.lock_minutes)
        self._reset = timedelta(minutes=rules.reset_minutes)

    async def admits(self, user_id: str) -> bool:
        """Charge one attempt; False when the user ID is locked (then nothing is charged)."""
        now = self._clock()
        async with self._database.writing() as session:
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

    async def locked_until(self, user_id: str) -> datetime | None:
        """Until when log-ins of this user ID are refused; None when they are not."""
        async with self._database.reading() as session:
            row = await session.get(LoginFailures, user_id)
        now = self._clock()
        if row is None or row.failures < self._max:
            return None
        return None if self._forgotten(row.failures, row.last_at, now) else row.last_at + self._lock

    async def clear(self, user_id: str) -> None:
        """A success, or an administrator, ends the count."""
        async with self._database.writing() as session:
            await session.execute(
                update(LoginFailures).where(LoginFailures.user_id == user_id).values(failures=0)
            )

    async def sweep(self) -> None:
        """Forget what no longer counts."""
        longest = max(self._lock, self._reset)
        async with self._database.writing() as session:
            now = self._clock()
            await session.execute(
                delete(LoginFailures).where(
                    ~LoginFailures.last_at.between(now - longest, now + AHEAD)
                )
            )

    def _forgotten(self, failures: int, last_at: datetime, now: datetime) -> bool:
        patience = self._lock if failures >= self._max else self._reset
        return now - last_at >= patience or last_at - now > AHEAD
