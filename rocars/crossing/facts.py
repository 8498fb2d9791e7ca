"""What risk profiles are told of a vehicle and of its cargo."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.clock import in_hong_kong
from rocars.crossing.settings import Lane
from rocars.store.tables.bundling import Bundle
from rocars.store.tables.registration import Company, Driver


def of_vehicle(lane: Lane, mark: str | None, now: datetime, *, corrected: bool) -> dict[str, Any]:
    """The items of `rocars.crossing.risk.OF_EVERY_VEHICLE`."""
    here = in_hong_kong(now)
    return {
        "vehicle": mark,
        "control_point": lane.control_point,
        "lane": lane.code,
        "direction": lane.direction,
        "hour": here.hour,
        "weekday": here.isoweekday(),
        "read_corrected": corrected,
    }


async def of_cargo(
    session: AsyncSession, bundles: Sequence[Bundle], now: datetime
) -> list[dict[str, Any]]:
    """The items of `rocars.crossing.risk.OF_CARGO`, once for each consignment."""
    lots = [(bundle, item.consignment) for bundle in bundles for item in bundle.cargo]
    if not lots:
        return []
    companies = {
        company.id: company
        for company in (
            await session.execute(
                select(Company).where(Company.id.in_({lot.company_id for _, lot in lots}))
            )
        ).scalars()
    }
    rows = await session.execute(
        select(Driver.id, Driver.user_id).where(
            Driver.id.in_({bundle.driver_id for bundle in bundles})
        )
    )
    drivers = {row.id: row.user_id for row in rows}
    return [
        {
            "ubr": bundle.ubr,
            "driver": drivers[bundle.driver_id],
            "consignments": len(bundle.cargo),
            "minutes_since_bundling": int((now - bundle.bundled_at).total_seconds() // 60),
            "ccrn": lot.ccrn,
            "company": companies[lot.company_id].registration_number,
            "company_name": companies[lot.company_id].name,
            "packages": lot.packages,
            "package_description": lot.package_description,
            "articles": lot.articles,
            "consignor_name": lot.consignor_name,
            "consignor_address": lot.consignor_address,
            "consignee_name": lot.consignee_name,
            "consignee_address": lot.consignee_address,
            "expected_date": lot.expected_date,
            "container_number": tuple(lot.container_numbers),
            "licence_number": tuple(lot.licence_numbers),
            "transhipment": lot.transhipment,
            "amended": lot.amended_at is not None,
        }
        for bundle, lot in lots
    ]
