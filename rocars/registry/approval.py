"""An application is approved: the registrant, their accounts and truckers, consents, and packs.

One of a registrant that is on record already changes the record: other persons, more truckers, more
clients.

Nobody can log in yet: nobody knows a password or PIN until a secure pack is printed, and none
counts until it is handed over.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.clock import Clock
from rocars.registry.application_form import ApplicationData, Trucker
from rocars.registry.applications import open_application
from rocars.registry.deeds import NotPossible, note
from rocars.registry.settings import AccountForms, DriverForms
from rocars.registry.vehicles import link
from rocars.secrets.pins import PinHasher
from rocars.store.database import Database
from rocars.store.tables.applications import Agency, Application, SecurePack
from rocars.store.tables.registration import Company, Driver, Signatory
from rocars.store.tables.web import WebAccount

log = structlog.get_logger("rocars.registration")

_TRIES = 50


class Approval:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        accounts: AccountForms,
        drivers: DriverForms,
        hasher: PinHasher,
    ) -> None:
        self._database = database
        self._clock = clock
        self._account_pattern = accounts.account_pattern
        self._driver_pattern = drivers.user_id_pattern
        self._hasher = hasher

    async def approve(
        self, officer: str, number: int, version: int, tokens: str, *, on_record: bool = False
    ) -> list[str]:
        """The user IDs given out, the registrant's first.

        Args:
            version: of the application as the officer saw it.
            tokens: what truckers get, `soft` or `device` (`SecurePack.token`).
            on_record: whether the officer saw that the registrant is registered already.

        Raises NotPossible.
        """
        unknown = await nobodys_hash(self._hasher)
        try:
            async with self._database.writing() as session:
                kept = await open_application(session, number, version)
                data = ApplicationData.model_validate(kept.data)
                if on_record:
                    company = await _changed(session, data)
                else:
                    company = _new_company(session, data, kept.reference)
                await session.flush()
                given = await self._accounts(session, officer, kept, data, company, unknown, tokens)
                now = self._clock()
                for client in data.clients:
                    session.add(
                        Agency(
                            agent_id=company.id,
                            client_number=client.number,
                            client_name=client.name,
                            consented_by=client.consented_by,
                            consented_on=client.consented_on,
                            recorded_at=now,
                        )
                    )
                kept.state, kept.changed_at, kept.company_id = "approved", now, company.id
                note(session, now, officer, "approved", kept.reference, " ".join(given))
        except IntegrityError:
            raise NotPossible("This registration number is registered already.") from None
        log.info("application.approved", reference=kept.reference, accounts=len(given))
        return given

    async def _accounts(
        self,
        session: AsyncSession,
        officer: str,
        kept: Application,
        data: ApplicationData,
        company: Company,
        unknown: str,
        tokens: str,
    ) -> list[str]:
        given = []
        if data.lodges and not await _has_account(session, company.id):
            user_id = await self._free_id(session, self._account_pattern, _registrants_id)
            given.append(user_id)
            account = new_account(user_id, "shipper", company.id, data.name, unknown)
            await self._order(session, officer, account, kept, "none")
        for trucker in data.truckers:
            user_id = await self._free_id(session, self._driver_pattern, _drivers_id)
            given.append(user_id)
            driver = await self._driver(session, user_id, trucker, company.id, unknown)
            account = new_account(user_id, "driver", company.id, trucker.name, unknown, driver.id)
            await self._order(session, officer, account, kept, tokens)
        return given

    async def _driver(
        self, session: AsyncSession, user_id: str, trucker: Trucker, company_id: int, unknown: str
    ) -> Driver:
        driver = Driver(
            user_id=user_id,
            company_id=company_id,
            name=trucker.name,
            pin_hash=unknown,
            phone=trucker.phone,
            language=trucker.language,
        )
        session.add(driver)
        await session.flush()
        now = self._clock()
        for age, mark in enumerate(trucker.vehicles):  # the first named counts as last used
            await link(session, driver.id, mark, now - timedelta(milliseconds=age))
        return driver

    async def _order(
        self,
        session: AsyncSession,
        officer: str,
        account: WebAccount,
        kept: Application,
        token: str,
    ) -> None:
        session.add(account)
        await session.flush()
        session.add(
            ordered_pack(officer, account, kept.counter, kept.language, self._clock(), token=token)
        )

    async def _free_id(self, session: AsyncSession, pattern: str, draw: Callable[[], str]) -> str:
        """A user ID that nobody has. Raises NotPossible."""
        for _ in range(_TRIES):
            user_id = draw()
            if not re.fullmatch(pattern, user_id, re.ASCII):
                continue
            taken = await session.scalar(
                select(WebAccount.id).where(WebAccount.user_id == user_id)
            ) or await session.scalar(select(Driver.id).where(Driver.user_id == user_id))
            if taken is None:
                return user_id
        raise NotPossible("No free user ID of the form of the settings was found.")


def ordered_pack(
    officer: str,
    account: WebAccount,
    counter: str,
    language: str,
    at: datetime,
    *,
    token: str,
    first: bool = True,
) -> SecurePack:
    """A pack to be printed; without `first` it holds a token only."""
    return SecurePack(
        account_id=account.id,
        counter=counter,
        language=language,
        state="ordered",
        secrets=first,
        token=token,
        ordered_at=at,
        ordered_by=officer,
    )


def _new_company(session: AsyncSession, data: ApplicationData, reference: str) -> Company:
    """An individual is known by the reference of their application: no number of an identity card
    is kept."""
    company = Company(
        registration_number=data.registration_number or f"IND-{reference}",
        name=data.name,
        responsible_person=data.responsible_person,
        signatories=_signatories(data),
    )
    session.add(company)
    return company


async def _changed(session: AsyncSession, data: ApplicationData) -> Company:
    """The registrant on record, with the persons of the application. Raises NotPossible."""
    company = (
        await session.execute(
            select(Company)
            .where(Company.registration_number == data.registration_number)
            .with_for_update()
        )
    ).scalar()
    if company is None:
        raise NotPossible("No registrant has this registration number.")
    company.name, company.responsible_person = data.name, data.responsible_person
    company.signatories.clear()
    await session.flush()  # a place is free before somebody else takes it
    company.signatories.extend(_signatories(data))
    return company


def _signatories(data: ApplicationData) -> list[Signatory]:
    return [
        Signatory(place=place, name=name) for place, name in enumerate(data.signatories, start=1)
    ]


async def _has_account(session: AsyncSession, company_id: int) -> bool:
    found = await session.scalar(
        select(WebAccount.id)
        .where(WebAccount.company_id == company_id, WebAccount.role == "shipper")
        .limit(1)
    )
    return found is not None


async def nobodys_hash(hasher: PinHasher) -> str:
    """A hash of what nobody knows: it costs as much to try as any other, and none opens it."""
    return await hasher.hash(secrets.token_urlsafe(32))


def new_account(
    user_id: str, role: str, company_id: int, name: str, unknown: str, driver_id: int | None = None
) -> WebAccount:
    """An account that nobody can log in to yet."""
    return WebAccount(
        user_id=user_id,
        role=role,
        company_id=company_id,
        driver_id=driver_id,
        name=name,
        password_hash=unknown,
        active=False,
        first_password_at=None,
    )


def _drivers_id() -> str:
    """Eight digits, to be keyed on a telephone; they begin with 3 to 9."""
    return str(30_000_000 + secrets.randbelow(70_000_000))


def _registrants_id() -> str:
    return f"R{secrets.randbelow(100_000_000):08}"
