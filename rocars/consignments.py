"""Cargo data: lodged by shippers, answered with a CCRN, amended only while unbundled."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal, cast

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.ccrn import draw, well_formed
from rocars.clock import Clock, in_hong_kong
from rocars.database import Database
from rocars.messages import ConsignmentData, ConsignmentRecord, Direction, Lodged
from rocars.problems import Code, Problem
from rocars.registration import company_called
from rocars.settings import CcrnSettings, RuleSettings
from rocars.tables import Bundle, BundledCargo, Company, Consignment

log = structlog.get_logger("rocars.consignments")

State = Literal["free", "bundled", "expired", "crossed"]
_DRAWS = 5


class Consignments:
    def __init__(
        self, database: Database, clock: Clock, rules: RuleSettings, ccrn: CcrnSettings
    ) -> None:
        self._database = database
        self._clock = clock
        self._rules = rules
        self._ccrn = ccrn

    async def lodge(self, data: ConsignmentData) -> Lodged:
        """Raises Problem DATE_PAST, TOO_EARLY_TO_LODGE, UNKNOWN_COMPANY."""
        now = self._clock()
        self._check_date(data, now)
        for _ in range(_DRAWS):
            ccrn = draw(self._ccrn)
            try:
                async with self._database.write() as session:
                    company_id = await company_called(session, data.company)
                    consignment = Consignment(
                        ccrn=ccrn, company_id=company_id, lodged_at=now, **_columns(data)
                    )
                    session.add(consignment)
            except IntegrityError:
                continue  # this number is taken: draw another
            log.info("cargo.lodged", ccrn=ccrn, direction=data.direction)
            return Lodged(ccrn=ccrn, lodged_at=now, amended_at=None)
        raise Problem(Code.UNAVAILABLE, detail="no free CCRN was found")

    async def amend(self, ccrn: str, data: ConsignmentData) -> Lodged:
        """Replace the data. Raises Problem UNKNOWN_CCRN, CARGO_IN_BUNDLE, CARGO_CROSSED, and those
        of `lodge`."""
        now = self._clock()
        self._check_date(data, now)
        async with self._database.write() as session:
            company_id = await company_called(session, data.company)
            (consignment,) = await self.lock(session, (ccrn,))
            if consignment.company_id != company_id:
                raise Problem(Code.UNKNOWN_CCRN, ccrn)  # nobody learns of another's cargo
            await release_lapsed(session, consignment.id, now)
            if consignment.crossed_at is not None:
                raise Problem(Code.CARGO_CROSSED, ccrn)
            if await live_bundle(session, consignment.id) is not None:
                raise Problem(Code.CARGO_IN_BUNDLE, ccrn)
            for column, value in _columns(data).items():
                setattr(consignment, column, value)
            consignment.amended_at = now
        log.info("cargo.amended", ccrn=ccrn)
        return Lodged(ccrn=ccrn, lodged_at=consignment.lodged_at, amended_at=now)

    async def state(self, ccrn: str) -> State:
        """Where the cargo stands now. Raises Problem UNKNOWN_CCRN."""
        async with self._database.read() as session:
            consignment = await self._called(session, ccrn)
            return await self.state_of(session, consignment)

    async def record(self, ccrn: str) -> ConsignmentRecord:
        """All that is held, for shippers. Raises Problem UNKNOWN_CCRN."""
        async with self._database.read() as session:
            consignment = await self._called(session, ccrn)
            state = await self.state_of(session, consignment)
            company = await session.get_one(Company, consignment.company_id)
        data = {name: getattr(consignment, name) for name in _DATA_ITEMS}
        return ConsignmentRecord(
            ccrn=ccrn,
            lodged_at=consignment.lodged_at,
            amended_at=consignment.amended_at,
            state=state,
            data=ConsignmentData(company=company.registration_number, **data),
        )

    async def lock(self, session: AsyncSession, ccrns: tuple[str, ...]) -> list[Consignment]:
        """These consignments, in this order, locked until the transaction ends (in the order of
        their ids, so that nobody waits in a ring). Raises Problem UNKNOWN_CCRN."""
        for ccrn in ccrns:
            if not well_formed(ccrn, self._ccrn):
                raise Problem(Code.UNKNOWN_CCRN, ccrn)
        rows = await session.execute(
            select(Consignment)
            .where(Consignment.ccrn.in_(ccrns))
            .order_by(Consignment.id)
            .with_for_update()
        )
        by_ccrn = {consignment.ccrn: consignment for consignment in rows.scalars()}
        for ccrn in ccrns:
            if ccrn not in by_ccrn:
                raise Problem(Code.UNKNOWN_CCRN, ccrn)
        return [by_ccrn[ccrn] for ccrn in ccrns]

    def expired(self, consignment: Consignment, now: datetime) -> bool:
        """Whether the expected date is too long past."""
        return in_hong_kong(now).date() > self.last_day(consignment)

    def last_day(self, consignment: Consignment) -> date:
        return consignment.expected_date + timedelta(days=self._rules.expire_days)

    async def _called(self, session: AsyncSession, ccrn: str) -> Consignment:
        if not well_formed(ccrn, self._ccrn):
            raise Problem(Code.UNKNOWN_CCRN, ccrn)
        row = await session.execute(select(Consignment).where(Consignment.ccrn == ccrn))
        consignment = row.scalar()
        if consignment is None:
            raise Problem(Code.UNKNOWN_CCRN, ccrn)
        return consignment

    async def state_of(self, session: AsyncSession, consignment: Consignment) -> State:
        now = self._clock()
        if consignment.crossed_at is not None:
            return "crossed"
        bundle = await live_bundle(session, consignment.id)
        if bundle is not None and now < bundle.expires_at:
            return "bundled"
        return "expired" if self.expired(consignment, now) else "free"

    def _check_date(self, data: ConsignmentData, now: datetime) -> None:
        today = in_hong_kong(now).date()
        if data.expected_date < today:
            raise Problem(Code.DATE_PAST, data.expected_date.isoformat())
        if data.expected_date > today + timedelta(days=self._rules.max_days_ahead):
            raise Problem(Code.TOO_EARLY_TO_LODGE, data.expected_date.isoformat())


async def live_bundle(session: AsyncSession, consignment_id: int) -> Bundle | None:
    row = await session.execute(
        select(Bundle)
        .join(BundledCargo, BundledCargo.bundle_id == Bundle.id)
        .where(BundledCargo.consignment_id == consignment_id, BundledCargo.live)
    )
    return row.scalar()


async def release_lapsed(session: AsyncSession, consignment_id: int, now: datetime) -> None:
    """Settle the expiry of a bundle that has lapsed, so that it holds its cargo no longer."""
    bundle = await live_bundle(session, consignment_id)
    if bundle is None or now < bundle.expires_at:
        return
    await session.execute(
        update(Bundle).where(Bundle.id == bundle.id, Bundle.state == "live").values(state="expired")
    )
    await session.execute(
        update(BundledCargo).where(BundledCargo.bundle_id == bundle.id).values(live=False)
    )


_DATA_ITEMS = tuple(name for name in ConsignmentData.model_fields if name != "company")


def _columns(data: ConsignmentData) -> dict[str, object]:
    return {name: getattr(data, name) for name in _DATA_ITEMS}


def direction_of(consignment: Consignment) -> Direction:
    return cast(Direction, consignment.direction)
