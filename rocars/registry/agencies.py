"""Agents who act for others, with the consent of each client on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select

from rocars.clock import Clock
from rocars.registry.deeds import note
from rocars.store.database import Database
from rocars.store.tables.applications import Agency
from rocars.store.tables.registration import Company


@dataclass(frozen=True)
class AgencyView:
    """One client of one agent. `ended_at` is when the consent was taken back."""

    id: int
    agent: str
    client_number: str
    client_name: str
    consented_by: str
    consented_on: date
    ended_at: datetime | None


class Agencies:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def of_company(self, company_id: int, number: str) -> Sequence[AgencyView]:
        """Those in which a company is the agent or, by its registration number, the client."""
        async with self._database.reading() as session:
            rows = await session.execute(
                select(Agency, Company.name)
                .join(Company, Company.id == Agency.agent_id)
                .where(or_(Agency.agent_id == company_id, Agency.client_number == number))
                .order_by(Agency.id)
            )
            return [
                AgencyView(
                    id=kept.id,
                    agent=agent,
                    client_number=kept.client_number,
                    client_name=kept.client_name,
                    consented_by=kept.consented_by,
                    consented_on=kept.consented_on,
                    ended_at=kept.ended_at,
                )
                for kept, agent in rows
            ]

    async def end(self, who: str, client_number: str, agency: int) -> bool:
        """A client takes its consent back; False when there is none of it to take back."""
        now = self._clock()
        async with self._database.writing() as session:
            kept = (
                await session.execute(
                    select(Agency)
                    .where(
                        Agency.id == agency,
                        Agency.client_number == client_number,
                        Agency.ended_at.is_(None),
                    )
                    .with_for_update()
                )
            ).scalar()
            if kept is None:
                return False
            kept.ended_at = now
            note(session, now, who, "consent_ended", client_number, str(agency))
        return True
