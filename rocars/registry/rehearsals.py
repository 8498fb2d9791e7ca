"""How far drivers are on the practice line of the telephone, as the telephone channel tells.

No PIN is asked for there, and none is looked up: whoever keys a driver's user ID rehearses as them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from sqlalchemy import select

from rocars.clock import Clock
from rocars.registry.course_progress import Progress, Trainee, first_page
from rocars.registry.messages import RehearsedStep
from rocars.store.database import Database
from rocars.store.tables.course import Rehearsed
from rocars.store.tables.registration import Company, Driver


class Rehearsals:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def note(self, user_id: str, steps: Sequence[RehearsedStep]) -> list[RehearsedStep]:
        """Steps that were done, now for the first time or again; gives all that were ever done. Of
        a user ID that is no driver's nothing is kept: anything may be keyed on the practice line.
        """
        now = self._clock()
        async with self._database.writing() as session:
            # The driver is locked, so that two calls at the same time lose no step.
            driver_id = await session.scalar(
                select(Driver.id).where(Driver.user_id == user_id).with_for_update()
            )
            if driver_id is None:
                return []
            kept = await session.get(Rehearsed, driver_id)
            if kept is None:
                kept = Rehearsed(driver_id=driver_id, begun_at=now, steps={})
                session.add(kept)
            kept.steps = {str(step): now.isoformat() for step in steps} | kept.steps
            return [step for step in get_args(RehearsedStep) if step in kept.steps]

    async def trainees(self) -> Sequence[Trainee]:
        """Those who have begun, the newest first, at most `A_PAGE` of `course_progress`."""
        begun = (
            select(Rehearsed, Driver.user_id, Driver.name, Company.name)
            .join(Driver, Driver.id == Rehearsed.driver_id)
            .join(Company, Company.id == Driver.company_id)
            .order_by(Rehearsed.begun_at.desc())
        )
        return await first_page(self._database, begun, _progress)


def _progress(kept: Rehearsed) -> Progress:
    return Progress("telephone", kept.begun_at, kept.steps)
