"""The accounts of the console: who has one, what it may do, what it is opened by."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from ground.refusal import Refusal
from ground.web.passwords import SecretHasher, WeakPassword, check_strength
from ground.web.sessions import Sessions
from ivr.records import audit
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.failed_log_ins import FailedLogIns
from ivr.records.people_tables import Person
from ivr.records.roles import Role
from ivr.records.second_proof import ProofKind

NAME = re.compile(r"[a-z][a-z0-9._-]{1,63}")
OPERATOR_ID = re.compile(r"[0-9]{4,16}")
PIN = re.compile(r"[0-9]{6,12}")
NO_PASSWORD = ""
"""In the place of a hash: there is none, and no password is right."""


class NotPossible(Refusal):
    """What was asked of an account cannot be; it says why, to the one who asked."""


class Accounts:
    """Everything may raise RecordsUnavailable."""

    def __init__(
        self,
        records: Database,
        hasher: SecretHasher,
        failed: FailedLogIns,
        sessions: Sessions[Person],
    ) -> None:
        self._records = records
        self._hasher = hasher
        self._failed = failed
        self._sessions = sessions

    async def all(self) -> Sequence[Person]:
        async with self._records.reading() as session:
            return (await session.scalars(select(Person).order_by(Person.name))).all()

    async def by_name(self, name: str) -> Person | None:
        async with self._records.reading() as session:
            found: Person | None = await session.scalar(select(Person).where(Person.name == name))
            return found

    async def add(
        self,
        by: str,
        name: str,
        full_name: str,
        role: Role,
        password: str,
        *,
        must_change: bool = False,
    ) -> Person:
        """`must_change`: the password is good for the first log-in alone. Raises NotPossible."""
        if not NAME.fullmatch(name):
            raise NotPossible(
                "a name is 2 to 64 of a-z, 0-9, dot, dash, underscore, with a letter first"
            )
        await _must_be_strong(password, name, full_name)
        person = Person(
            name=name,
            full_name=full_name.strip()[:200] or name,
            role=role,
            password_hash=await self._hasher.hash(password),
            active=True,
            must_change=must_change,
            made_at=now(),
        )
        try:
            async with self._records.writing() as session:
                session.add(person)
                await audit.note(session, by, "person added", name, role=role.value)
        except IntegrityError:
            raise NotPossible("there is an account %(name)s already", name=name) from None
        return person

    async def set_password(
        self, by: str, name: str, password: str, *, must_change: bool = False
    ) -> None:
        """Ends all sessions of the account. `must_change`: it is good for one log-in alone.

        Raises NotPossible.
        """
        person = await self.by_name(name)
        _must_be_local(person)
        await _must_be_strong(password, name, person.full_name if person is not None else "")
        if person is not None and await self._hasher.verify(person.password_hash, password):
            raise NotPossible("that is the password of today")
        hashed = await self._hasher.hash(password)
        await self.change(by, name, "password set", password_hash=hashed, must_change=must_change)

    async def set_role(self, by: str, name: str, role: Role) -> None:
        _must_be_local(await self.by_name(name))
        await self.change(by, name, "role set", role=role)

    async def hand_over(self, by: str, name: str, issuer: str) -> None:
        """From its next log-in on a local account is of who has this name at the OpenID provider.
        Raises NotPossible."""
        _must_be_local(await self.by_name(name))
        kept: dict[str, Any] = {
            "issuer": issuer,
            "password_hash": NO_PASSWORD,
            "must_change": False,
        }
        await self.change(by, name, "handed to the provider", **kept)

    async def take_back(self, by: str, name: str) -> None:
        """The account is a local one again, and needs a password. Raises NotPossible."""
        await self.change(by, name, "taken from the provider", issuer=None, subject=None)

    async def set_active(self, by: str, name: str, active: bool) -> None:
        await self.change(by, name, "activated" if active else "deactivated", active=active)

    async def set_phone(self, by: str, name: str, operator_id: str, pin: str) -> None:
        """What the person keys on the telephone to record prompts. Raises NotPossible."""
        if not OPERATOR_ID.fullmatch(operator_id):
            raise NotPossible("an operator ID is 4 to 16 digits")
        if not PIN.fullmatch(pin) or len(set(pin)) < 3:
            raise NotPossible("a PIN is 6 to 12 digits, of three kinds at least")
        hashed = await self._hasher.hash(pin)
        try:
            await self.change(by, name, "telephone set", operator_id=operator_id, pin_hash=hashed)
        except IntegrityError:
            raise NotPossible(
                "the operator ID %(number)s is somebody else's", number=operator_id
            ) from None

    async def change(
        self, by: str, name: str, action: str, *, keep_sessions: bool = False, **values: object
    ) -> None:
        """Set columns of an account, and note it as `action`, without hashes and seeds. It is
        unlocked, and its sessions end unless they are to be kept. Raises NotPossible."""
        async with self._records.writing() as session:
            person = await session.scalar(select(Person).where(Person.name == name))
            if person is None:
                raise NotPossible("there is no account %(name)s", name=name)
            for column, value in values.items():
                setattr(person, column, value)
            await self._failed.unlock(session, subjects_of(person))
            await self._must_keep_an_administrator(session)
            # Whoever was logged in with the old rights or password is not any more.
            if not keep_sessions:
                await self._sessions.end_all_of(session, person)
            shown = {
                key: str(value)
                for key, value in values.items()
                if not any(part in key for part in ("hash", "totp", "subject"))
            }
            await audit.note(session, by, f"person: {action}", name, **shown)

    async def unlock(self, by: str, name: str) -> None:
        """Forget the log-ins that failed; sessions go on. Raises NotPossible."""
        async with self._records.writing() as session:
            person = await session.scalar(select(Person).where(Person.name == name))
            if person is None:
                raise NotPossible("there is no account %(name)s", name=name)
            await self._failed.unlock(session, subjects_of(person))
            await audit.note(session, by, "person: unlocked", name)

    async def locked(self, people: Sequence[Person]) -> Mapping[str, datetime]:
        """By name: until when a log-in is refused, by web or telephone, somewhere at least."""
        subjects = {subject: person.name for person in people for subject in subjects_of(person)}
        found: dict[str, datetime] = {}
        for subject, until in (await self._failed.locked(subjects)).items():
            name = subjects[subject]
            found[name] = max(until, found.get(name, until))
        return found

    @staticmethod
    async def _must_keep_an_administrator(session: AsyncSession) -> None:
        await session.flush()
        left = await session.scalar(
            select(func.count())
            .select_from(Person)
            .where(
                Person.role == Role.ADMINISTRATOR,
                Person.active,
                Person.password_hash != NO_PASSWORD,
            )
        )
        if not left:  # with a password: the OpenID provider may be away, or know nobody any more
            raise NotPossible("somebody must remain who may administrate")


def subjects_of(person: Person) -> list[str]:
    """What failed log-ins of an account are counted under."""
    second = [subject_of(kind, person.name) for kind in ProofKind]
    return [person.name, *second, *([person.operator_id] if person.operator_id else [])]


def subject_of(kind: ProofKind, name: str) -> str:
    """What wrong second factors of an account are counted under, each kind apart."""
    return f"{kind} of {name}"


def _must_be_local(person: Person | None) -> None:
    """Raises NotPossible."""
    if person is not None and person.issuer is not None:
        raise NotPossible(
            "password and role of %(name)s are the identity provider's", name=person.name
        )


async def _must_be_strong(password: str, name: str, full_name: str = "") -> None:
    """Raises NotPossible."""
    try:
        await asyncio.to_thread(check_strength, password, name, (full_name,))
    except WeakPassword as weak:
        raise NotPossible(weak.text, **weak.values) from None
