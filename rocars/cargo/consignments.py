"""Cargo data: lodged by shippers, answered with a CCRN, amended only while unbundled."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal, cast

import structlog
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.cargo.ccrn import draw, well_formed
from rocars.cargo.dates import LodgingDates
from rocars.cargo.messages import (
    CargoData,
    CargoState,
    ConsignmentData,
    ConsignmentRecord,
    ConsignmentState,
    Lodged,
)
from rocars.cargo.settings import CargoRules, CcrnSettings
from rocars.clock import Clock, in_hong_kong
from rocars.messages import Direction
from rocars.refusals import Code, Problem
from rocars.registry.companies import company_called
from rocars.store.database import Database
from rocars.store.journal import write_down
from rocars.store.tables.bundling import Bundle, BundledCargo
from rocars.store.tables.cargo import Consignment, ConsignmentChange, LodgingKey
from rocars.store.tables.registration import Company

log = structlog.get_logger("rocars.consignments")

_DRAWS = 5


@dataclass(frozen=True)
class Added:
    """A consignment just lodged: its key and its number."""

    id: int
    ccrn: str


class Consignments:
    def __init__(
        self, database: Database, clock: Clock, rules: CargoRules, ccrn: CcrnSettings
    ) -> None:
        self._database = database
        self._clock = clock
        self._rules = rules
        self._ccrn = ccrn

    async def lodge(self, data: ConsignmentData, *, key: str = "") -> Lodged:
        """Lodge one consignment; under a key (a form that may be sent twice) once only.

        Raises Problem DATE_PAST, TOO_EARLY_TO_LODGE, UNKNOWN_COMPANY, IDEMPOTENCY_KEY_REUSED (the
        form has come before, with other data: its subject is the CCRN of those).
        """
        now = self._clock()
        self.dates(now).check(data.expected_date)
        for _ in range(_DRAWS):
            try:
                async with self._database.writing() as session:
                    company_id = await company_called(session, data.company)
                    if key and (before := await _lodged_under(session, company_id, key)):
                        if data_of(before, data.company) != data:
                            raise Problem(Code.IDEMPOTENCY_KEY_REUSED, before.ccrn)
                        return Lodged(
                            ccrn=before.ccrn,
                            lodged_at=before.lodged_at,
                            amended_at=before.amended_at,
                        )
                    (added,) = await self.add(session, company_id, (data,), now)
                    write_down(session, now, "lodged", "ccrn", added.ccrn)
                    if key:
                        session.add(
                            LodgingKey(company_id=company_id, key=key, consignment_id=added.id)
                        )
            except IntegrityError:
                continue  # this number is taken, or the same form came twice: look again
            log.info("cargo.lodged", ccrn=added.ccrn, direction=data.direction)
            return Lodged(ccrn=added.ccrn, lodged_at=now, amended_at=None)
        raise Problem(Code.UNAVAILABLE, detail="no free CCRN was found")

    async def add(
        self, session: AsyncSession, company_id: int, lots: Sequence[CargoData], now: datetime
    ) -> list[Added]:
        """Lodge all of these in a transaction of the caller, in their order; their dates have been
        checked. Raises IntegrityError when a number drawn is taken: then the transaction is to be
        begun anew."""
        ccrns: dict[str, None] = {}
        while len(ccrns) < len(lots):
            ccrns[draw(self._ccrn)] = None
        if not lots:
            return []
        # In one statement: the objects of the ORM would hold SQLite's lock ten times as long.
        rows = await session.execute(
            insert(Consignment).returning(Consignment.ccrn, Consignment.id),
            [
                {"ccrn": ccrn, "company_id": company_id, "lodged_at": now, **_columns(data)}
                for ccrn, data in zip(ccrns, lots, strict=True)
            ],
        )
        ids = {row.ccrn: row.id for row in rows}
        return [Added(ids[ccrn], ccrn) for ccrn in ccrns]

    def dates(self, now: datetime) -> LodgingDates:
        """The expected dates that may be lodged now."""
        return LodgingDates.at(now, self._rules)

    async def amend(self, ccrn: str, data: ConsignmentData, *, by: str = "") -> Lodged:
        """Replace the data; what changed is kept, with the user ID of who did it.

        Raises Problem UNKNOWN_CCRN, CARGO_IN_BUNDLE, CARGO_CROSSED, CARGO_WITHDRAWN, and those of
        `lodge`.
        """
        now = self._clock()
        self.dates(now).check(data.expected_date)
        async with self._database.writing() as session:
            company_id = await company_called(session, data.company)
            amended = await self.amend_one(session, company_id, ccrn, data, now, by)
        log.info("cargo.amended", ccrn=ccrn)
        return amended

    async def amend_one(
        self,
        session: AsyncSession,
        company_id: int,
        ccrn: str,
        data: CargoData,
        now: datetime,
        by: str,
    ) -> Lodged:
        """Amend in a transaction of the caller; the date has been checked. Nothing has changed when
        it raises Problem UNKNOWN_CCRN, CARGO_IN_BUNDLE, CARGO_CROSSED, CARGO_WITHDRAWN."""
        consignment = await self._unbundled(session, company_id, ccrn, now)
        changes = {
            column: [_plain(getattr(consignment, column)), _plain(value)]
            for column, value in _columns(data).items()
            if getattr(consignment, column) != value
        }
        for column, value in _columns(data).items():
            setattr(consignment, column, value)
        consignment.amended_at = now
        session.add(_change(consignment, now, by, "amended", changes))
        write_down(session, now, "amended", "ccrn", ccrn)
        return Lodged(ccrn=ccrn, lodged_at=consignment.lodged_at, amended_at=now)

    async def withdraw(self, company: str, ccrn: str, *, by: str = "") -> None:
        """Take cargo back that is not to cross: nobody can bundle it any more.

        Raises Problem UNKNOWN_COMPANY, UNKNOWN_CCRN, CARGO_IN_BUNDLE, CARGO_CROSSED,
        CARGO_WITHDRAWN.
        """
        now = self._clock()
        async with self._database.writing() as session:
            company_id = await company_called(session, company)
            await self.withdraw_one(session, company_id, ccrn, now, by)
        log.info("cargo.withdrawn", ccrn=ccrn)

    async def withdraw_one(
        self, session: AsyncSession, company_id: int, ccrn: str, now: datetime, by: str
    ) -> None:
        """Withdraw in a transaction of the caller. Nothing has changed when it raises Problem
        UNKNOWN_CCRN, CARGO_IN_BUNDLE, CARGO_CROSSED, CARGO_WITHDRAWN."""
        consignment = await self._unbundled(session, company_id, ccrn, now)
        consignment.withdrawn_at = now
        session.add(_change(consignment, now, by, "withdrawn", {}))
        write_down(session, now, "withdrawn", "ccrn", ccrn)

    async def _unbundled(
        self, session: AsyncSession, company_id: int, ccrn: str, now: datetime
    ) -> Consignment:
        """A consignment of this company, locked, that its shipper may still change."""
        (consignment,) = await self.lock(session, (ccrn,), withdrawn=True)
        if consignment.company_id != company_id:
            raise Problem(Code.UNKNOWN_CCRN, ccrn)  # nobody learns of another's cargo
        if consignment.withdrawn_at is not None:
            raise Problem(Code.CARGO_WITHDRAWN, ccrn)
        if consignment.crossed_at is not None:
            raise Problem(Code.CARGO_CROSSED, ccrn)
        if await held_in_bundles(session, (consignment.id,), now):
            raise Problem(Code.CARGO_IN_BUNDLE, ccrn)
        return consignment

    async def state(self, ccrn: str) -> CargoState:
        """Where the cargo stands now, for drivers, to whom withdrawn cargo is unknown.

        Raises Problem UNKNOWN_CCRN.
        """
        async with self._database.reading() as session:
            state = await self.state_of(session, await self._called(session, ccrn))
        if state == "withdrawn":
            raise Problem(Code.UNKNOWN_CCRN, ccrn)
        return state

    async def record(self, ccrn: str, *, of: Collection[int] | None = None) -> ConsignmentRecord:
        """All that is held, for shippers. Raises Problem UNKNOWN_CCRN; with `of`, for the cargo of
        others than these companies too."""
        async with self._database.reading() as session:
            consignment = await self._called(session, ccrn)
            if of is not None and consignment.company_id not in of:
                raise Problem(Code.UNKNOWN_CCRN, ccrn)
            state = await self.state_of(session, consignment)
            company = await session.get_one(Company, consignment.company_id)
        return ConsignmentRecord(
            ccrn=ccrn,
            lodged_at=consignment.lodged_at,
            amended_at=consignment.amended_at,
            state=state,
            data=data_of(consignment, company.registration_number),
        )

    async def lock(
        self, session: AsyncSession, ccrns: tuple[str, ...], *, withdrawn: bool = False
    ) -> list[Consignment]:
        """These consignments, in this order, locked until the transaction ends (in the order of
        their ids, so that nobody waits in a ring). Raises Problem UNKNOWN_CCRN, for those
        withdrawn too unless they are wanted."""
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
            if ccrn not in by_ccrn or (by_ccrn[ccrn].withdrawn_at is not None and not withdrawn):
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

    async def state_of(self, session: AsyncSession, consignment: Consignment) -> ConsignmentState:
        now = self._clock()
        if consignment.withdrawn_at is not None:
            return "withdrawn"
        if consignment.crossed_at is not None:
            return "crossed"
        bundle = await _live_bundle(session, consignment.id)
        if bundle is not None and now < bundle.expires_at:
            return "bundled"
        return "expired" if self.expired(consignment, now) else "free"


async def _live_bundle(session: AsyncSession, consignment_id: int) -> Bundle | None:
    row = await session.execute(
        select(Bundle)
        .join(BundledCargo, BundledCargo.bundle_id == Bundle.id)
        .where(BundledCargo.consignment_id == consignment_id, BundledCargo.live)
    )
    return row.scalar()


async def held_in_bundles(session: AsyncSession, ids: Collection[int], now: datetime) -> set[int]:
    """Which of these consignments are in a live bundle. One that has lapsed is settled on the way:
    it has expired, and holds its cargo no longer."""
    rows = (
        await session.execute(
            select(BundledCargo.consignment_id, Bundle.id, Bundle.expires_at)
            .join(Bundle, Bundle.id == BundledCargo.bundle_id)
            .where(BundledCargo.consignment_id.in_(ids), BundledCargo.live)
        )
    ).all()
    lapsed = {row.id for row in rows if now >= row.expires_at}
    if lapsed:
        await session.execute(
            update(Bundle)
            .where(Bundle.id.in_(lapsed), Bundle.state == "live")
            .values(state="expired")
        )
        await session.execute(
            update(BundledCargo).where(BundledCargo.bundle_id.in_(lapsed)).values(live=False)
        )
    return {row.consignment_id for row in rows if row.id not in lapsed}


_DATA_ITEMS = tuple(CargoData.model_fields)


def data_of(consignment: Consignment, company: str) -> ConsignmentData:
    """The data as last lodged; `company` is the registration number of its shipper."""
    data = {name: getattr(consignment, name) for name in _DATA_ITEMS}
    return ConsignmentData(company=company, **data)


async def _lodged_under(session: AsyncSession, company_id: int, key: str) -> Consignment | None:
    """What was lodged for this form before."""
    before = await session.get(LodgingKey, (company_id, key))
    return None if before is None else await session.get_one(Consignment, before.consignment_id)


def _change(
    consignment: Consignment,
    now: datetime,
    by: str,
    deed: Literal["amended", "withdrawn"],
    changes: dict[str, list[Any]],
) -> ConsignmentChange:
    return ConsignmentChange(
        consignment_id=consignment.id, done_at=now, done_by=by, deed=deed, changes=changes
    )


def _plain(value: Any) -> Any:
    """As JSON holds it."""
    return value.isoformat() if isinstance(value, date) else value


def _columns(data: CargoData) -> dict[str, object]:
    return {name: getattr(data, name) for name in _DATA_ITEMS}


def direction_of(consignment: Consignment) -> Direction:
    return cast(Direction, consignment.direction)
