"""Registered drivers, with their security tokens and vehicles."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import cast

import phonenumbers
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.clock import Clock
from rocars.messages import Language
from rocars.refusals import Code, Problem
from rocars.registry.companies import company_called
from rocars.registry.messages import DriverData, DriverRecord, Recognised, TokenData
from rocars.registry.settings import DriverForms
from rocars.registry.vehicles import Vehicles, link, marks_of
from rocars.secrets.aliases import alias_of
from rocars.secrets.key_ring import KeyRing
from rocars.secrets.pins import PinHasher
from rocars.secrets.settings import TokenSettings
from rocars.secrets.tokens import MIN_SEED_BYTES
from rocars.store.database import Database
from rocars.store.tables.registration import Company, Driver
from rocars.store.tables.security import SecurityToken


class Drivers:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        forms: DriverForms,
        token: TokenSettings,
        keys: KeyRing,
        pins: PinHasher,
        vehicles: Vehicles,
    ) -> None:
        self._database = database
        self._clock = clock
        self._forms = forms
        self._token_settings = token
        self._keys = keys
        self._pins = pins
        self._vehicles = vehicles

    async def add(self, data: DriverData) -> DriverRecord:
        """Raises Problem INVALID_REGISTRATION, UNKNOWN_COMPANY, ALREADY_REGISTERED, BAD_VEHICLE."""
        if not re.fullmatch(self._forms.user_id_pattern, data.user_id, re.ASCII):
            raise Problem(Code.INVALID_REGISTRATION, "user_id")
        if not re.fullmatch(self._forms.pin_pattern, data.pin.get_secret_value(), re.ASCII):
            raise Problem(Code.INVALID_REGISTRATION, "pin")
        phone = _e164(data.phone) if data.phone is not None else None
        marks = [self._vehicles.mark(text) for text in data.vehicles]
        seed = _seed(data.token)
        pin_hash = await self._pins.hash(data.pin.get_secret_value())
        try:
            async with self._database.writing() as session:
                company_id = await company_called(session, data.company)
                driver = Driver(
                    user_id=data.user_id,
                    company_id=company_id,
                    name=data.name,
                    pin_hash=pin_hash,
                    phone=phone,
                    language=data.language,
                )
                session.add(driver)
                await session.flush()
                session.add(self._token(driver.id, data.token, seed))
                now = self._clock()
                for age, mark in enumerate(marks):  # the first named counts as last used
                    await link(session, driver.id, mark, now - timedelta(milliseconds=age))
        except IntegrityError:
            raise Problem(Code.ALREADY_REGISTERED, data.user_id) from None
        return await self.record(data.user_id)

    async def record(self, user_id: str) -> DriverRecord:
        """A driver as registered. Raises Problem UNKNOWN_DRIVER."""
        async with self._database.reading() as session:
            row = (
                await session.execute(
                    select(Driver, Company.registration_number)
                    .join(Company, Company.id == Driver.company_id)
                    .where(Driver.user_id == user_id)
                )
            ).one_or_none()
            if row is None:
                raise Problem(Code.UNKNOWN_DRIVER, user_id)
            driver, company = row
            marks = await marks_of(session, driver.id)
        return DriverRecord(
            user_id=driver.user_id,
            company=company,
            name=driver.name,
            phone=driver.phone,
            language=cast(Language, driver.language),
            vehicles=list(marks),
        )

    async def recognise(self, phone: str) -> Recognised:
        """The only driver registered with this telephone number; several are nobody."""
        async with self._database.reading() as session:
            found = (
                await session.execute(select(Driver).where(Driver.phone == phone).limit(2))
            ).scalars()
            drivers = tuple(found)
        if len(drivers) != 1:
            return Recognised(alias=None, language=None)
        return Recognised(
            alias=alias_of(drivers[0].user_id, self._keys, self._clock()),
            language=cast(Language, drivers[0].language),
        )

    async def add_vehicle(self, user_id: str, text: str) -> DriverRecord:
        """Put a vehicle on a driver's file. Raises Problem UNKNOWN_DRIVER, BAD_VEHICLE."""
        mark = self._vehicles.mark(text)
        async with self._database.writing() as session:
            driver = await _driver_called(session, user_id)
            await link(session, driver.id, mark, self._clock())
        return await self.record(user_id)

    async def replace_token(self, user_id: str, data: TokenData) -> None:
        """Give a driver another token; the old one is dead. Raises Problem UNKNOWN_DRIVER."""
        seed = _seed(data)
        async with self._database.writing() as session:
            driver = await _driver_called(session, user_id)
            await session.merge(self._token(driver.id, data, seed))

    def _token(self, driver_id: int, data: TokenData, seed: bytes) -> SecurityToken:
        step_s = data.step_s or self._token_settings.totp_step_s
        return SecurityToken(
            driver_id=driver_id,
            kind=data.kind,
            seed=self._keys.lock_seed(seed),
            digits=self._token_settings.digits,
            step_s=step_s if data.kind == "totp" else None,
            next_counter=0,
            drift=0,
            serial=None,
            issued_at=self._clock(),
            expires_at=None,
            revoked_at=None,
        )


async def driver_id_of(database: Database, user_id: str) -> int:
    """Raises Problem UNKNOWN_DRIVER."""
    async with database.reading() as session:
        return (await _driver_called(session, user_id)).id


async def _driver_called(session: AsyncSession, user_id: str) -> Driver:
    driver = (await session.execute(select(Driver).where(Driver.user_id == user_id))).scalar()
    if driver is None:
        raise Problem(Code.UNKNOWN_DRIVER, user_id)
    return driver


def _e164(phone: str) -> str:
    try:
        number = phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException:
        raise Problem(Code.INVALID_REGISTRATION, "phone", "expected E.164, +852...") from None
    if not phonenumbers.is_valid_number(number):
        raise Problem(Code.INVALID_REGISTRATION, "phone", "expected E.164, +852...")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _seed(data: TokenData) -> bytes:
    try:
        seed = bytes.fromhex(data.seed.get_secret_value())
    except ValueError:
        seed = b""
    if len(seed) < MIN_SEED_BYTES:
        raise Problem(
            Code.INVALID_REGISTRATION, "token.seed", "expected at least 20 bytes in hexadecimal"
        )
    return seed
