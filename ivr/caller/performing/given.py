"""Prepares ROCARS for a run, through its API for shippers and administrators."""

from __future__ import annotations

import base64
import contextlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import phonenumbers
import pyotp

from backend_client.errors import RocarsError
from backend_client.office import RocarsOffice, Shipment
from backend_client.settings import RocarsClientSettings
from backend_client.transport import ProblemAnswered
from ivr.caller.scenario.scenario import Given
from prompts.composer import HONG_KONG

COMPANY = "SCRIPTED-1"
CODE_DIGITS = 6


class NotGiven(Exception):
    """ROCARS could not be brought into the state that a scenario requires."""


@dataclass
class Registered:
    """A driver made for one run. Their codes are those of a token of their own."""

    user_id: str
    pin: str = field(repr=False)
    vehicles: tuple[str, ...]
    phone: str | None
    _token: pyotp.HOTP = field(repr=False)
    _codes: int = 0

    def next_code(self) -> str:
        """The code that their token shows next."""
        code = self._token.at(self._codes)
        self._codes += 1
        return code


class BackEnd:
    """What scenarios need in ROCARS before their calls. One object for all runs, so that no cargo
    is used twice."""

    def __init__(self, office: RocarsClientSettings, demo: RocarsClientSettings) -> None:
        """The `api_key` of `office` is an administrator's, that of `demo` the demonstration's."""
        self._office = RocarsOffice(office)
        self._demonstration = RocarsOffice(demo)
        self._given_out: set[str] = set()

    async def close(self) -> None:
        await self._office.close()
        await self._demonstration.close()

    async def driver(self, language: str, vehicles: int = 1, *, phone: bool = False) -> Registered:
        """Register a driver with so many vehicles, and a telephone number. Raises NotGiven."""
        seed = secrets.token_bytes(20)
        number = secrets.randbelow(9_000_000)
        user_id, pin = f"6{number:07}", f"{secrets.randbelow(1_000_000):06}"
        marks = tuple(sorted(_mark() for _ in range(vehicles)))
        number_of_own = f"+85261{secrets.randbelow(1_000_000):06}" if phone else None
        try:
            await self._company()
            await self._office.add_driver(
                user_id,
                company=COMPANY,
                name="Scripted Driver",
                pin=pin,
                seed=seed,
                language=language,
                vehicles=marks,
                phone=number_of_own,
            )
        except (RocarsError, ProblemAnswered) as failure:
            raise NotGiven(f"no driver could be registered: {failure}") from failure
        token = pyotp.HOTP(base64.b32encode(seed).decode(), digits=CODE_DIGITS)
        return Registered(user_id, pin, marks, number_of_own, token)

    async def _company(self) -> None:
        with contextlib.suppress(ProblemAnswered):  # it exists already
            await self._office.add_company(COMPANY, "Scripted Transport", "Chan Tai Man")

    async def cargo(self, count: int, *, immediately: bool) -> list[str]:
        """CCRNs that can be bundled and that no other run uses. Raises NotGiven."""
        try:
            if not immediately:
                await self._company()
                return [await self._office.lodge(_shipment()) for _ in range(count)]
            demo = await self._demonstration.demo()
        except (RocarsError, ProblemAnswered) as failure:
            raise NotGiven(f"no cargo was given: {failure}") from failure
        free = demo.free_ccrns(immediately=True)
        left = [ccrn for ccrn in free if ccrn not in self._given_out]
        if len(left) < count:
            raise NotGiven(f"ROCARS has {len(left)} CCRNs that may cross at once, not {count}")
        self._given_out.update(left[:count])
        return left[:count]


def _mark() -> str:
    letters = "".join(secrets.choice("ABCDEFGHJKLMNPRSTUVWXY") for _ in range(2))
    return f"{letters}{1000 + secrets.randbelow(9000)}"


def _shipment() -> Shipment:
    tomorrow = datetime.now(HONG_KONG).date() + timedelta(days=1)
    return Shipment(
        company=COMPANY,
        direction="outbound",
        packages=2,
        package_description="Cartons",
        articles="Umbrellas",
        consignor_name="Scripted Transport",
        consignor_address="1 Container Port Road, Kwai Chung",
        consignee_name="Consignee",
        consignee_address="1 Shennan Road, Shenzhen",
        expected_date=tomorrow,
    )


async def give(
    given: Given, language: str, back_end: BackEnd | None
) -> tuple[dict[str, str], Registered | None]:
    """The variables of a scenario's `given`, without the code. Raises NotGiven."""
    if given.driver is None and given.cargo is None:
        return {}, None
    if back_end is None:
        raise NotGiven("the scenario asks for a state of the back end, which cannot be reached")
    variables: dict[str, str] = {}
    driver = None
    if given.driver is not None:
        wanted = given.driver
        driver = await back_end.driver(language, wanted.vehicles, phone=wanted.phone)
        variables |= {"user_id": driver.user_id, "pin": driver.pin}
        for number, mark in enumerate(driver.vehicles, start=1):
            place = "" if number == 1 else f"_{number}"
            variables[f"vehicle{place}"] = mark
            keys = phonenumbers.convert_alpha_characters_in_number(mark)
            variables[f"vehicle_keys{place}"] = keys
        if driver.phone is not None:
            variables["phone"] = driver.phone
    if given.cargo is not None:
        ccrns = await back_end.cargo(given.cargo.count, immediately=given.cargo.immediately)
        variables["ccrn"] = ccrns[0]
        variables |= {f"ccrn_{number}": ccrn for number, ccrn in enumerate(ccrns[1:], start=2)}
    return variables, driver
