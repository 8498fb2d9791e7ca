"""Registrants as officers find them: by user ID, by name or by registration number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, or_, select

from rocars.registry.vehicles import marks_of
from rocars.store.database import Database
from rocars.store.tables.registration import Company, Driver
from rocars.store.tables.web import WebAccount

A_PAGE = 50


@dataclass(frozen=True)
class RegistrantView:
    """A shipper or a driver. `active`: somebody has a password for the portal."""

    user_id: str
    role: str
    name: str
    company_id: int
    company: str
    company_number: str
    responsible_person: str
    signatories: tuple[str, ...]
    active: bool
    vehicles: tuple[str, ...] = ()


class Registrants:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def search(self, text: str) -> Sequence[RegistrantView]:
        """At most `A_PAGE`, by user ID; a driver without an account of the portal is one too."""
        like = f"%{_escaped(text)}%"
        async with self._database.reading() as session:
            accounts = await session.execute(
                _accounts()
                .where(
                    or_(
                        WebAccount.user_id == text,
                        WebAccount.name.ilike(like, escape="\\"),
                        Company.name.ilike(like, escape="\\"),
                        Company.registration_number == text,
                    )
                )
                .order_by(WebAccount.user_id)
                .limit(A_PAGE)
            )
            drivers = await session.execute(
                _drivers_without_account()
                .where(
                    or_(
                        Driver.user_id == text,
                        Driver.name.ilike(like, escape="\\"),
                        Company.registration_number == text,
                    )
                )
                .order_by(Driver.user_id)
                .limit(A_PAGE)
            )
            found = [_of_account(*row) for row in accounts] + [_of_driver(*row) for row in drivers]
        return sorted(found, key=lambda registrant: registrant.user_id)[:A_PAGE]

    async def on_record(self, registration_number: str) -> Company | None:
        """The registrant that has this number already."""
        async with self._database.reading() as session:
            return (
                await session.execute(
                    select(Company).where(Company.registration_number == registration_number)
                )
            ).scalar()

    async def registrant(self, user_id: str) -> RegistrantView | None:
        async with self._database.reading() as session:
            account = (
                await session.execute(_accounts().where(WebAccount.user_id == user_id))
            ).one_or_none()
            if account is not None:
                driver_id = account[0].driver_id
                marks = await marks_of(session, driver_id) if driver_id is not None else ()
                return _of_account(account[0], account[1], marks)
            driver = (
                await session.execute(_drivers_without_account().where(Driver.user_id == user_id))
            ).one_or_none()
            if driver is None:
                return None
            return _of_driver(driver[0], driver[1], await marks_of(session, driver[0].id))


def _accounts() -> Select[WebAccount, Company]:
    return select(WebAccount, Company).join(Company, Company.id == WebAccount.company_id)


def _drivers_without_account() -> Select[Driver, Company]:
    return (
        select(Driver, Company)
        .join(Company, Company.id == Driver.company_id)
        .outerjoin(WebAccount, WebAccount.driver_id == Driver.id)
        .where(WebAccount.id.is_(None))
    )


def _of_account(
    account: WebAccount, company: Company, vehicles: tuple[str, ...] = ()
) -> RegistrantView:
    return _registrant(
        account.user_id, account.role, account.name, company, account.active, vehicles
    )


def _of_driver(driver: Driver, company: Company, vehicles: tuple[str, ...] = ()) -> RegistrantView:
    return _registrant(driver.user_id, "driver", driver.name, company, False, vehicles)


def _registrant(
    user_id: str, role: str, name: str, company: Company, active: bool, vehicles: tuple[str, ...]
) -> RegistrantView:
    return RegistrantView(
        user_id=user_id,
        role=role,
        name=name,
        company_id=company.id,
        company=company.name,
        company_number=company.registration_number,
        responsible_person=company.responsible_person,
        signatories=tuple(signatory.name for signatory in company.signatories),
        active=active,
        vehicles=vehicles,
    )


def _escaped(text: str) -> str:
    """Text in which LIKE finds no places of its own."""
    return text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
