"""The vehicle that a reading is taken for, and its live bundles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.crossing.plate_reading import Candidates
from rocars.crossing.settings import Lane
from rocars.store.tables.bundling import Bundle
from rocars.store.tables.crossing import Passage
from rocars.store.tables.registration import Vehicle


@dataclass(frozen=True)
class Found:
    """The vehicle that a reading is taken for, and its live bundles, locked."""

    marks: tuple[str, ...]
    here: Sequence[Bundle]
    elsewhere: Sequence[Bundle]
    corrected: bool


async def find_vehicle(session: AsyncSession, lane: Lane, seen: Candidates, now: datetime) -> Found:
    """The vehicle a reading is taken for: that with a live bundle which it fits best; without
    one, the vehicle as read."""
    live = await live_bundles(session, seen.ranks, now)
    marks = seen.likeliest(bundle.mark for bundle in live)
    if marks and any(seen.corrected(mark) for mark in marks) and await is_known(session, seen):
        marks = ()  # what was read is a vehicle we know, so it was read right
    if not marks:
        return Found((seen.plate,) if seen.plate else (), (), (), False)
    if len(marks) > 1:
        return Found(marks, (), (), True)
    of_vehicle = [bundle for bundle in live if bundle.mark == marks[0]]
    here = [bundle for bundle in of_vehicle if direction_of(bundle) == lane.direction]
    elsewhere = [bundle for bundle in of_vehicle if direction_of(bundle) != lane.direction]
    return Found(marks, here, elsewhere, seen.corrected(marks[0]))


def direction_of(bundle: Bundle) -> str:
    """All cargo of a bundle goes the same way."""
    return bundle.cargo[0].consignment.direction


async def live_bundles(session: AsyncSession, marks: Iterable[str], now: datetime) -> list[Bundle]:
    """The live bundles of these vehicles, locked in the order of their ids."""
    wanted = list(marks)
    if not wanted:
        return []
    rows = await session.execute(
        select(Bundle)
        .where(Bundle.mark.in_(wanted), Bundle.state == "live", Bundle.expires_at > now)
        .order_by(Bundle.id)
        .with_for_update(of=Bundle)
    )
    return list(rows.scalars())


async def is_known(session: AsyncSession, seen: Candidates) -> bool:
    """Whether the mark as read is known: some driver has it on file, or it has crossed before."""
    if seen.plate is None:
        return False
    registered = exists().where(Vehicle.mark == seen.plate)
    has_crossed = exists().where(Passage.mark == seen.plate, Passage.crossed)
    row = await session.execute(select(registered | has_crossed))
    return bool(row.scalar())
