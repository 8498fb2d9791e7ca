"""Where somebody is logged in, as they and administrators see it, and how it is ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ground.web.sessions import NAME_LENGTH, Sessions
from ivr.records import audit
from ivr.records.account import NotPossible
from ivr.records.database import Database
from ivr.records.people_tables import Person


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


async def _person(session: AsyncSession, name: str) -> Person:
    """Raises NotPossible."""
    person: Person | None = await session.scalar(select(Person).where(Person.name == name))
    if person is None:
        raise NotPossible("there is no account %(name)s", name=name)
    return person
