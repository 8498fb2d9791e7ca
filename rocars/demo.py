"""Made-up registrants and cargo, kept so that a caller always finds something to bundle.

All is put in by the same desks that serve real requests; cargo that must have been lodged an hour
or days ago is lodged by a desk whose clock stands there.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from pydantic import SecretStr
from sqlalchemy import select

from rocars.clock import in_hong_kong
from rocars.consignments import Consignments, direction_of
from rocars.login import token_on_file
from rocars.messages import (
    BundleRequest,
    CompanyData,
    ConsignmentData,
    DemoCargo,
    DemoDriver,
    DemoInfo,
    Direction,
    DriverData,
    Language,
    TokenData,
)
from rocars.problems import Code, Problem
from rocars.service import Service
from rocars.tables import Company, Consignment, Driver, SecurityToken
from rocars.tokens import next_code
from rocars.vehicles import marks_of

COMPANY = "DEMO-0001"


@dataclass(frozen=True)
class DemoPerson:
    """A demo driver. His secrets are published on purpose."""

    user_id: str
    name: str
    language: Language
    pin: str = field(repr=False)
    seed: str = field(repr=False)
    vehicles: tuple[str, ...]
    phone: str | None = None


DRIVERS = (
    DemoPerson(
        "10000001", "Chan Tai Man", "yue", "246810", "31" * 20, ("AB1234", "FU88"), "+85290100001"
    ),
    DemoPerson("10000002", "Li Ming", "cmn", "135791", "32" * 20, ("FV2468",), "+8613800000002"),
    DemoPerson("10000003", "John Smith", "en", "864209", "33" * 20, ()),
)
_BUNDLER = DRIVERS[1]
_SHOWN = 100
_DUE_IN = 3
_DIRECTIONS: tuple[Direction, Direction] = ("outbound", "inbound")
_COMPANY_DATA = CompanyData(
    registration_number=COMPANY,
    name="Demo Transport Limited",
    responsible_person="Wong Siu Ming",
    signatories=["Lee Ka Yan", "Ho Wai Kit"],
)


class DemoData:
    def __init__(self, service: Service) -> None:
        self._service = service

    async def replenish(self) -> None:
        """See to the demo company and drivers, and to free, bundled and expired cargo."""
        rules = self._service.settings.rules
        wanted = self._service.settings.demo.free_ccrns
        await self._register()
        cargo = (await self.info()).cargo
        at_once = [one for one in cargo if one.state == "free" and one.crosses_immediately]
        later = [one for one in cargo if one.state == "free" and not one.crosses_immediately]
        for place in range(wanted - len(at_once)):
            await self._lodge(_DIRECTIONS[place % 2], rules.lead_minutes + 90)
        if rules.lead_minutes:
            spare = at_once[wanted:] if rules.amendment_restarts_lead else []
            for place in range(wanted - len(later)):
                if spare:  # amended cargo waits anew, and the heap does not grow
                    again = spare.pop()
                    await self._desk(0).amend(again.ccrn, self._data(again.direction))
                else:
                    await self._lodge(_DIRECTIONS[place % 2], 0)
        if not any(one.state == "bundled" for one in cargo):
            await self._bundle_one()
        if not any(one.state == "expired" for one in cargo):
            days = rules.expire_days + 1
            await self._lodge("outbound", days * 24 * 60, due_in=-days)

    async def _register(self) -> None:
        registry = self._service.registry
        for person in DRIVERS:
            try:
                await registry.driver(person.user_id)
                continue
            except Problem as problem:
                if problem.code is not Code.UNKNOWN_DRIVER:
                    raise
            with suppress_registered():
                await registry.add_company(_COMPANY_DATA)
            with suppress_registered():
                await registry.add_driver(
                    DriverData(
                        user_id=person.user_id,
                        company=COMPANY,
                        name=person.name,
                        pin=SecretStr(person.pin),
                        phone=person.phone,
                        language=person.language,
                        vehicles=list(person.vehicles),
                        token=TokenData(seed=SecretStr(person.seed)),
                    )
                )

    def _desk(self, minutes_ago: int) -> Consignments:
        """The cargo desk, as it stood so many minutes ago."""
        service = self._service
        shift = timedelta(minutes=minutes_ago)
        return Consignments(
            service.database,
            lambda: service.clock() - shift,
            service.settings.rules,
            service.settings.ccrn,
        )

    async def _lodge(
        self, direction: Direction, minutes_ago: int, due_in: int | None = None
    ) -> str:
        lodged = await self._desk(minutes_ago).lodge(self._data(direction, due_in))
        return lodged.ccrn

    def _data(self, direction: Direction, due_in: int | None = None) -> ConsignmentData:
        ahead = min(_DUE_IN, self._service.settings.rules.max_days_ahead - 1)
        today = in_hong_kong(self._service.clock()).date()
        return ConsignmentData(
            company=COMPANY,
            direction=direction,
            packages=12,
            package_description="Cartons",
            articles="Umbrellas, made up for the demonstration",
            consignor_name="Demo Consignor Limited",
            consignor_address="1 Example Road, Kwai Chung, Hong Kong",
            consignee_name="Demo Consignee Company",
            consignee_address="2 Example Avenue, Futian, Shenzhen",
            expected_date=today + timedelta(days=max(0, ahead) if due_in is None else due_in),
        )

    async def _bundle_one(self) -> None:
        service = self._service
        ccrn = await self._lodge("outbound", 0)
        async with service.database.read() as session:
            driver_id = (
                await session.execute(select(Driver.id).where(Driver.user_id == _BUNDLER.user_id))
            ).scalar_one()
        await service.bundling.bundle(
            driver_id,
            f"demo-{secrets.token_hex(8)}",
            BundleRequest(ccrns=[ccrn], vehicle=_BUNDLER.vehicles[0]),
        )

    async def info(self) -> DemoInfo:
        """Drivers with PIN and next code, and the demo cargo, the newest first."""
        service = self._service
        now = service.clock()
        drivers = []
        cargo = []
        async with service.database.read() as session:
            for person in DRIVERS:
                row = (
                    await session.execute(
                        select(Driver, SecurityToken)
                        .join(SecurityToken, SecurityToken.driver_id == Driver.id)
                        .where(Driver.user_id == person.user_id)
                    )
                ).one_or_none()
                if row is None:
                    continue
                driver, token = row
                drivers.append(
                    DemoDriver(
                        user_id=person.user_id,
                        name=person.name,
                        language=person.language,
                        pin=person.pin,
                        code=next_code(token_on_file(token, service.keys), now),
                        vehicles=list(await marks_of(session, driver.id)),
                    )
                )
            rows = await session.execute(
                select(Consignment)
                .join(Company, Company.id == Consignment.company_id)
                .where(Company.registration_number == COMPANY)
                .order_by(Consignment.crossed_at.is_not(None), Consignment.id.desc())
                .limit(_SHOWN)
            )
            for consignment in rows.scalars():
                cargo.append(
                    DemoCargo(
                        ccrn=consignment.ccrn,
                        direction=direction_of(consignment),
                        state=await service.consignments.state_of(session, consignment),
                        crosses_immediately=service.bundling.instruction(
                            [consignment], now
                        ).immediately,
                    )
                )
        return DemoInfo(drivers=drivers, cargo=cargo)


@contextmanager
def suppress_registered() -> Iterator[None]:
    """Whoever registered it before us did our work."""
    try:
        yield
    except Problem as problem:
        if problem.code is not Code.ALREADY_REGISTERED:
            raise
