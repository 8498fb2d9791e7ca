"""`RocarsOffice`: requests of shippers and administrators to ROCARS, for the demo and for tests.

Unlike `RocarsClient` it never repeats a request that changes something, since lodging has no
idempotency key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from types import TracebackType
from typing import Any, Self

from backend_client.answers import WireAnswer, WireReceipt
from backend_client.settings import RocarsClientSettings
from backend_client.transport import AnswerT, Call, HttpTransport, Observer, Repeat
from backend_client.types import CargoState, Receipt


class _WireDemoDriver(WireAnswer):
    user_id: str
    name: str
    language: str
    pin: str
    code: str
    code_valid_s: int | None = None
    vehicles: tuple[str, ...]


class _WireDemoCargo(WireAnswer):
    ccrn: str
    direction: str
    state: CargoState
    crosses_immediately: bool


class _WireDemoAccount(WireAnswer):
    user_id: str
    role: str
    company: str
    name: str
    password: str


class _WireDemoOfficer(WireAnswer):
    name: str
    role: str
    password: str
    seed: str


class _WireDemo(WireAnswer):
    drivers: tuple[_WireDemoDriver, ...]
    officers: tuple[_WireDemoOfficer, ...] = ()
    cargo: tuple[_WireDemoCargo, ...]
    accounts: tuple[_WireDemoAccount, ...] = ()


class _Lodged(WireAnswer):
    ccrn: str


class _Ignored(WireAnswer):
    pass


@dataclass(frozen=True)
class DemoDriver:
    """A demo driver, and what they would key now.

    `code` is good until it is used, and no longer than `code_valid_s` seconds where that is set.
    """

    user_id: str
    name: str
    language: str
    pin: str = field(repr=False)
    code: str = field(repr=False)
    vehicles: tuple[str, ...]
    code_valid_s: int | None = None


@dataclass(frozen=True)
class DemoAccount:
    """A demo account of the web portal."""

    user_id: str
    role: str
    company: str
    name: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class DemoOfficer:
    """A demo officer; `seed` of their token (TOTP) is hexadecimal."""

    name: str
    role: str
    password: str = field(repr=False)
    seed: str = field(repr=False)


@dataclass(frozen=True)
class DemoCargo:
    """Demo cargo; `crosses_immediately` is the crossing instruction that bundling it now would
    give."""

    ccrn: str
    direction: str
    state: CargoState
    crosses_immediately: bool


@dataclass(frozen=True)
class Demo:
    """The demo data to try, the newest cargo first."""

    drivers: tuple[DemoDriver, ...]
    cargo: tuple[DemoCargo, ...]
    officers: tuple[DemoOfficer, ...] = ()
    accounts: tuple[DemoAccount, ...] = ()

    def free_ccrns(self, *, immediately: bool, direction: str = "outbound") -> tuple[str, ...]:
        """CCRNs that can be bundled now and would get this crossing instruction."""
        return tuple(
            consignment.ccrn
            for consignment in self.cargo
            if consignment.state is CargoState.FREE
            and consignment.crosses_immediately is immediately
            and consignment.direction == direction
        )


@dataclass(frozen=True)
class Shipment:
    """Cargo data to be lodged: the eight mandatory items, the direction, and the optional ones."""

    company: str
    direction: str
    packages: int
    package_description: str
    articles: str
    consignor_name: str
    consignor_address: str
    consignee_name: str
    consignee_address: str
    expected_date: date
    container_numbers: tuple[str, ...] = ()
    licence_numbers: tuple[str, ...] = ()
    transhipment: bool = False

    def document(self) -> dict[str, Any]:
        return {**vars(self), "expected_date": self.expected_date.isoformat()}


class RocarsOffice:
    """Every method may raise ProblemAnswered (whose `code` says why) and BackEndUnavailable.

    `settings.api_key` is the shipper's or the administrator's key; for `demo` it is the
    demonstration's.
    """

    def __init__(self, settings: RocarsClientSettings, observer: Observer | None = None) -> None:
        self._transport = HttpTransport(settings, observer)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._transport.close()

    async def lodge(self, shipment: Shipment) -> str:
        """Lodge cargo data; gives its CCRN."""
        answer = await self._do("lodge", "POST", "/v1/consignments", shipment.document(), _Lodged)
        return answer.ccrn

    async def amend(self, ccrn: str, shipment: Shipment) -> None:
        path = f"/v1/consignments/{ccrn}"
        await self._do("amend", "PUT", path, shipment.document(), _Lodged)

    async def add_company(
        self,
        registration_number: str,
        name: str,
        responsible_person: str,
        signatories: tuple[str, ...] = (),
    ) -> None:
        company = {
            "registration_number": registration_number,
            "name": name,
            "responsible_person": responsible_person,
            "signatories": signatories,
        }
        await self._do("add_company", "POST", "/v1/companies", company, _Ignored)

    async def add_driver(
        self,
        user_id: str,
        *,
        company: str,
        name: str,
        pin: str,
        seed: bytes,
        language: str = "yue",
        vehicles: tuple[str, ...] = (),
        phone: str | None = None,
        totp_step_s: int | None = None,
    ) -> None:
        """Register a driver; with `totp_step_s` (30 or 60) their token is TOTP, otherwise HOTP."""
        token: dict[str, Any] = {"kind": "hotp", "seed": seed.hex()}
        if totp_step_s is not None:
            token |= {"kind": "totp", "step_s": totp_step_s}
        driver = {
            "user_id": user_id,
            "company": company,
            "name": name,
            "pin": pin,
            "phone": phone,
            "language": language,
            "vehicles": vehicles,
            "token": token,
        }
        await self._do("add_driver", "POST", "/v1/drivers", driver, _Ignored)

    async def add_vehicle(self, user_id: str, mark: str) -> None:
        path = f"/v1/drivers/{user_id}/vehicles"
        await self._do("add_vehicle", "POST", path, {"mark": mark}, _Ignored)

    async def unlock(self, user_id: str) -> None:
        """End the lock-out of a user ID."""
        await self._do("unlock", "POST", f"/v1/user-ids/{user_id}/unlock", None, _Ignored)

    async def record_crossing(self, ubr: str, control_point: str) -> Receipt:
        body = {"control_point": control_point}
        path = f"/v1/bundles/{ubr}/crossing"
        return (await self._do("record_crossing", "POST", path, body, WireReceipt)).receipt()

    async def demo(self) -> Demo:
        """Demo drivers with the codes that they would key now, and cargo that is certainly free."""
        found = await self._do("demo", "POST", "/demo/replenish", None, _WireDemo)
        return Demo(
            tuple(DemoDriver(**driver.model_dump()) for driver in found.drivers),
            tuple(DemoCargo(**cargo.model_dump()) for cargo in found.cargo),
            tuple(DemoOfficer(**officer.model_dump()) for officer in found.officers),
            tuple(DemoAccount(**account.model_dump()) for account in found.accounts),
        )

    async def _do(
        self, operation: str, method: str, path: str, body: Any, answer: type[AnswerT]
    ) -> AnswerT:
        call = Call(operation, method, path, body=body, repeat=Repeat.IF_NEVER_SENT, changes=True)
        return await self._transport.ask(call, answer)
