"""How long is kept what the boundary holds of vehicles and officers."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select

from rocars.clock import Clock
from rocars.crossing.settings import CrossingSettings
from rocars.store.database import Database
from rocars.store.tables.crossing import (
    BoundaryDeed,
    Passage,
    PlateReading,
    ProfileHit,
    ReadingPicture,
    UnladenDeclaration,
)

_AT_ONCE = 1000
"""So many passages a transaction: cameras must not wait for long."""


class Retention:
    def __init__(self, database: Database, clock: Clock, settings: CrossingSettings) -> None:
        self._database = database
        self._clock = clock
        self._pictures = timedelta(days=settings.picture_days)
        self._passages = timedelta(days=settings.passage_days)

    async def sweep(self) -> None:
        """Delete what is too old. Profiles stay; their hits go with the passages."""
        now = self._clock()
        async with self._database.writing() as session:
            await session.execute(
                delete(ReadingPicture).where(ReadingPicture.taken_at < now - self._pictures)
            )
            await session.execute(
                delete(BoundaryDeed).where(BoundaryDeed.done_at < now - self._passages)
            )
            await session.execute(
                delete(UnladenDeclaration).where(
                    UnladenDeclaration.passage_id.is_(None),
                    UnladenDeclaration.declared_at < now - self._passages,
                )
            )
        while await self._some_passages():
            pass

    async def _some_passages(self) -> bool:
        """Whether there was any to delete."""
        since = self._clock() - self._passages
        async with self._database.writing() as session:
            old = (
                await session.execute(
                    select(Passage.id).where(Passage.changed_at < since).limit(_AT_ONCE)
                )
            ).scalars()
            numbers = list(old)
            if not numbers:
                return False
            readings = select(PlateReading.id).where(PlateReading.passage_id.in_(numbers))
            for statement in (
                delete(ReadingPicture).where(ReadingPicture.reading_id.in_(readings)),
                delete(PlateReading).where(PlateReading.passage_id.in_(numbers)),
                delete(UnladenDeclaration).where(UnladenDeclaration.passage_id.in_(numbers)),
                delete(ProfileHit).where(ProfileHit.passage_id.in_(numbers)),
                delete(Passage).where(Passage.id.in_(numbers)),
            ):
                await session.execute(statement.execution_options(synchronize_session=False))
        return True
