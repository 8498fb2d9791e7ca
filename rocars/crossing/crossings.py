"""Recording that a truck has passed a control point."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import structlog
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.bundling.bundles import locked_bundle, receipt_of, release_cargo, require_live
from rocars.bundling.messages import BundleReceipt
from rocars.clock import Clock
from rocars.crossing.settings import ControlPoint
from rocars.refusals import Code, Problem
from rocars.store.database import Database
from rocars.store.tables.bundling import Bundle
from rocars.store.tables.cargo import Consignment

log = structlog.get_logger("rocars.bundling")


class Crossings:
    def __init__(
        self, database: Database, clock: Clock, control_points: Iterable[ControlPoint]
    ) -> None:
        self._database = database
        self._clock = clock
        self._open = {point.code for point in control_points if point.open}

    async def record(self, ubr: str, control_point: str) -> BundleReceipt:
        """The truck has passed. Raises Problem UNKNOWN_CONTROL_POINT, UNKNOWN_BUNDLE,
        BUNDLE_NOT_LIVE, NOT_YET."""
        if control_point not in self._open:
            raise Problem(Code.UNKNOWN_CONTROL_POINT, control_point)
        async with self._database.writing() as session:
            now = self._clock()
            bundle = await locked_bundle(session, ubr)
            require_live(bundle, now)
            if now < bundle.cross_from:
                raise Problem(Code.NOT_YET, ubr)
            await write_down(session, bundle, control_point, now)
        log.info("bundle.crossed", ubr=ubr, control_point=control_point)
        return receipt_of(bundle, now)


async def write_down(
    session: AsyncSession, bundle: Bundle, control_point: str, now: datetime
) -> None:
    """A live bundle, locked, has crossed with all its cargo. To be called once for a bundle, in the
    transaction that saw that it lives."""
    bundle.state = "crossed"
    bundle.crossed_at = now
    bundle.control_point = control_point
    await release_cargo(session, bundle)
    await session.execute(
        update(Consignment)
        .where(Consignment.id.in_([item.consignment_id for item in bundle.cargo]))
        .values(crossed_at=now)
    )
