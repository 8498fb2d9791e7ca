"""What ROCARS holds of a CCRN, a UBR, a vehicle or a user ID."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.bundling.bundles import state_of
from rocars.cargo.consignments import Consignments
from rocars.clock import Clock, in_hong_kong
from rocars.hotline.findings import Fact, Happening, Privacy
from rocars.hotline.history import of_consignment, of_user
from rocars.hotline.subjects import Kind, Subject
from rocars.registry.vehicles import marks_of
from rocars.store.tables.bundling import Bundle, BundledCargo
from rocars.store.tables.cargo import Consignment
from rocars.store.tables.registration import Company, Driver, DriverVehicle, Vehicle
from rocars.store.tables.web import WebAccount

_TEXTS = (
    *("package_description", "articles", "consignor_name", "consignor_address"),
    *("consignee_name", "consignee_address"),
)


@dataclass(frozen=True)
class Held:
    """What is held of a subject. `related` and `personal` are as in `Finding`."""

    facts: tuple[Fact, ...]
    bundles: Sequence[Bundle] = ()
    happenings: Sequence[Happening] = ()
    related: tuple[Subject, ...] = ()
    personal: tuple[Subject, ...] = ()


@dataclass(frozen=True)
class Finders:
    """`listed`: how many bundles and events of one subject are looked up, the newest."""

    consignments: Consignments
    clock: Clock
    listed: int

    async def held(self, session: AsyncSession, subject: Subject) -> Held | None:
        """None when nothing is known of it."""
        finders: Mapping[Kind, Callable[[AsyncSession, str], Awaitable[Held | None]]] = {
            Kind.CCRN: self._ccrn,
            Kind.UBR: self._ubr,
            Kind.VEHICLE: self._vehicle,
            Kind.USER: self._user,
        }
        return await finders[subject.kind](session, subject.value)

    async def _ccrn(self, session: AsyncSession, ccrn: str) -> Held | None:
        row = await session.execute(
            select(Consignment, Company)
            .join(Company, Company.id == Consignment.company_id)
            .where(Consignment.ccrn == ccrn)
        )
        found = row.one_or_none()
        if found is None:
            return None
        lot, company = found
        in_them = select(BundledCargo.bundle_id).where(BundledCargo.consignment_id == lot.id)
        return Held(
            facts=(
                Fact("state", await self.consignments.state_of(session, lot), word=True),
                Fact("direction", lot.direction, word=True),
                Fact("expected_date", lot.expected_date.isoformat()),
                Fact("packages", str(lot.packages)),
                Fact("company", company.registration_number, Privacy.NUMBER),
                Fact("company_name", company.name, Privacy.TEXT),
                *(Fact(name, getattr(lot, name), Privacy.TEXT) for name in _TEXTS),
            ),
            bundles=await self._bundles(session, Bundle.id.in_(in_them)),
            happenings=await of_consignment(session, lot, self.listed),
        )

    async def _ubr(self, session: AsyncSession, ubr: str) -> Held | None:
        bundles = await self._bundles(session, Bundle.ubr == ubr)
        if not bundles:
            return None
        bundle = bundles[0]
        driver = await session.get_one(Driver, bundle.driver_id)
        return Held(
            facts=(
                Fact("state", state_of(bundle, self.clock()), word=True),
                Fact("cross_from", f"{in_hong_kong(bundle.cross_from):%Y-%m-%d %H:%M}"),
                Fact("vehicle", bundle.mark, Privacy.NUMBER),
                Fact("driver", driver.user_id, Privacy.NUMBER),
                Fact("name", driver.name, Privacy.TEXT),
            ),
            bundles=bundles,
            related=tuple(Subject(Kind.CCRN, item.consignment.ccrn) for item in bundle.cargo),
            personal=(Subject(Kind.VEHICLE, bundle.mark), Subject(Kind.USER, driver.user_id)),
        )

    async def _vehicle(self, session: AsyncSession, mark: str) -> Held | None:
        bundles = await self._bundles(session, Bundle.mark == mark)
        on_file = await session.execute(
            select(Driver.user_id)
            .join(DriverVehicle, DriverVehicle.driver_id == Driver.id)
            .join(Vehicle, Vehicle.id == DriverVehicle.vehicle_id)
            .where(Vehicle.mark == mark)
            .order_by(DriverVehicle.used_at.desc())
        )
        drivers = tuple(on_file.scalars())
        return Held(
            facts=tuple(Fact("driver", user_id, Privacy.NUMBER) for user_id in drivers),
            bundles=bundles,
            personal=tuple(Subject(Kind.USER, user_id) for user_id in drivers),
        )

    async def _user(self, session: AsyncSession, user_id: str) -> Held | None:
        driver = (await session.execute(select(Driver).where(Driver.user_id == user_id))).scalar()
        account = (
            await session.execute(select(WebAccount).where(WebAccount.user_id == user_id))
        ).scalar()
        person = driver or account
        if person is None:
            return None
        company = await session.get_one(Company, person.company_id)
        facts = [
            Fact("role", "driver" if driver is not None else "shipper", word=True),
            Fact("name", person.name, Privacy.TEXT),
            Fact("company", company.registration_number, Privacy.NUMBER),
            Fact("company_name", company.name, Privacy.TEXT),
            Fact("account", "yes" if account is not None and account.active else "no", word=True),
        ]
        bundles: Sequence[Bundle] = ()
        marks: tuple[str, ...] = ()
        if driver is not None:
            marks = await marks_of(session, driver.id)
            facts.append(Fact("phone", driver.phone or "", Privacy.NUMBER))
            facts += [Fact("vehicle", mark, Privacy.NUMBER) for mark in marks]
            bundles = await self._bundles(session, Bundle.driver_id == driver.id)
        return Held(
            facts=tuple(facts),
            bundles=bundles,
            happenings=await of_user(session, user_id, self.listed),
            personal=tuple(Subject(Kind.VEHICLE, mark) for mark in marks),
        )

    async def _bundles(
        self, session: AsyncSession, wanted: ColumnElement[bool]
    ) -> Sequence[Bundle]:
        """The newest first."""
        rows = await session.execute(
            select(Bundle).where(wanted).order_by(Bundle.id.desc()).limit(self.listed)
        )
        return rows.scalars().all()
