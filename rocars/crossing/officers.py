"""Officers: their accounts, and logging in to their pages with a second factor."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import cast

import structlog
from sqlalchemy import CursorResult, select, update
from sqlalchemy.exc import IntegrityError

from ground.web.passwords import WeakPassword, check_strength
from ground.web.sessions import HeldSession, Sessions
from rocars.clock import Clock
from rocars.crossing.messages import OfficerData
from rocars.crossing.profiles import note
from rocars.crossing.settings import CrossingSettings
from rocars.entrance.lockout import Lockout, at_address
from rocars.refusals import Code, Problem
from rocars.secrets.key_ring import KeyRing
from rocars.secrets.pins import PinHasher
from rocars.secrets.settings import TokenSettings
from rocars.secrets.tokens import MIN_SEED_BYTES, Token, judge
from rocars.store.database import Database
from rocars.store.tables.officers import Officer, OfficerSession

log = structlog.get_logger("rocars.crossing")

_NAME = re.compile(r"[a-z][a-z0-9.]{1,18}[a-z0-9]")
_HEXADECIMAL = re.compile(r"([0-9a-fA-F]{2})+")
_NOBODYS_SEED = bytes(MIN_SEED_BYTES)


class OfficerRole(StrEnum):
    """What an officer may do: see and decide at the lanes; write risk profiles as well; answer
    enquiries; register. `ANY` is what every officer may."""

    ANY = "any"
    OFFICER = "officer"
    ANALYST = "analyst"
    HOTLINE = "hotline"
    REGISTRAR = "registrar"


_MAY: Mapping[str, frozenset[OfficerRole]] = {
    "officer": frozenset({OfficerRole.ANY, OfficerRole.OFFICER}),
    "analyst": frozenset({OfficerRole.ANY, OfficerRole.OFFICER, OfficerRole.ANALYST}),
    "hotline": frozenset({OfficerRole.ANY, OfficerRole.HOTLINE}),
    "registrar": frozenset({OfficerRole.ANY, OfficerRole.REGISTRAR}),
}


class LockedOut(Exception):
    """Too many log-ins of this name failed."""


@dataclass(frozen=True)
class OfficerVisitor:
    """An officer who is logged in."""

    name: str
    role: str
    token: str = field(repr=False)
    csrf: str = field(repr=False)

    def may(self, needed: OfficerRole) -> bool:
        return needed in _MAY[self.role]


class Officers:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: CrossingSettings,
        tokens: TokenSettings,
        keys: KeyRing,
        pins: PinHasher,
        lockout: Lockout,
    ) -> None:
        self._database = database
        self._clock = clock
        self._tokens = tokens
        self._keys = keys
        self._pins = pins
        self._lockout = lockout
        self._sessions: Sessions[Officer] = Sessions(
            database,
            table=OfficerSession,
            owner=OfficerSession.officer_id,
            account=Officer,
            key=Officer.id,
            active=Officer.active.is_(True),
            longest=timedelta(hours=settings.session_hours),
            idle=timedelta(minutes=settings.idle_minutes),
        )

    async def add(self, data: OfficerData) -> None:
        """Raises Problem INVALID_REGISTRATION, ALREADY_REGISTERED."""
        password, seed = data.password.get_secret_value(), data.seed.get_secret_value()
        try:
            check_strength(password, data.name)
        except WeakPassword as weak:
            raise Problem(Code.INVALID_REGISTRATION, "password", str(weak)) from None
        if not _HEXADECIMAL.fullmatch(seed):
            raise Problem(Code.INVALID_REGISTRATION, "seed", "expected hexadecimal digits")
        hashed = await self._pins.hash(password)
        try:
            async with self._database.writing() as session:
                session.add(
                    Officer(
                        name=data.name,
                        role=data.role,
                        password_hash=hashed,
                        seed=self._keys.lock_seed(bytes.fromhex(seed)),
                        next_step=0,
                        drift=0,
                        active=True,
                    )
                )
                note(session, self._clock(), "administration", "officer_added", data.name, "")
        except IntegrityError:
            raise Problem(Code.ALREADY_REGISTERED, data.name) from None

    async def registered(self, name: str) -> bool:
        """Whether there is or was such an account."""
        async with self._database.reading() as session:
            found = await session.execute(select(Officer.id).where(Officer.name == name))
            return found.scalar() is not None

    async def withdraw(self, name: str) -> None:
        """Close an account and end its log-ins. Raises Problem UNKNOWN_OFFICER."""
        async with self._database.writing() as session:
            officer = (
                await session.execute(select(Officer).where(Officer.name == name).with_for_update())
            ).scalar()
            if officer is None:
                raise Problem(Code.UNKNOWN_OFFICER, name[:20])
            officer.active = False
            await self._sessions.end_all_of(session, officer)
            note(session, self._clock(), "administration", "officer_withdrawn", name, "")

    async def log_in(
        self, name: str, password: str, code: str, address: str
    ) -> OfficerVisitor | None:
        """A new session; None whatever was wrong. Raises LockedOut.

        Failures are counted for this name from this address, whether it exists or not, so that a
        stranger elsewhere can lock no officer out.
        """
        if not _NAME.fullmatch(name):
            name = ""  # nobody's, and no database need take what it holds
        counted = at_address("officer", name, address)
        if not await self._lockout.admits(counted):
            raise LockedOut
        async with self._database.reading() as session:
            officer = (
                await session.execute(
                    select(Officer).where(Officer.name == name, Officer.active.is_(True))
                )
            ).scalar()
        right = await self._pins.verify(officer.password_hash if officer else None, password)
        token = Token(
            kind="totp",
            seed=self._keys.unlock_seed(officer.seed) if officer else _NOBODYS_SEED,
            digits=self._tokens.digits,
            next_counter=officer.next_step if officer else 0,
            step_s=self._tokens.totp_step_s,
            drift=officer.drift if officer else 0,
        )
        found = judge(
            token,
            code,
            self._clock(),
            look_ahead=0,
            max_drift=self._tokens.totp_max_drift_steps,
        )
        if officer is None or not right or found is None:
            log.warning("officer.refused")
            return None
        async with self._database.writing() as session:
            spent = await session.execute(
                update(Officer)
                .where(Officer.id == officer.id, Officer.next_step <= found.counter)
                .values(next_step=found.counter + 1, drift=found.drift)
                .execution_options(synchronize_session=False)
            )
            if cast("CursorResult[object]", spent).rowcount != 1:
                return None  # another log-in was faster with this code
            held = self._sessions.begin(session, officer)
            note(session, self._clock(), name, "logged_in", name, "")
        await self._lockout.clear(counted)
        return _visitor(held)

    async def visitor(self, token: str) -> OfficerVisitor | None:
        """Who holds this cookie, if their session still lasts."""
        held = await self._sessions.held_by(token)
        return _visitor(held) if held is not None else None

    async def log_out(self, token: str) -> None:
        await self._sessions.end(token)

    async def sweep(self) -> None:
        await self._sessions.purge()


def _visitor(held: HeldSession[Officer]) -> OfficerVisitor:
    return OfficerVisitor(held.account.name, held.account.role, held.token, held.csrf)
