"""The people of the console: accounts, log-ins by web and by telephone, sessions."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from ground.web.lockout import LockedFor, LockoutRule
from ground.web.passwords import SecretHasher, WeakPassword, check_strength
from ground.web.sessions import Sessions
from ivr.records import audit
from ivr.records.account import NotPossible
from ivr.records.console_tables import Person, WebSession
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.failed_log_ins import EVERYWHERE, FailedLogIns, Way, place_of
from ivr.records.known_devices import KnownDevices
from ivr.records.passkey_tables import Passkey
from ivr.records.roles import Role
from ivr.records.second_factor import CodeWanted, SecondFactor, SecondFactorAway
from ivr.records.second_proof import ProofKind, SecondProof
from ivr.records.web_sessions import WebSessions

_HASHER = SecretHasher()

NAME = re.compile(r"[a-z][a-z0-9._-]{1,63}")
OPERATOR_ID = re.compile(r"[0-9]{4,16}")
PIN = re.compile(r"[0-9]{6,12}")
NO_PASSWORD = ""
"""In the place of a hash: there is none, and no password is right."""

LONGEST_AGENT = 300
"""Characters that are kept of what a browser says that it is."""

FROM_EVERYWHERE = LockoutRule(free_failures=50)


@dataclass(frozen=True)
class Visitor:
    """Somebody logged in, as a page knows them; `csrf` must come back with every form.

    Attributes:
        idle_at: when their session ends if they do not use it until then.
        ends_at: when it ends in any case.
        device: of a log-in: what their browser keeps to be known next time.
    """

    person: Person
    token: str = field(repr=False)
    csrf: str = field(repr=False)
    idle_at: datetime
    ends_at: datetime
    device: str = field(default="", repr=False)


class People:
    """Accounts and sessions. Everything may raise RecordsUnavailable."""

    def __init__(
        self,
        records: Database,
        *,
        session_h: float = 12,
        idle_min: float = 60,
        lockout: LockoutRule = LockoutRule(),  # noqa: B008 - it is frozen
        from_everywhere: LockoutRule = FROM_EVERYWHERE,
        second_factor: SecondFactor | None = None,
    ) -> None:
        self._records = records
        self.second_factor = second_factor
        self._devices = KnownDevices(records)
        self._failed = FailedLogIns(records, lockout, from_everywhere)
        self._sessions: Sessions[Person] = Sessions(
            records,
            table=WebSession,
            owner=WebSession.person_id,
            account=Person,
            key=Person.person_id,
            active=Person.active.is_(True),
            longest=timedelta(hours=session_h),
            idle=timedelta(minutes=idle_min),
        )
        self.sessions = WebSessions(records, self._sessions)

    # Accounts

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
            password_hash=await _HASHER.hash(password),
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
        if person is not None and await _HASHER.verify(person.password_hash, password):
            raise NotPossible("that is the password of today")
        hashed = await _HASHER.hash(password)
        await self._change(by, name, "password set", password_hash=hashed, must_change=must_change)

    async def set_role(self, by: str, name: str, role: Role) -> None:
        _must_be_local(await self.by_name(name))
        await self._change(by, name, "role set", role=role)

    async def hand_over(self, by: str, name: str, issuer: str) -> None:
        """From its next log-in on a local account is of who has this name at the OpenID provider.
        Raises NotPossible."""
        _must_be_local(await self.by_name(name))
        kept: dict[str, Any] = {
            "issuer": issuer,
            "password_hash": NO_PASSWORD,
            "must_change": False,
        }
        await self._change(by, name, "handed to the provider", **kept)

    async def take_back(self, by: str, name: str) -> None:
        """The account is a local one again, and needs a password. Raises NotPossible."""
        await self._change(by, name, "taken from the provider", issuer=None, subject=None)

    async def set_active(self, by: str, name: str, active: bool) -> None:
        await self._change(by, name, "activated" if active else "deactivated", active=active)

    async def set_phone(self, by: str, name: str, operator_id: str, pin: str) -> None:
        """What the person keys on the telephone to record prompts. Raises NotPossible."""
        if not OPERATOR_ID.fullmatch(operator_id):
            raise NotPossible("an operator ID is 4 to 16 digits")
        if not PIN.fullmatch(pin) or len(set(pin)) < 3:
            raise NotPossible("a PIN is 6 to 12 digits, of three kinds at least")
        hashed = await _HASHER.hash(pin)
        try:
            await self._change(by, name, "telephone set", operator_id=operator_id, pin_hash=hashed)
        except IntegrityError:
            raise NotPossible(
                "the operator ID %(number)s is somebody else's", number=operator_id
            ) from None

    async def _change(
        self, by: str, name: str, action: str, *, keep_sessions: bool = False, **values: object
    ) -> None:
        async with self._records.writing() as session:
            person = await session.scalar(select(Person).where(Person.name == name))
            if person is None:
                raise NotPossible("there is no account %(name)s", name=name)
            for column, value in values.items():
                setattr(person, column, value)
            await self._failed.unlock(session, _subjects(person))
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
            await self._failed.unlock(session, _subjects(person))
            await audit.note(session, by, "person: unlocked", name)

    async def locked(self, people: Sequence[Person]) -> Mapping[str, datetime]:
        """By name: until when a log-in is refused, by web or telephone, somewhere at least."""
        subjects = {subject: person.name for person in people for subject in _subjects(person)}
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

    # Logging in

    async def log_in(
        self, name: str, password: str, address: str, device: str = "", agent: str = ""
    ) -> Visitor | None:
        """A new session; None for a wrong name or password. Raises LockedFor, and CodeWanted where
        the password was right and a second factor is there (SecondFactorAway: and has no key).

        `device` is what this browser keeps of an earlier log-in (`Visitor.device`), if any; `agent`
        what it says that it is.
        """
        known = await self._devices.knows(name, device)
        place = self._devices.place_of(device) if known else place_of(address)
        person = await self._authenticate(
            Person.name == name, name, password, Way.WEB, place, known=known, address=address
        )
        if person is None:
            return None
        if person.has_second_factor:
            raise CodeWanted(self._must_be_there().ticket(name, now()))
        return await self._begin(person, address, device if known else "", agent)

    async def with_second_factor(
        self, ticket: str, proof: SecondProof, address: str, device: str = "", agent: str = ""
    ) -> Visitor | None:
        """A new session for who gave the right password just now; None for a wrong proof, or a
        ticket that is too old. Raises LockedFor, SecondFactorAway."""
        opened = self._must_be_there().opened(ticket)
        person = await self.by_name(opened.name) if opened is not None else None
        if opened is None or person is None or not person.active:
            return None
        subject, place = _subject_of(proof.kind, person.name), place_of(address)
        await self._failed.charge(Way.WEB, subject, place)
        async with self._records.writing() as session:
            held = await session.get(Person, person.person_id, with_for_update=True)
            if held is None or not await proof.holds(session, held, opened):
                detail = {"by": Way.WEB.value, "address": address, "why": proof.kind.value}
                await audit.note(session, person.name, "log-in failed", person.name, **detail)
                return None
        await self._failed.settle(Way.WEB, subject, place)
        return await self.let_in(person, address, device, agent)

    async def let_in(
        self, person: Person, address: str, device: str = "", agent: str = "", *, by: str = "web"
    ) -> Visitor:
        """A new session of somebody who has proved who they are; `by`: how, for the audit log."""
        known = await self._devices.knows(person.name, device)
        return await self._begin(person, address, device if known else "", agent, by)

    async def set_second_factor(self, name: str, sealed: str, code: str) -> None:
        """The first code of a new authenticator proves that it works. Raises NotPossible,
        SecondFactorAway."""
        factor = self._must_be_there()
        seed = factor.seed_for(name, sealed)
        step = factor.step_of(seed, code, now(), None) if seed is not None else None
        if seed is None or step is None:
            raise NotPossible("the code is wrong, or came too late")
        await self._change(
            name, name, "second factor set", totp_seed=seed, totp_step=step, keep_sessions=True
        )

    async def drop_second_factor(self, by: str, name: str) -> None:
        """Authenticator and passkeys, of who has lost them. Raises NotPossible."""
        async with self._records.writing() as session:
            person = await session.scalar(select(Person).where(Person.name == name))
            if person is None:
                raise NotPossible("there is no account %(name)s", name=name)
            person.totp_seed = person.totp_step = None
            await session.execute(delete(Passkey).where(Passkey.person_id == person.person_id))
            await self._failed.unlock(session, _subjects(person))
            await self._sessions.end_all_of(session, person)
            await audit.note(session, by, "person: second factor taken away", name)

    def _must_be_there(self) -> SecondFactor:
        if self.second_factor is None:
            raise SecondFactorAway("console.second_factor_key is not set")
        return self.second_factor

    async def _begin(
        self, person: Person, address: str, device: str, agent: str, by: str = "web"
    ) -> Visitor:
        """A session; `device` is known, or empty for a browser that is to be known from now on."""
        device = device or secrets.token_urlsafe(32)
        name = person.name
        async with self._records.writing() as session:
            kept = {"address": address, "agent": agent[:LONGEST_AGENT]}
            held = self._sessions.begin(session, person, **kept)
            await self._devices.seen(session, person, device)
            await audit.note(session, name, "logged in", name, by=by, address=address)
        return Visitor(person, held.token, held.csrf, held.idle_at, held.ends_at, device)

    async def by_phone(self, operator_id: str, pin: str, caller: str) -> Person | None:
        """Who has this operator ID and PIN; None if nobody. Raises LockedFor.

        Counted for the ID alone: who calls is what the caller says.
        """
        person = await self._authenticate(
            Person.operator_id == operator_id, operator_id, pin, Way.PHONE, EVERYWHERE, line=caller
        )
        if person is not None:
            await audit.write(
                self._records, person.name, "logged in", person.name, by="phone", line=caller
            )
        return person

    async def proves(self, name: str, password: str) -> bool:
        """Whether this is the password of somebody who is logged in. Raises LockedFor.

        Counted like a log-in, on its own: a browser left open locks nobody's log-in.
        """
        person = await self._authenticate(
            Person.name == name, name, password, Way.WEB, "a session", known=True
        )
        return person is not None

    async def _authenticate(
        self,
        who: ColumnElement[bool],
        subject: str,
        secret: str,
        way: Way,
        place: str,
        *,
        known: bool = False,
        **where: str,
    ) -> Person | None:
        async with self._records.reading() as session:
            person: Person | None = await session.scalar(select(Person).where(who))
        try:
            await self._failed.charge(way, subject, place, known=known)
        except LockedFor as locked:
            left = round(locked.seconds)
            await self._failure("log-in refused: locked", person, subject, way, where, seconds=left)
            raise
        hashed = None
        if person is not None:
            hashed = person.pin_hash if way is Way.PHONE else person.password_hash
        right = await _HASHER.verify(hashed, secret)
        if person is None or not right or not person.active:
            why = {"why": "deactivated"} if person is not None and right else {}
            await self._failure("log-in failed", person, subject, way, where, **why)
            return None
        await self._failed.settle(way, subject, place, known=known)
        return person

    async def _failure(
        self,
        action: str,
        person: Person | None,
        subject: str,
        way: Way,
        where: Mapping[str, str],
        **more: object,
    ) -> None:
        # People type their password where the name belongs: what looks like none is not kept.
        shown = subject if NAME.fullmatch(subject) or way is Way.PHONE else "(no name)"
        name = person.name if person is not None else shown
        await audit.write(self._records, name, action, name, by=way.value, **where, **more)

    async def visitor(self, token: str, *, seen: bool = True) -> Visitor | None:
        """Who holds this cookie, if their session still lasts.

        `seen`: somebody uses it; a page that asks by itself does not.
        """
        held = await self._sessions.held_by(token, seen=seen)
        if held is None:
            return None
        return Visitor(held.account, held.token, held.csrf, held.idle_at, held.ends_at)

    async def log_out(self, token: str, who: str = "") -> None:
        await self._sessions.end(token)
        if who:
            await audit.write(self._records, who, "logged out", who, by="web")

    async def purge_sessions(self) -> None:
        """Forget sessions that are over, old failures, and browsers not used for long."""
        await self._sessions.purge()
        await self._failed.purge()
        await self._devices.purge()


def _subjects(person: Person) -> list[str]:
    """What failed log-ins of an account are counted under."""
    second = [_subject_of(kind, person.name) for kind in ProofKind]
    return [person.name, *second, *([person.operator_id] if person.operator_id else [])]


def _subject_of(kind: ProofKind, name: str) -> str:
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
