"""What a company sees of its own cargo: search, one consignment, its history. Never another's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal, cast

from sqlalchemy import ColumnElement, and_, exists, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from rocars.cargo.by_agents import ByAgent, done_with_bundles, done_with_cargo
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
from rocars.typed import number

PAGE = 50
LOOKED_THROUGH = 5000

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
    """Something done to a consignment; `changes` by item: before, after. `agent` is the company
    that did it for the client, empty when nobody did."""

    at: datetime
    by: str
    deed: Literal["lodged", "amended", "withdrawn", "bundled", "crossed"]
    changes: dict[str, list[Any]]
    agent: str = ""


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
        self,
        database: Database,
        clock: Clock,
        rules: CargoRules,
        consignments: Consignments,
        looked_through: int = LOOKED_THROUGH,
    ) -> None:
        self._database = database
        self._clock = clock
        self._looked_through = looked_through
        self._rules = rules
        self._consignments = consignments

    async def search(self, company_id: int, wanted: Wanted) -> tuple[list[Listed], int]:
        """Of the company's consignments, newest first, a page; and from where to go on for older
        ones (`Wanted.before`), 0 when there are none.

        A page looks through `LOOKED_THROUGH` consignments at most, so that it comes as soon for a
        company that has a million. What has the text as its CCRN or reference is found however old
        it is.
        """
        own = select(Consignment).where(Consignment.company_id == company_id)
        matching: list[ColumnElement[bool]] = []
        if wanted.state is not None:
            matching.append(self._is(wanted.state))
        newest_first = Consignment.id.desc()
        here = own.where(*matching).order_by(newest_first).limit(PAGE + 1)
        if wanted.text:
            here = here.where(or_(_is_called(wanted.text), _speaks_of(wanted.text)))
        if wanted.before:
            here = here.where(Consignment.id < wanted.before)
        async with self._database.reading() as session:
            last = 0
            if wanted.text or matching:
                last = await self._last_looked_at(session, company_id, wanted.before)
            rows = await session.execute(here.where(Consignment.id >= last) if last else here)
            found = list(rows.scalars())
            older = last
            if len(found) > PAGE:
                found = found[:PAGE]
                older = found[-1].id
            elif last and wanted.text and not wanted.before:
                called = own.where(*matching, Consignment.id < last, _is_called(wanted.text))
                rows = await session.execute(called.order_by(newest_first).limit(PAGE))
                found += rows.scalars()
            bundled = await self._bundled(session, [lot.id for lot in found])
        now = self._clock()
        return [self._listed(lot, lot.id in bundled, now) for lot in found], older

    async def _last_looked_at(self, session: AsyncSession, company_id: int, before: int) -> int:
        """The place of the oldest consignment one page looks at; 0 when it looks at all."""
        places = select(Consignment.id).where(Consignment.company_id == company_id)
        if before:
            places = places.where(Consignment.id < before)
        # One more than are looked at: there are older ones.
        newest = places.order_by(Consignment.id.desc()).offset(self._looked_through - 1).limit(2)
        found = (await session.execute(newest)).scalars().all()
        return found[0] if len(found) == 2 else 0

    async def get(self, company_id: int, ccrn: str) -> OwnConsignment:
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
            by_agents = {
                **await done_with_cargo(session, lot),
                **await done_with_bundles(session, [bundle.ubr for bundle in bundled]),
            }
        deeds = tuple(
            _signed(deed, by_agents.get((deed.deed, deed.at)))
            for deed in _history(lot, bundled, tuple(changes))
        )
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


def _is_called(text: str) -> ColumnElement[bool]:
    """Whether the text is its CCRN, or the reference its shipper gave it: three indexes are asked,
    whose answers lead to the rows."""
    lot = aliased(Consignment)
    return Consignment.id.in_(
        union_all(
            select(lot.id).where(lot.ccrn == number(text)),
            *(
                select(table.consignment_id).where(table.reference == text)
                for table in (BatchedConsignment, BulkConsignment)
            ),
        )
    )


def _speaks_of(text: str) -> ColumnElement[bool]:
    return or_(
        Consignment.consignee_name.icontains(text, autoescape=True),
        Consignment.consignor_name.icontains(text, autoescape=True),
        Consignment.articles.icontains(text, autoescape=True),
    )


def _signed(deed: Deed, agent: ByAgent | None) -> Deed:
    """With who did it, if it was an agent."""
    return deed if agent is None else replace(deed, by=agent.user_id, agent=agent.name)


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
