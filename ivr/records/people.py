"""The people of the console: log-ins by web and by telephone, second factors, sessions."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import ColumnElement, select

from ground.web.lockout import LockedFor, LockoutRule
from ground.web.passwords import SecretHasher
from ground.web.sessions import Sessions
from ivr.records import audit
from ivr.records.account import NAME, Accounts, NotPossible
from ivr.records.database import Database
from ivr.records.factor_changes import FactorChanges
from ivr.records.facts import now
from ivr.records.failed_log_ins import EVERYWHERE, FailedLogIns, Way, place_of
from ivr.records.known_devices import KnownDevices
from ivr.records.people_tables import Person, WebSession
from ivr.records.second_factor import CodeWanted, SecondFactor, SecondFactorAway
from ivr.records.second_proof import SecondProof
from ivr.records.second_step import IN_A_SESSION, SecondStep
from ivr.records.visitor import Visitor
from ivr.records.web_sessions import ProviderSession, WebSessions

_HASHER = SecretHasher()

LONGEST_AGENT = 300
"""Characters that are kept of what a browser says that it is."""

FROM_EVERYWHERE = LockoutRule(free_failures=50)


class People:
    """Who logs in, and who is logged in; `accounts` are what they log in to, `factors` how second
    factors are changed.

    Everything may raise RecordsUnavailable.
    """

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
        self.accounts = Accounts(records, _HASHER, self._failed, self._sessions)
        self._step = SecondStep(records, self._failed)
        self.factors = FactorChanges(records, self._failed, self._sessions, self._step)

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
        person = await self.accounts.by_name(opened.name) if opened is not None else None
        if opened is None or person is None or not person.active:
            return None
        place = place_of(address)
        if not await self._step.proves(person, proof, opened, place, address=address):
            return None
        return await self.let_in(person, address, device, agent)

    async def let_in(
        self,
        person: Person,
        address: str,
        device: str = "",
        agent: str = "",
        *,
        provider: ProviderSession | None = None,
    ) -> Visitor:
        """A new session of somebody who has proved who they are; `provider`: to whom, if not to
        us."""
        known = await self._devices.knows(person.name, device)
        return await self._begin(person, address, device if known else "", agent, provider)

    async def set_second_factor(self, name: str, sealed: str, code: str) -> None:
        """The first code of a new authenticator proves that it works. Raises NotPossible,
        SecondFactorAway."""
        factor = self._must_be_there()
        seed = factor.seed_for(name, sealed)
        step = factor.step_of(seed, code, now(), None) if seed is not None else None
        if seed is None or step is None:
            raise NotPossible("the code is wrong, or came too late")
        await self.accounts.change(
            name, name, "second factor set", totp_seed=seed, totp_step=step, keep_sessions=True
        )

    def _must_be_there(self) -> SecondFactor:
        if self.second_factor is None:
            raise SecondFactorAway("console.second_factor_key is not set")
        return self.second_factor

    async def _begin(
        self,
        person: Person,
        address: str,
        device: str,
        agent: str,
        provider: ProviderSession | None = None,
    ) -> Visitor:
        """A session; `device` is known, or empty for a browser that is to be known from now on."""
        device = device or secrets.token_urlsafe(32)
        name = person.name
        async with self._records.writing() as session:
            kept: dict[str, str | None] = {"address": address, "agent": agent[:LONGEST_AGENT]}
            if provider is not None:
                kept |= {"id_token": provider.id_token, "provider_session": provider.name}
            held = self._sessions.begin(session, person, **kept)
            await self._devices.seen(session, person, device)
            by = Way.WEB if provider is None else "provider"
            await audit.note(session, name, "logged in", name, by=str(by), address=address)
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
            Person.name == name, name, password, Way.WEB, IN_A_SESSION, known=True
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

    async def log_out(self, token: str, who: str = "") -> ProviderSession | None:
        """What an OpenID provider has begun the session with, if one has."""
        ended = await self._sessions.end(token)
        if who:
            await audit.write(self._records, who, "logged out", who, by="web")
        if ended is None or ended.id_token is None:
            return None
        return ProviderSession(ended.id_token, ended.provider_session)

    async def purge_sessions(self) -> None:
        """Forget sessions that are over, old failures, and browsers not used for long."""
        await self._sessions.purge()
        await self._failed.purge()
        await self._devices.purge()
