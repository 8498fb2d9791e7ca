"""Accounts of the web portal: shippers of a company, and drivers."""

from __future__ import annotations

import re

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from ground.web.passwords import WeakPassword, check_strength
from rocars.refusals import Code, Problem
from rocars.registry.companies import company_called
from rocars.registry.messages import AccountData
from rocars.registry.settings import AccountForms
from rocars.secrets.pins import PinHasher
from rocars.store.database import Database
from rocars.store.tables.registration import Driver
from rocars.store.tables.web import WebAccount


class Accounts:
    def __init__(self, database: Database, forms: AccountForms, hasher: PinHasher) -> None:
        self._database = database
        self._forms = forms
        self._hasher = hasher

    async def add(self, data: AccountData) -> None:
        """Give a shipper, or a driver, an account of the portal. A driver's user ID is that of the
        driver, and a user ID of drivers is given to nobody else.

        Raises Problem INVALID_REGISTRATION, UNKNOWN_COMPANY, UNKNOWN_DRIVER, ALREADY_REGISTERED.
        """
        if not re.fullmatch(self._forms.account_pattern, data.user_id, re.ASCII):
            raise Problem(Code.INVALID_REGISTRATION, "user_id")
        password_hash = await self.hashed(data.password.get_secret_value(), data.user_id)
        try:
            async with self._database.writing() as session:
                driver = (
                    await session.execute(select(Driver).where(Driver.user_id == data.user_id))
                ).scalar()
                if data.role == "driver":
                    if driver is None:
                        raise Problem(Code.UNKNOWN_DRIVER, data.user_id)
                    company_id = driver.company_id
                elif driver is not None:
                    raise Problem(Code.ALREADY_REGISTERED, data.user_id)
                else:
                    company_id = await company_called(session, data.company or "")
                session.add(
                    WebAccount(
                        user_id=data.user_id,
                        role=data.role,
                        company_id=company_id,
                        driver_id=driver.id if driver is not None else None,
                        name=data.name,
                        password_hash=password_hash,
                        active=True,
                    )
                )
        except IntegrityError:
            raise Problem(Code.ALREADY_REGISTERED, data.user_id) from None

    async def hashed(self, password: str, user_id: str) -> str:
        """Raises Problem INVALID_REGISTRATION for a password that is too weak."""
        try:
            check_strength(password, user_id.lower())
        except WeakPassword as weak:
            raise Problem(Code.INVALID_REGISTRATION, "password", str(weak)) from None
        return await self._hasher.hash(password)
