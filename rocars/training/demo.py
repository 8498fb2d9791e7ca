"""Made-up registrants and cargo, kept so that a caller always finds something to bundle.

All of it goes the way of real requests; cargo that must have been lodged an hour or days ago is
lodged with a clock that stands there.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, cast

from pydantic import SecretStr
from sqlalchemy import select

from rocars.bundling.messages import BundleRequest
from rocars.cargo.consignments import Consignments, direction_of
from rocars.cargo.messages import CargoState, ConsignmentData
from rocars.clock import in_hong_kong
from rocars.crossing.messages import OfficerData
from rocars.messages import Direction, Language
from rocars.refusals import Code, Problem
from rocars.registry.messages import AccountData, CompanyData, DriverData, TokenData
from rocars.registry.vehicles import marks_of
from rocars.secrets.kept_tokens import token_on_file
from rocars.secrets.tokens import next_code, seconds_left
from rocars.service import Service
from rocars.store.tables.cargo import Consignment
from rocars.store.tables.registration import Company, Driver
from rocars.store.tables.security import SecurityToken
from rocars.store.tables.web import WebAccount
from rocars.training.messages import DemoAccount, DemoCargo, DemoDriver, DemoInfo, DemoOfficer

COMPANY = "DEMO-0001"


@dataclass(frozen=True)
class DemoPerson:
    """A demo driver. The secrets are published on purpose."""

    user_id: str
    name: str
    language: Language
    pin: str = field(repr=False)
    seed: str = field(repr=False)
    vehicles: tuple[str, ...]
    phone: str | None = None
    totp_step_s: Literal[30, 60] | None = None

    @property
    def token(self) -> TokenData:
        """As it is registered: TOTP with a step, otherwise HOTP."""
        kind: Literal["hotp", "totp"] = "hotp" if self.totp_step_s is None else "totp"
        return TokenData(kind=kind, seed=SecretStr(self.seed), step_s=self.totp_step_s)


@dataclass(frozen=True)
class DemoWebUser:
    """An account of the portal. The password is published on purpose."""

    user_id: str
    role: Literal["shipper", "driver"]
    company: str
    name: str
    password: str = field(repr=False)


WEB_USERS = (
    DemoWebUser("shipper1", "shipper", COMPANY, "Lee Ka Yan", "umbrellas to Futian"),
    DemoWebUser("shipper2", "shipper", "DEMO-0002", "Ng Sau Fong", "lanterns to Nanshan"),
    DemoWebUser("10000001", "driver", COMPANY, "Chan Tai Man", "over Lok Ma Chau"),
)
DRIVERS = (
    DemoPerson(
        "10000001", "Chan Tai Man", "yue", "246810", "31" * 20, ("AB1234", "FU88"), "+85290100001"
    ),
    DemoPerson("10000002", "Li Ming", "cmn", "135791", "32" * 20, ("FV2468",), "+8613800000002"),
    DemoPerson("10000003", "John Smith", "en", "864209", "33" * 20, ()),
    DemoPerson(
        "10000004", "Wong Mei Ling", "yue", "975310", "37" * 20, ("KM4567",), totp_step_s=30
    ),
)
OFFICERS = (
    DemoOfficer(name="officer", role="analyst", password="demonstration only", seed="34" * 20),
    DemoOfficer(name="hotline", role="hotline", password="demonstration calls", seed="35" * 20),
    DemoOfficer(name="registrar", role="registrar", password="demonstration desk", seed="36" * 20),
    DemoOfficer(name="registrar2", role="registrar", password="demonstration desk", seed="38" * 20),
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
_OTHER_COMPANY = CompanyData(
    registration_number="DEMO-0002",
    name="Demo Lanterns Company",
    responsible_person="Ng Sau Fong",
)


class DemoData:
    def __init__(self, service: Service) -> None:
        self._service = service

    async def replenish(self) -> None:
        """See to the demo company, drivers and officers, and to free, bundled and expired cargo."""
        rules = self._service.settings.rules
        wanted = self._service.settings.demo.free_ccrns
        await self._register()
        cargo = (await self.info()).cargo
        at_once = [lot for lot in cargo if lot.state == "free" and lot.crosses_immediately]
        later = [lot for lot in cargo if lot.state == "free" and not lot.crosses_immediately]
        for place in range(wanted - len(at_once)):
            await self._lodge(_DIRECTIONS[place % 2], rules.lead_minutes + 90)
        if rules.lead_minutes:
            spare = at_once[wanted:] if rules.amendment_restarts_lead else []
            for place in range(wanted - len(later)):
                if spare:  # amended cargo waits anew, and the heap does not grow
                    again = spare.pop()
                    await self._lodged_ago(0).amend(again.ccrn, self._data(again.direction))
                else:
                    await self._lodge(_DIRECTIONS[place % 2], 0)
        if not any(lot.state == "bundled" for lot in cargo):
            await self._bundle_one()
        if not any(lot.state == "expired" for lot in cargo):
            days = rules.expire_days + 1
            await self._lodge("outbound", days * 24 * 60, due_in=-days)

    async def _register(self) -> None:
        companies, drivers = self._service.companies, self._service.drivers
        for person in DRIVERS:
            try:
                await drivers.record(person.user_id)
                continue
            except Problem as problem:
                if problem.code is not Code.UNKNOWN_DRIVER:
                    raise
            with suppress_registered():
                await companies.add(_COMPANY_DATA)
            with suppress_registered():
                await drivers.add(
                    DriverData(
                        user_id=person.user_id,
                        company=COMPANY,
                        name=person.name,
                        pin=SecretStr(person.pin),
                        phone=person.phone,
                        language=person.language,
                        vehicles=list(person.vehicles),
                        token=person.token,
                    )
                )

        known = {user.user_id for user in await self._web_users()}
        for user in WEB_USERS:
            if user.user_id in known:
                continue
            with suppress_registered():
                await companies.add(_OTHER_COMPANY)
            with suppress_registered():
                await self._service.accounts.add(
                    AccountData(
                        user_id=user.user_id,
                        role=user.role,
                        company=user.company,
                        name=user.name,
                        password=SecretStr(user.password),
                    )
                )
        for officer in OFFICERS:
            if not await self._service.officers.registered(officer.name):
                with suppress_registered():
                    data = OfficerData.model_validate(officer.model_dump())
                    await self._service.officers.add(data)

    async def _web_users(self) -> list[DemoAccount]:
        """Those there are, with their passwords."""
        async with self._service.database.reading() as session:
            found = set(
                (
                    await session.execute(
                        select(WebAccount.user_id).where(
                            WebAccount.user_id.in_([user.user_id for user in WEB_USERS])
                        )
                    )
                ).scalars()
            )
        return [
            DemoAccount(
                user_id=user.user_id,
                role=user.role,
                company=user.company,
                name=user.name,
                password=user.password,
            )
            for user in WEB_USERS
            if user.user_id in found
        ]

    def _lodged_ago(self, minutes_ago: int) -> Consignments:
        """What lodges cargo so many minutes ago: its clock stands there."""
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
        lodged = await self._lodged_ago(minutes_ago).lodge(self._data(direction, due_in))
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
        async with service.database.reading() as session:
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
        async with service.database.reading() as session:
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
                        code_valid_s=seconds_left(token_on_file(token, service.keys), now),
                        vehicles=list(await marks_of(session, driver.id)),
                    )
                )
            rows = await session.execute(
                select(Consignment)
                .join(Company, Company.id == Consignment.company_id)
                .where(Company.registration_number == COMPANY, Consignment.withdrawn_at.is_(None))
                .order_by(Consignment.crossed_at.is_not(None), Consignment.id.desc())
                .limit(_SHOWN)
            )
            for consignment in rows.scalars():
                cargo.append(
                    DemoCargo(
                        ccrn=consignment.ccrn,
                        direction=direction_of(consignment),
                        state=cast(
                            CargoState, await service.consignments.state_of(session, consignment)
                        ),
                        crosses_immediately=service.bundling.instruction(
                            [consignment], now
                        ).immediately,
                    )
                )
        return DemoInfo(
            drivers=drivers, officers=list(OFFICERS), accounts=await self._web_users(), cargo=cargo
        )


@contextmanager
def suppress_registered() -> Iterator[None]:
    """Whoever registered it before us did our work."""
    try:
        yield
    except Problem as problem:
        if problem.code is not Code.ALREADY_REGISTERED:
            raise
