"""Accounts whose log-ins are an OpenID provider's: they come with their first log-in, and their
role with each."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from ivr.records import audit
from ivr.records.account import NAME, NO_PASSWORD
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.people_tables import Person
from ivr.records.roles import Role

PROVIDER = "(identity provider)"
"""Who the audit log names for what comes with a log-in."""


class NotLetIn(Exception):
    """The provider knows them, and they are not let in; `why` is for the audit log."""

    def __init__(self, why: str, name: str) -> None:
        super().__init__(why)
        self.why = why
        self.name = name


class NameTaken(NotLetIn):
    """There is an account of their name, which is not theirs."""


@dataclass(frozen=True)
class ProvidedPerson:
    """Somebody as a provider has let them in.

    Attributes:
        issuer, subject: by which they are known, for good (OpenID Connect Core 1.0, 2).
        name: how they are to be called here, if they are new.
    """

    issuer: str
    subject: str
    name: str
    full_name: str
    role: Role


class ProviderAccounts:
    """Everything may raise RecordsUnavailable."""

    def __init__(self, records: Database) -> None:
        self._records = records

    async def account_of(self, provided: ProvidedPerson) -> Person:
        """Their account, with the role that they have now; made if they are new.

        Raises NotLetIn.
        """
        for _ in range(2):  # of two first log-ins at once one finds what the other has made
            try:
                async with self._records.writing() as session:
                    person = await _known(session, provided)
                    return await (
                        _made(session, provided)
                        if person is None
                        else _as_it_is_now(session, person, provided)
                    )
            except IntegrityError:
                continue
        raise NameTaken("name taken", provided.name)


async def _as_it_is_now(session: AsyncSession, person: Person, provided: ProvidedPerson) -> Person:
    if not person.active:
        raise NotLetIn("deactivated", person.name)
    if person.role is not provided.role:
        person.role = provided.role
        role = provided.role.value
        await audit.note(session, PROVIDER, "person: role set", person.name, role=role)
    return person


async def _known(session: AsyncSession, provided: ProvidedPerson) -> Person | None:
    """Whoever has logged in before, or whose local account an administrator has handed over."""
    person: Person | None = await session.scalar(
        select(Person)
        .where(Person.issuer == provided.issuer, Person.subject == provided.subject)
        .with_for_update()
    )
    if person is not None:
        return person
    person = await session.scalar(
        select(Person).where(Person.name == provided.name).with_for_update()
    )
    if person is None:
        return None
    if person.issuer != provided.issuer or person.subject is not None:
        raise NameTaken("name taken", provided.name)
    person.subject = provided.subject
    await audit.note(session, PROVIDER, "person: bound to the provider", person.name)
    return person


async def _made(session: AsyncSession, provided: ProvidedPerson) -> Person:
    if not NAME.fullmatch(provided.name):
        raise NotLetIn("no name", "(no name)")
    person = Person(
        name=provided.name,
        full_name=provided.full_name.strip()[:200] or provided.name,
        role=provided.role,
        password_hash=NO_PASSWORD,
        active=True,
        issuer=provided.issuer,
        subject=provided.subject,
        made_at=now(),
    )
    session.add(person)
    await session.flush()
    await audit.note(session, PROVIDER, "person added", person.name, role=person.role.value)
    return person
