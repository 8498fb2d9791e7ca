"""Agents who act for others, with the consent of each client on record.

What an agent says of a consent, in its application, is kept; it opens nothing until the client
confirms it on the portal. A client also gives its consent by itself, and takes it back at any time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.clock import Clock, in_hong_kong
from rocars.refusals import Code, Problem
from rocars.registry.companies import company_called
from rocars.registry.deeds import note
from rocars.store.database import Database
from rocars.store.tables.applications import Agency, AgentDeed
from rocars.store.tables.registration import Company

_DEEDS_SHOWN = 200


@dataclass(frozen=True)
class AgencyView:
    """One client of one agent. `confirmed_at` is when the client said so itself, `ended_at` when
    the consent was taken back."""

    id: int
    agent_id: int
    agent: str
    agent_number: str
    client_number: str
    client_name: str
    consented_by: str
    consented_on: date
    confirmed_at: datetime | None
    ended_at: datetime | None

    @property
    def in_force(self) -> bool:
        """Whether the agent may act."""
        return self.confirmed_at is not None and self.ended_at is None


@dataclass(frozen=True)
class ActingFor:
    """A client for whom a company may act now.

    Args:
        agency: the record of the consent.
        agent_id: key of the company that acts.
        company_id: key of the client, `number` its registration number.
    """

    agency: int
    agent_id: int
    company_id: int
    number: str
    name: str


class Agencies:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def of_company(self, company_id: int, number: str) -> Sequence[AgencyView]:
        """Those in which a company is the agent or, by its registration number, the client."""
        concerned = or_(Agency.agent_id == company_id, Agency.client_number == number)
        async with self._database.reading() as session:
            rows = await session.execute(_views().where(concerned).order_by(Agency.id))
            return [_view(*row) for row in rows]

    async def get(self, company_id: int, number: str, agency: int) -> AgencyView | None:
        """This one, if the company is its agent or its client."""
        concerned = or_(Agency.agent_id == company_id, Agency.client_number == number)
        async with self._database.reading() as session:
            row = (
                await session.execute(_views().where(concerned, Agency.id == agency))
            ).one_or_none()
        return _view(*row) if row is not None else None

    async def deeds(self, agency: int) -> Sequence[AgentDeed]:
        """What was done under it, the newest first."""
        async with self._database.reading() as session:
            rows = await session.execute(
                select(AgentDeed)
                .where(AgentDeed.agency_id == agency)
                .order_by(AgentDeed.id.desc())
                .limit(_DEEDS_SHOWN)
            )
            return rows.scalars().all()

    async def acting_for(self, agency: int, agent_id: int) -> ActingFor | None:
        """The client, if this company may act for it now."""
        async with self._database.reading() as session:
            return await _acting(session, Agency.id == agency, Agency.agent_id == agent_id)

    async def client_called(self, agent_id: int, number: str) -> ActingFor | None:
        """The client with this registration number, if this company may act for it now."""
        async with self._database.reading() as session:
            return await _acting(
                session, Agency.agent_id == agent_id, Agency.client_number == number
            )

    async def clients_of(self, agent_id: int) -> Sequence[ActingFor]:
        """All for whom this company may act now, by name."""
        async with self._database.reading() as session:
            rows = await session.execute(
                _in_force(Agency.agent_id == agent_id).order_by(Company.name, Agency.id)
            )
            clients = {client.id: _acting_for(agency, client) for agency, client in rows}
            return list(clients.values())

    async def give(self, who: str, name: str, client_number: str, agent_number: str) -> None:
        """A client consents, from today on, to what this company does for it.

        Args:
            who: user ID of the one who gives it; `name`: theirs.

        Raises Problem UNKNOWN_COMPANY, for the client itself too.
        """
        now = self._clock()
        async with self._database.writing() as session:
            if agent_number == client_number:
                raise Problem(Code.UNKNOWN_COMPANY, agent_number)
            agent_id = await company_called(session, agent_number)
            client_id = await company_called(session, client_number)
            given = await _open(session, client_number, agent_id)
            if not given:
                client = await session.get_one(Company, client_id)
                given = [
                    Agency(
                        agent_id=agent_id,
                        client_number=client_number,
                        client_name=client.name,
                        consented_by=name,
                        consented_on=in_hong_kong(now).date(),
                        recorded_at=now,
                    )
                ]
                session.add_all(given)
                await session.flush()
            _confirm(session, given, who, now)

    async def confirm(self, who: str, client_number: str, agency: int) -> bool:
        """A client says that what an agent said of its consent is so; False when there is none of
        it to confirm."""
        now = self._clock()
        async with self._database.writing() as session:
            agent_id = await _agent_of(session, client_number, agency)
            if agent_id is None:
                return False
            _confirm(session, await _open(session, client_number, agent_id), who, now)
        return True

    async def end(self, who: str, client_number: str, agency: int) -> bool:
        """A client takes its consent back, whatever else is on record of it for this agent; False
        when there is none of it to take back."""
        now = self._clock()
        async with self._database.writing() as session:
            agent_id = await _agent_of(session, client_number, agency)
            if agent_id is None:
                return False
            for kept in await _open(session, client_number, agent_id):
                kept.ended_at = now
                note(session, now, who, "consent_ended", client_number, str(kept.id))
        return True


async def still_acting(session: AsyncSession, agency: int) -> ActingFor | None:
    """The client of this consent, if it is in force; it stays so until the transaction ends."""
    wanted = _in_force(Agency.id == agency).with_for_update(of=Agency, read=True)
    row = (await session.execute(wanted)).one_or_none()
    return _acting_for(*row) if row is not None else None


async def _acting(session: AsyncSession, *wanted: ColumnElement[bool]) -> ActingFor | None:
    row = (await session.execute(_in_force(*wanted).order_by(Agency.id).limit(1))).one_or_none()
    return _acting_for(*row) if row is not None else None


def _in_force(*wanted: ColumnElement[bool]) -> Select[Agency, Company]:
    """Consents that are in force, each with the client."""
    return (
        select(Agency, Company)
        .join(Company, Company.registration_number == Agency.client_number)
        .where(Agency.confirmed_at.is_not(None), Agency.ended_at.is_(None), *wanted)
    )


def _acting_for(agency: Agency, client: Company) -> ActingFor:
    return ActingFor(agency.id, agency.agent_id, client.id, client.registration_number, client.name)


def _confirm(session: AsyncSession, agencies: Sequence[Agency], who: str, now: datetime) -> None:
    for kept in agencies:
        if kept.confirmed_at is None:
            kept.confirmed_at, kept.confirmed_by = now, who
            note(session, now, who, "consent_given", kept.client_number, str(kept.id))


async def _agent_of(session: AsyncSession, client_number: str, agency: int) -> int | None:
    """The agent of a consent of this client that was not taken back."""
    found: int | None = await session.scalar(
        select(Agency.agent_id).where(
            Agency.id == agency, Agency.client_number == client_number, Agency.ended_at.is_(None)
        )
    )
    return found


async def _open(session: AsyncSession, client_number: str, agent_id: int) -> Sequence[Agency]:
    """All that is on record of this client's consent to this agent, locked."""
    rows = await session.execute(
        select(Agency)
        .where(
            Agency.client_number == client_number,
            Agency.agent_id == agent_id,
            Agency.ended_at.is_(None),
        )
        .order_by(Agency.id)
        .with_for_update()
    )
    return rows.scalars().all()


def _views() -> Select[Agency, Company]:
    return select(Agency, Company).join(Company, Company.id == Agency.agent_id)


def _view(kept: Agency, agent: Company) -> AgencyView:
    return AgencyView(
        id=kept.id,
        agent_id=kept.agent_id,
        agent=agent.name,
        agent_number=agent.registration_number,
        client_number=kept.client_number,
        client_name=kept.client_name,
        consented_by=kept.consented_by,
        consented_on=kept.consented_on,
        confirmed_at=kept.confirmed_at,
        ended_at=kept.ended_at,
    )
