"""Registered companies and their signatories."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.refusals import Code, Problem
from rocars.registry.messages import CompanyData
from rocars.store.database import Database
from rocars.store.tables.registration import Company, Signatory


class Companies:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, data: CompanyData) -> None:
        """Raises Problem ALREADY_REGISTERED."""
        company = Company(
            registration_number=data.registration_number,
            name=data.name,
            responsible_person=data.responsible_person,
            signatories=[
                Signatory(place=place, name=name)
                for place, name in enumerate(data.signatories, start=1)
            ],
        )
        try:
            async with self._database.writing() as session:
                session.add(company)
        except IntegrityError:
            raise Problem(Code.ALREADY_REGISTERED, data.registration_number) from None


async def company_called(session: AsyncSession, registration_number: str) -> int:
    """Raises Problem UNKNOWN_COMPANY."""
    company_id = (
        await session.execute(
            select(Company.id).where(Company.registration_number == registration_number)
        )
    ).scalar()
    if company_id is None:
        raise Problem(Code.UNKNOWN_COMPANY, registration_number)
    return company_id
