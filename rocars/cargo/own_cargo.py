"""What a company sees of its own cargo: search, one consignment, its history. Never another's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal, cast

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.cargo.consignments import Consignments, data_of, direction_of
from rocars.cargo.messages import ConsignmentData, ConsignmentState
from rocars.cargo.settings import CargoRules
from rocars.clock import Clock, in_hong_kong
from rocars.messages import Direction
from rocars.refusals import Code, Problem
from rocars.store.database import Database
from rocars.store.tables.batches import BatchedConsignment
from rocars.store.tables.bundling import Bundle, BundledCargo
from rocars.store.tables.cargo import Consignment, ConsignmentChange
from rocars.store.tables.registration import Company
from rocars.store.tables.systems import BulkConsignment

PAGE = 50

STATES: tuple[ConsignmentState, ...] = ("free", "bundled", "crossed", "expired", "withdrawn")


@dataclass(frozen=True)
class Wanted:
    """What is searched for.

    Args:
        text: a CCRN, the shipper's own reference, or part of the names of consignor and consignee
            or of the articles; empty: all.
        state: None: any.
        before: the `place` of the last one seen; 0: from the newest.
    """

    text: str = ""
    state: ConsignmentState | None = None
    before: int = 0


@dataclass(frozen=True)
class Listed:
    """One line of the list; `place` orders them, newest first."""

    place: int
    ccrn: str
    direction: Direction
    packages: int
    articles: str
    consignee: str
    expected_date: date
    state: ConsignmentState


@dataclass(frozen=True)
class Deed:
    """Something done to a consignment; `changes` by item: before, after."""

    at: datetime
    by: str
    deed: Literal["lodged", "amended", "withdrawn", "bundled", "crossed"]
    changes: dict[str, list[Any]]


@dataclass(frozen=True)
class Standing:
    """Where a consignment stands; `vehicle` and `cross_from` as in `OwnConsignment`."""

    state: ConsignmentState
    vehicle: str = ""
    cross_from: datetime | None = None


@dataclass(frozen=True)
class OwnConsignment:
    """All that a shipper sees of one consignment.

    Args:
        vehicle: registration mark of its live bundle, or of that it crossed in; empty when none.
        cross_from: earliest crossing of its live bundle.
        history: oldest first.
    """

    ccrn: str
    state: ConsignmentState
    data: ConsignmentData
    vehicle: str
    cross_from: datetime | None
    history: tuple[Deed, ...]

    @property
    def changeable(self) -> bool:
        """Whether it may be amended or withdrawn now."""
        return self.state in ("free", "expired")


class OwnCargo:
    def __init__(
        self, database: Database, clock: Clock, rules: CargoRules, consignments: Consignments
    ) -> None:
        self._database = database
        self._clock = clock
        self._rules = rules
        self._consignments = consignments

    async def search(self, company_id: int, wanted: Wanted) -> tuple[list[Listed], bool]:
        """At most `PAGE` of the company's consignments, newest first; whether there are more."""
        asked = select(Consignment).where(Consignment.company_id == company_id)
        if wanted.before:
            asked = asked.where(Consignment.id < wanted.before)
        if wanted.text:
            asked = asked.where(_speaks_of(wanted.text))
        if wanted.state is not None:
            asked = asked.where(self._is(wanted.state))
        async with self._database.reading() as session:
            rows = await session.execute(asked.order_by(Consignment.id.desc()).limit(PAGE + 1))
            found = rows.scalars().all()
            bundled = await self._bundled(session, [lot.id for lot in found])
        now = self._clock()
        listed = [self._listed(lot, lot.id in bundled, now) for lot in found[:PAGE]]
        return listed, len(found) > PAGE

    async def one(self, company_id: int, ccrn: str) -> OwnConsignment:
        """Raises Problem UNKNOWN_CCRN, for another's as for none."""
        async with self._database.reading() as session:
            row = await session.execute(
                select(Consignment, Company.registration_number)
                .join(Company, Company.id == Consignment.company_id)
                .where(Consignment.ccrn == ccrn, Consignment.company_id == company_id)
            )
            found = row.one_or_none()
            if found is None:
                raise Problem(Code.UNKNOWN_CCRN, ccrn)
            lot, company = found
            state = await self._consignments.state_of(session, lot)
            bundles = (
                await session.execute(
                    select(Bundle)
                    .join(BundledCargo, BundledCargo.bundle_id == Bundle.id)
                    .where(BundledCargo.consignment_id == lot.id)
                    .order_by(Bundle.id)
                )
            ).scalars()
            changes = (
                await session.execute(
                    select(ConsignmentChange)
                    .where(ConsignmentChange.consignment_id == lot.id)
                    .order_by(ConsignmentChange.id)
                )
            ).scalars()
            bundled = tuple(bundles)
            deeds = _history(lot, bundled, tuple(changes))
        last = bundled[-1] if bundled and state in ("bundled", "crossed") else None
        return OwnConsignment(
            ccrn=lot.ccrn,
            state=state,
            data=data_of(lot, company),
            vehicle=last.mark if last is not None else "",
            cross_from=last.cross_from if last is not None and state == "bundled" else None,
            history=deeds,
        )

    async def standing(self, session: AsyncSession, company_id: int, ccrn: str) -> Standing:
        """Raises Problem UNKNOWN_CCRN, for another's as for none."""
        row = await session.execute(
            select(Consignment).where(
                Consignment.ccrn == ccrn, Consignment.company_id == company_id
            )
        )
        lot = row.scalar()
        if lot is None:
            raise Problem(Code.UNKNOWN_CCRN, ccrn)
        state = await self._consignments.state_of(session, lot)
        if state not in ("bundled", "crossed"):
            return Standing(state)
        last = (
            await session.execute(
                select(Bundle)
                .join(BundledCargo, BundledCargo.bundle_id == Bundle.id)
                .where(BundledCargo.consignment_id == lot.id)
                .order_by(Bundle.id.desc())
                .limit(1)
            )
        ).scalar_one()
        return Standing(state, last.mark, last.cross_from if state == "bundled" else None)

    async def _bundled(self, session: AsyncSession, ids: Sequence[int]) -> set[int]:
        """Which of these are in a live bundle."""
        rows = await session.execute(
            select(BundledCargo.consignment_id)
            .join(Bundle, Bundle.id == BundledCargo.bundle_id)
            .where(
                BundledCargo.consignment_id.in_(ids),
                BundledCargo.live,
                Bundle.expires_at > self._clock(),
            )
        )
        return set(rows.scalars())

    def _listed(self, lot: Consignment, bundled: bool, now: datetime) -> Listed:
        state: ConsignmentState = "free"
        if lot.withdrawn_at is not None:
            state = "withdrawn"
        elif lot.crossed_at is not None:
            state = "crossed"
        elif bundled:
            state = "bundled"
        elif self._consignments.expired(lot, now):
            state = "expired"
        return Listed(
            place=lot.id,
            ccrn=lot.ccrn,
            direction=direction_of(lot),
            packages=lot.packages,
            articles=lot.articles,
            consignee=lot.consignee_name,
            expected_date=lot.expected_date,
            state=state,
        )

    def _is(self, state: ConsignmentState) -> ColumnElement[bool]:
        now = self._clock()
        oldest = in_hong_kong(now).date() - timedelta(days=self._rules.expire_days)
        bundled = exists().where(
            BundledCargo.consignment_id == Consignment.id,
            BundledCargo.live,
            Bundle.id == BundledCargo.bundle_id,
            Bundle.expires_at > now,
        )
        if state == "withdrawn":
            return Consignment.withdrawn_at.is_not(None)
        if state == "crossed":
            return Consignment.crossed_at.is_not(None)
        here = and_(Consignment.withdrawn_at.is_(None), Consignment.crossed_at.is_(None))
        if state == "bundled":
            return and_(here, bundled)
        late = Consignment.expected_date < oldest
        return and_(here, ~bundled, late if state == "expired" else ~late)


def _speaks_of(text: str) -> ColumnElement[bool]:
    by_references = (
        exists().where(table.consignment_id == Consignment.id, table.reference == text)
        for table in (BatchedConsignment, BulkConsignment)
    )
    return or_(
        Consignment.ccrn == text,
        *by_references,
        Consignment.consignee_name.icontains(text, autoescape=True),
        Consignment.consignor_name.icontains(text, autoescape=True),
        Consignment.articles.icontains(text, autoescape=True),
    )


def _history(
    lot: Consignment, bundles: tuple[Bundle, ...], changes: tuple[ConsignmentChange, ...]
) -> tuple[Deed, ...]:
    deeds = [Deed(lot.lodged_at, "", "lodged", {})]
    for change in changes:
        deed = cast(Literal["amended", "withdrawn"], change.deed)
        deeds.append(Deed(change.done_at, change.done_by, deed, change.changes))
    for bundle in bundles:
        deeds.append(Deed(bundle.bundled_at, "", "bundled", {}))
        if bundle.crossed_at is not None:
            deeds.append(Deed(bundle.crossed_at, "", "crossed", {}))
    return tuple(sorted(deeds, key=lambda deed: deed.at))
