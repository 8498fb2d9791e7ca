"""The vehicles drivers drive, and those a keyed spelling may mean."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ground.database.insert import insert_unless_there
from rocars.refusals import Code, Problem
from rocars.registry.marks import MainlandPlate, NotAMark, keyed_spelling, normalise
from rocars.registry.settings import VehicleSettings
from rocars.store.database import Database
from rocars.store.tables.registration import DriverVehicle, Vehicle


class Vehicles:
    def __init__(self, database: Database, settings: VehicleSettings) -> None:
        self._database = database
        self._settings = settings

    def mark(self, text: str) -> str:
        """The mark as kept. Raises Problem MAINLAND_PLATE or BAD_VEHICLE."""
        try:
            return normalise(
                text, z_four_digits_is_mainland=self._settings.z_four_digits_is_mainland
            )
        except MainlandPlate:
            raise Problem(Code.MAINLAND_PLATE, text) from None
        except NotAMark:
            raise Problem(Code.BAD_VEHICLE, text) from None

    async def of_driver(self, driver_id: int) -> tuple[str, ...]:
        """A driver's marks, most recently used first."""
        async with self._database.reading() as session:
            return await marks_of(session, driver_id)

    async def matching(self, driver_id: int, keyed: str) -> tuple[str, ...]:
        """Marks on file that spell these keys, the driver's own first; none when too many do."""
        async with self._database.reading() as session:
            own = (
                select(DriverVehicle.vehicle_id, DriverVehicle.used_at)
                .where(DriverVehicle.driver_id == driver_id)
                .subquery()
            )
            marks = (
                await session.execute(
                    select(Vehicle.mark)
                    .outerjoin(own, own.c.vehicle_id == Vehicle.id)
                    .where(Vehicle.keyed == keyed)
                    .order_by(own.c.vehicle_id.is_(None), own.c.used_at.desc(), Vehicle.mark)
                    .limit(self._settings.max_matches + 1)
                )
            ).scalars()
            found = tuple(marks)
        return () if len(found) > self._settings.max_matches else found


async def marks_of(session: AsyncSession, driver_id: int) -> tuple[str, ...]:
    """A driver's marks, most recently used first."""
    marks = await session.execute(
        select(Vehicle.mark)
        .join(DriverVehicle, DriverVehicle.vehicle_id == Vehicle.id)
        .where(DriverVehicle.driver_id == driver_id)
        .order_by(DriverVehicle.used_at.desc(), Vehicle.id)
    )
    return tuple(marks.scalars())


async def link(session: AsyncSession, driver_id: int, mark: str, at: datetime) -> None:
    """Put a vehicle on a driver's file, if it is not there."""
    known = (await session.execute(select(Vehicle).where(Vehicle.mark == mark))).scalar()
    if known is None:
        await insert_unless_there(session, Vehicle, mark=mark, keyed=keyed_spelling(mark))
        known = (await session.execute(select(Vehicle).where(Vehicle.mark == mark))).scalar_one()
    await insert_unless_there(
        session, DriverVehicle, driver_id=driver_id, vehicle_id=known.id, used_at=at
    )


async def used(session: AsyncSession, driver_id: int, mark: str, at: datetime) -> None:
    """Note that the driver used the vehicle, if it is on their file."""
    await session.execute(
        update(DriverVehicle)
        .where(
            DriverVehicle.driver_id == driver_id,
            DriverVehicle.vehicle_id.in_(select(Vehicle.id).where(Vehicle.mark == mark)),
        )
        .values(used_at=at)
        .execution_options(synchronize_session=False)
    )
