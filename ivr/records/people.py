"""The people of the console: accounts, log-ins by web and by telephone, sessions."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import argon2
from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from ivr.records import audit
from ivr.records.console_tables import Person, WebSession
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.roles import Role

_HASHER = argon2.PasswordHasher()
_NOBODY = _HASHER.hash(secrets.token_hex(16))
"""Verified for names that do not exist, so that they cannot be told by the time it takes."""

NAME = re.compile(r"[a-z][a-z0-9._-]{1,63}")
OPERATOR_ID = re.compile(r"[0-9]{4,16}")
PIN = re.compile(r"[0-9]{6,12}")
SHORTEST_PASSWORD = 12
FREE_FAILURES = 5
FIRST_LOCK_S = 30.0
LONGEST_LOCK_S = 3600.0


class NotPossible(ValueError):
    """What was asked of an account cannot be; the text says why, for the one who asked."""


class LockedFor(Exception):
    """Too many log-ins failed; `seconds` until the next is looked at."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"locked for {seconds:.0f} s")
        self.seconds = seconds


@dataclass(frozen=True)
class Visitor:
    """Somebody logged in, as a page knows him; `csrf` must come back with every form."""

    person: Person
    token: str
    csrf: str


class People:
    """Accounts and sessions. Everything may raise RecordsUnavailable."""

    def __init__(self, records: Database, *, session_h: float = 12, idle_min: float = 60) -> None:
        self._records = records
        self._longest = timedelta(hours=session_h)
        self._idle = timedelta(minutes=idle_min)

    # Accounts

    async def all(self) -> Sequence[Person]:
        async with self._records.reading() as session:
            return (await session.scalars(select(Person).order_by(Person.name))).all()

    async def by_name(self, name: str) -> Person | None:
        async with self._records.reading() as session:
            found: Person | None = await session.scalar(select(Person).where(Person.name == name))
            return found

    async def add(self, by: str, name: str, full_name: str, role: Role, password: str) -> Person:
        """Raises NotPossible."""
        if not NAME.fullmatch(name):
            raise NotPossible(
                "a name is 2 to 64 of a-z, 0-9, dot, dash, underscore, with a letter first"
            )
        _must_be_strong(password, name)
        person = Person(
            name=name,
            full_name=full_name.strip()[:200] or name,
            role=role,
            password_hash=await asyncio.to_thread(_HASHER.hash, password),
            active=True,
            failures=0,
            made_at=now(),
        )
        try:
            async with self._records.writing() as session:
                session.add(person)
                audit.note(session, by, "person added", name, role=role.value)
        except IntegrityError:
            raise NotPossible(f"there is an account {name} already") from None
        return person

    async def set_password(self, by: str, name: str, password: str) -> None:
        """Ends all sessions of the account. Raises NotPossible."""
        _must_be_strong(password, name)
        hashed = await asyncio.to_thread(_HASHER.hash, password)
        await self._change(by, name, "password set", password_hash=hashed)

    async def set_role(self, by: str, name: str, role: Role) -> None:
        await self._change(by, name, "role set", role=role)

    async def set_active(self, by: str, name: str, active: bool) -> None:
        await self._change(by, name, "activated" if active else "deactivated", active=active)

    async def set_phone(self, by: str, name: str, operator_id: str, pin: str) -> None:
        """What the person keys on the telephone to record prompts. Raises NotPossible."""
        if not OPERATOR_ID.fullmatch(operator_id):
            raise NotPossible("an operator ID is 4 to 16 digits")
        if not PIN.fullmatch(pin) or len(set(pin)) < 3:
            raise NotPossible("a PIN is 6 to 12 digits, of three kinds at least")
        hashed = await asyncio.to_thread(_HASHER.hash, pin)
        try:
            await self._change(by, name, "telephone set", operator_id=operator_id, pin_hash=hashed)
        except IntegrityError:
            raise NotPossible(f"the operator ID {operator_id} is somebody else's") from None

    async def _change(self, by: str, name: str, action: str, **values: object) -> None:
        async with self._records.writing() as session:
            person = await session.scalar(select(Person).where(Person.name == name))
            if person is None:
                raise NotPossible(f"there is no account {name}")
            for column, value in values.items():
                setattr(person, column, value)
            person.failures, person.locked_until = 0, None
            await self._must_keep_an_administrator(session)
            # Whoever was logged in with the old rights or password is not any more.
            await session.execute(
                delete(WebSession).where(WebSession.person_id == person.person_id)
            )
            shown = {key: str(value) for key, value in values.items() if "hash" not in key}
            audit.note(session, by, f"person: {action}", name, **shown)

    @staticmethod
    async def _must_keep_an_administrator(session: AsyncSession) -> None:
        await session.flush()
        left = await session.scalar(
            select(func.count())
            .select_from(Person)
            .where(Person.role == Role.ADMINISTRATOR, Person.active)
        )
        if not left:
            raise NotPossible("somebody must remain who may administrate")

    # Logging in

    async def log_in(self, name: str, password: str, address: str) -> Visitor | None:
        """A new session; None for a wrong name or password. Raises LockedFor."""
        person = await self._proved(Person.name == name, password, f"web from {address}")
        if person is None:
            return None
        visitor = Visitor(person, secrets.token_urlsafe(32), secrets.token_urlsafe(32))
        async with self._records.writing() as session:
            session.add(
                WebSession(
                    token_hash=_hashed(visitor.token),
                    person_id=person.person_id,
                    csrf=visitor.csrf,
                    began_at=now(),
                    seen_at=now(),
                )
            )
            audit.note(session, name, "logged in", name, by="web", address=address)
        return visitor

    async def by_phone(self, operator_id: str, pin: str, caller: str) -> Person | None:
        """Who has this operator ID and PIN; None if nobody. Raises LockedFor."""
        person = await self._proved(Person.operator_id == operator_id, pin, "phone", phone=True)
        if person is not None:
            await audit.write(
                self._records, person.name, "logged in", person.name, by="phone", caller=caller
            )
        return person

    async def proves(self, name: str, password: str) -> bool:
        """Whether this is the password; counted like a log-in. Raises LockedFor."""
        return await self._proved(Person.name == name, password, "web") is not None

    async def _proved(
        self, who: ColumnElement[bool], secret: str, way: str, *, phone: bool = False
    ) -> Person | None:
        person = await self._charged(who, way)
        hashed = _NOBODY
        if person is not None:
            hashed = (person.pin_hash if phone else person.password_hash) or _NOBODY
        right = await asyncio.to_thread(_verified, hashed, secret)
        if person is None or not right or not person.active:
            return None
        async with self._records.writing() as session:
            await session.execute(
                update(Person)
                .where(Person.person_id == person.person_id)
                .values(failures=0, locked_until=None)
            )
        return person

    async def _charged(self, who: ColumnElement[bool], way: str) -> Person | None:
        """The account, one failure dearer until the secret proves right.

        Charged before it is looked at, so that many guesses at once are no more guesses. Raises
        LockedFor.
        """
        async with self._records.writing() as session:
            person: Person | None = await session.scalar(
                select(Person).where(who).with_for_update()
            )
            if person is None:
                return None
            if person.locked_until and person.locked_until > now():
                raise LockedFor((person.locked_until - now()).total_seconds())
            person.failures += 1
            if person.failures >= FREE_FAILURES:
                pause = min(FIRST_LOCK_S * 2 ** (person.failures - FREE_FAILURES), LONGEST_LOCK_S)
                person.locked_until = now() + timedelta(seconds=pause)
                audit.note(session, person.name, "log-in failed again", person.name, by=way)
        return person

    async def visitor(self, token: str) -> Visitor | None:
        """Who holds this cookie, if his session still lasts."""
        async with self._records.reading() as session:
            row = (
                await session.execute(
                    select(WebSession, Person)
                    .join(Person, Person.person_id == WebSession.person_id)
                    .where(WebSession.token_hash == _hashed(token), Person.active)
                )
            ).first()
        if row is None:
            return None
        held, person = row
        at = now()
        if at - held.began_at > self._longest or at - held.seen_at > self._idle:
            await self.log_out(token)
            return None
        if at - held.seen_at > timedelta(minutes=1):
            async with self._records.writing() as session:
                await session.execute(
                    update(WebSession)
                    .where(WebSession.token_hash == held.token_hash)
                    .values(seen_at=at)
                )
        return Visitor(person, token, held.csrf)

    async def log_out(self, token: str) -> None:
        async with self._records.writing() as session:
            await session.execute(delete(WebSession).where(WebSession.token_hash == _hashed(token)))

    async def purge_sessions(self) -> None:
        """Forget sessions that are over."""
        async with self._records.writing() as session:
            await session.execute(
                delete(WebSession).where(
                    (WebSession.began_at < now() - self._longest)
                    | (WebSession.seen_at < now() - self._idle)
                )
            )


def _must_be_strong(password: str, name: str) -> None:
    """Length is what counts (NIST SP 800-63B, 5.1.1.2)."""
    if len(password) < SHORTEST_PASSWORD:
        raise NotPossible(f"a password has {SHORTEST_PASSWORD} characters or more")
    if len(password) > 256:
        raise NotPossible("a password has 256 characters or fewer")
    if name in password.lower() or len(set(password)) < 5:
        raise NotPossible("a password is not the name, nor a few characters repeated")


def _verified(hashed: str, secret: str) -> bool:
    try:
        return _HASHER.verify(hashed, secret)
    except argon2.exceptions.VerifyMismatchError:
        return False


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
