"""So many log-ins, applications and keys of kiosks from one address in a minute, on all nodes
together: whoever comes through a proxy is at another node each time."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import structlog
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from ground.web.throttle import Throttle
from rocars.clock import Clock
from rocars.store.database import Database
from rocars.store.tables.security import Tries

log = structlog.get_logger("rocars.throttles")

_WINDOW_S = 60


class Throttles:
    """All of one ROCARS."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def of(self, what: str, per_minute: int) -> SharedThrottle:
        """That of one thing that is tried, by its name."""
        return SharedThrottle(self._database, self._clock, what, per_minute)

    async def sweep(self) -> None:
        """Forget minutes that are past."""
        oldest = int(self._clock().timestamp()) // _WINDOW_S - 1
        async with self._database.writing() as session:
            await session.execute(delete(Tries).where(Tries.minute < oldest))


class SharedThrottle:
    """Counts in the database, in a window that slides: the minute before counts for the share of
    it that is not a minute ago yet. What this node alone has had too often it refuses by itself,
    so that a flood does not reach the database."""

    def __init__(self, database: Database, clock: Clock, what: str, per_minute: int) -> None:
        self._database = database
        self._clock = clock
        self._what = what
        self._per_minute = per_minute
        self._here = Throttle(per_minute)

    async def allows(self, address: str) -> bool:
        """Whether one more may be tried from there now; it counts if so. While the database does
        not answer, this node's own count alone decides."""
        if not self._here.allows(address):
            return False
        try:
            return await self._allowed(address)
        except (SQLAlchemyError, OSError) as failure:
            log.error("throttle.uncounted", what=self._what, error=type(failure).__name__)
            return True

    async def _allowed(self, address: str) -> bool:
        place = sha256(f"{self._what}\0{address}".encode()).hexdigest()
        now_s = self._clock().timestamp()
        minute = int(now_s) // _WINDOW_S
        before_counts = 1 - (now_s - minute * _WINDOW_S) / _WINDOW_S
        async with self._database.writing() as session:
            counted = await session.execute(
                select(Tries.minute, Tries.count).where(
                    Tries.place == place, Tries.minute.in_((minute - 1, minute))
                )
            )
            counts = {row[0]: row[1] for row in counted}
            before = counts.get(minute - 1, 0) * before_counts
            if before + counts.get(minute, 0) + 1 > self._per_minute:
                return False
            now = await _one_more(session, place=place, minute=minute)
        return before + now <= self._per_minute


async def _one_more(session: AsyncSession, **key: Any) -> int:
    """Count one, safe when several nodes do the same; gives how many there are now."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    counted = await session.execute(
        insert(Tries)
        .values(**key, count=1)
        .on_conflict_do_update(
            index_elements=[Tries.place, Tries.minute], set_={"count": Tries.count + 1}
        )
        .returning(Tries.count)
    )
    return int(counted.scalar_one())
