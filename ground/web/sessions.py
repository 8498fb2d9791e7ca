"""Web sessions: the token of a cookie, kept as its SHA-256, and the token of its forms."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import ColumnElement, String, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Mapped, mapped_column

from ground.database.instants import Instant

AccountT = TypeVar("AccountT", bound=DeclarativeBase)

AHEAD = timedelta(minutes=2)
"""A session that began later than this after now was begun by a wrong clock, and is over."""
NAME_LENGTH = 16
_NOTED_EVERY = timedelta(minutes=1)
"""How exactly it is kept when a session was last seen: a page must not cost a transaction."""


class SessionColumns:
    """What the table of sessions has besides the key of the account. A mixin."""

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True, sort_order=-1)
    csrf: Mapped[str] = mapped_column(String(64), sort_order=1)
    began_at: Mapped[datetime] = mapped_column(Instant, sort_order=2)
    seen_at: Mapped[datetime] = mapped_column(Instant, sort_order=3)


class Database(Protocol):
    def reading(self) -> AbstractAsyncContextManager[AsyncSession]: ...

    def writing(self) -> AbstractAsyncContextManager[AsyncSession]: ...


@dataclass(frozen=True)
class HeldSession(Generic[AccountT]):
    """A session that lasts: whose it is, the cookie's token, and what forms must bring back.

    Attributes:
        idle_at: when it ends if nobody uses it until then.
        ends_at: when it ends whoever uses it.
    """

    account: AccountT
    token: str = field(repr=False)
    csrf: str = field(repr=False)
    idle_at: datetime
    ends_at: datetime


class Sessions(Generic[AccountT]):
    """The sessions of one web. Everything may raise what its database raises.

    Args:
        table: the sessions, with `SessionColumns`.
        owner: its column with the key of the account.
        account: the table of accounts, `key` its key.
        active: which accounts may have sessions at all.
        longest: a session ends so long after the log-in; `idle`: after the last page.
    """

    def __init__(
        self,
        database: Database,
        *,
        table: type[Any],
        owner: InstrumentedAttribute[Any],
        account: type[AccountT],
        key: InstrumentedAttribute[Any],
        active: ColumnElement[bool],
        longest: timedelta,
        idle: timedelta,
    ) -> None:
        self._database = database
        self._table = table
        self._owner = owner
        self._account = account
        self._key = key
        self._active = active
        self._longest = longest
        self._idle = idle

    def begin(self, session: AsyncSession, account: AccountT, **more: Any) -> HeldSession[AccountT]:
        """A new session, in a transaction of the one who logs in; `more` are columns of its own."""
        at = datetime.now(UTC)
        token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        held = HeldSession(account, token, csrf, at + self._idle, at + self._longest)
        values = {self._owner.key: getattr(account, self._key.key)} | more
        session.add(
            self._table(
                token_hash=_hashed(held.token), csrf=held.csrf, began_at=at, seen_at=at, **values
            )
        )
        return held

    async def held_by(self, token: str, *, seen: bool = True) -> HeldSession[AccountT] | None:
        """The session of this cookie, if it still lasts; with `seen` it is noted that somebody
        uses it. A page that asks by itself keeps no session alive."""
        async with self._database.reading() as session:
            row = (
                await session.execute(
                    select(self._table, self._account)
                    .join(self._account, self._key == self._owner)
                    .where(self._table.token_hash == _hashed(token), self._active)
                )
            ).first()
        if row is None:
            return None
        kept, account = row
        at = datetime.now(UTC)
        ahead = max(kept.began_at, kept.seen_at) - at > AHEAD
        if ahead or at - kept.began_at > self._longest or at - kept.seen_at > self._idle:
            await self.end(token)
            return None
        seen_at = kept.seen_at
        if seen and at - seen_at > _NOTED_EVERY:
            seen_at = at
            async with self._database.writing() as session:
                await session.execute(
                    update(self._table)
                    .where(self._table.token_hash == kept.token_hash)
                    .values(seen_at=at)
                )
        return HeldSession(
            account, token, kept.csrf, seen_at + self._idle, kept.began_at + self._longest
        )

    async def end(self, token: str) -> Any | None:
        """The row of the session that has ended; None where there was none."""
        async with self._database.writing() as session:
            return await session.scalar(
                delete(self._table)
                .where(self._table.token_hash == _hashed(token))
                .returning(self._table)
            )

    async def of(self, session: AsyncSession, account: AccountT) -> Sequence[Any]:
        """The rows of those that last, the last used first."""
        at = datetime.now(UTC)
        query = (
            select(self._table)
            .where(
                self._owner == getattr(account, self._key.key),
                self._table.began_at > at - self._longest,
                self._table.seen_at > at - self._idle,
            )
            .order_by(self._table.seen_at.desc())
        )
        return (await session.scalars(query)).all()

    async def end_named(self, session: AsyncSession, account: AccountT, name: str) -> bool:
        """End the one with this `name_of` in a transaction; False if there is none."""
        ended = await session.execute(
            delete(self._table)
            .where(
                self._owner == getattr(account, self._key.key),
                func.substr(self._table.token_hash, 1, NAME_LENGTH) == name,
            )
            .returning(self._table.token_hash)
        )
        return ended.first() is not None

    async def end_all_of(self, session: AsyncSession, account: AccountT) -> None:
        """In the transaction that takes rights or a password away."""
        await session.execute(
            delete(self._table).where(self._owner == getattr(account, self._key.key))
        )

    async def end_others_of(self, session: AsyncSession, account: AccountT, token: str) -> None:
        """All but the one of this cookie, in the transaction of who holds it."""
        await session.execute(
            delete(self._table).where(
                self._owner == getattr(account, self._key.key),
                self._table.token_hash != _hashed(token),
            )
        )

    async def purge(self) -> None:
        """Forget sessions that are over."""
        at = datetime.now(UTC)
        async with self._database.writing() as session:
            await session.execute(
                delete(self._table).where(
                    (self._table.began_at < at - self._longest)
                    | (self._table.seen_at < at - self._idle)
                    | (self._table.began_at > at + AHEAD)
                )
            )


def name_of(token: str) -> str:
    """What a session is called on pages: it tells nothing of the token, and opens nothing."""
    return _hashed(token)[:NAME_LENGTH]


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
