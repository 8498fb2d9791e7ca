"""Log-in sessions: an opaque bearer token, kept as its hash."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import ColumnElement, and_, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.clock import Clock
from rocars.entrance.lockout import AHEAD
from rocars.refusals import Code, Problem
from rocars.store.database import Database
from rocars.store.tables.registration import Driver
from rocars.store.tables.security import LoginSession


@dataclass(frozen=True)
class LoggedInDriver:
    """Who a bearer token stands for."""

    id: int
    user_id: str


@dataclass(frozen=True)
class NewSession:
    token: str = field(repr=False)
    expires_at: datetime


class Sessions:
    def __init__(self, database: Database, clock: Clock, minutes: int) -> None:
        self._database = database
        self._clock = clock
        self._lasts = timedelta(minutes=minutes)

    def open(self, session: AsyncSession, driver_id: int) -> NewSession:
        """Begin a log-in, in the transaction that spends its one-time code."""
        fresh = NewSession(secrets.token_urlsafe(32), self._clock() + self._lasts)
        session.add(
            LoginSession(
                token_hash=_hash(fresh.token), driver_id=driver_id, expires_at=fresh.expires_at
            )
        )
        return fresh

    async def driver(self, token: str) -> LoggedInDriver:
        """Raises Problem SESSION_EXPIRED for unknown and lapsed ones alike."""
        async with self._database.reading() as session:
            row = (
                await session.execute(
                    select(Driver.id, Driver.user_id)
                    .join(LoginSession, LoginSession.driver_id == Driver.id)
                    .where(
                        LoginSession.token_hash == _hash(token),
                        *self._lasting(),
                    )
                )
            ).one_or_none()
        if row is None:
            raise Problem(Code.SESSION_EXPIRED)
        return LoggedInDriver(row.id, row.user_id)

    async def end(self, token: str) -> None:
        """A driver has done what they came for."""
        async with self._database.writing() as session:
            await session.execute(
                delete(LoginSession).where(LoginSession.token_hash == _hash(token))
            )

    async def sweep(self) -> None:
        async with self._database.writing() as session:
            await session.execute(delete(LoginSession).where(~and_(*self._lasting())))

    def _lasting(self) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        """One that lasts longer than a session may was begun by a clock that was ahead."""
        now = self._clock()
        return LoginSession.expires_at > now, LoginSession.expires_at <= now + self._lasts + AHEAD


def _hash(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
