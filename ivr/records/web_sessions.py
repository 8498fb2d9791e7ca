"""Where somebody is logged in, as they and administrators see it, and how it is ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from ground.web.sessions import NAME_LENGTH, Sessions
from ivr.records import audit
from ivr.records.account import NotPossible
from ivr.records.database import Database
from ivr.records.people_tables import Person, WebSession
from ivr.records.provider_accounts import PROVIDER


@dataclass(frozen=True)
class OpenSession:
    """A session that lasts.

    Attributes:
        name: what it is ended by (`ground.web.sessions.name_of`).
        agent, address: browser and place of the log-in; empty where they were not written down.
    """

    name: str
    agent: str
    address: str
    began_at: datetime
    seen_at: datetime


@dataclass(frozen=True)
class ProviderSession:
    """What an OpenID provider has begun a session with.

    Attributes:
        id_token: in which it said who they are.
        name: what it calls the session; None where it does not.
    """

    id_token: str = field(repr=False)
    name: str | None


class WebSessions:
    """Everything may raise RecordsUnavailable, and NotPossible where there is no such account."""

    def __init__(self, records: Database, sessions: Sessions[Person]) -> None:
        self._records = records
        self._sessions = sessions

    async def of(self, name: str) -> Sequence[OpenSession]:
        """All of one account, the last used first."""
        async with self._records.reading() as session:
            rows = await self._sessions.of(session, await _person(session, name))
        return [
            OpenSession(
                name=row.token_hash[:NAME_LENGTH],
                agent=row.agent,
                address=row.address,
                began_at=row.began_at,
                seen_at=row.seen_at,
            )
            for row in rows
        ]

    async def end(self, by: str, name: str, which: str) -> None:
        """Raises NotPossible where it has ended already."""
        async with self._records.writing() as session:
            person = await _person(session, name)
            if not await self._sessions.end_named(session, person, which):
                raise NotPossible("that session has ended already")
            await audit.note(session, by, "session ended", name)

    async def end_all(self, by: str, name: str) -> None:
        async with self._records.writing() as session:
            await self._sessions.end_all_of(session, await _person(session, name))
            await audit.note(session, by, "logged out everywhere", name)

    async def end_at_provider(self, issuer: str, subject: str, name: str) -> int:
        """End what the provider has ended: its session of this name, or all of the subject; how
        many those were here."""
        of_theirs = select(Person.person_id).where(Person.issuer == issuer)
        if subject:
            of_theirs = of_theirs.where(Person.subject == subject)
        ended = delete(WebSession).where(
            WebSession.person_id.in_(of_theirs), WebSession.id_token.is_not(None)
        )
        if name:
            ended = ended.where(WebSession.provider_session == name)
        async with self._records.writing() as session:
            owners = (await session.scalars(ended.returning(WebSession.person_id))).all()
            names = select(Person.name).where(Person.person_id.in_(set(owners)))
            for person in (await session.scalars(names.order_by(Person.name))).all():
                await audit.note(session, PROVIDER, "session ended", person)
        return len(owners)


async def _person(session: AsyncSession, name: str) -> Person:
    """Raises NotPossible."""
    person: Person | None = await session.scalar(select(Person).where(Person.name == name))
    if person is None:
        raise NotPossible("there is no account %(name)s", name=name)
    return person
