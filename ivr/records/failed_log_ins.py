"""What guessing costs: failed log-ins are counted by way, by name and by where they come from.

A stranger who guesses locks themselves out, not the owner of the name: the count of their address
is theirs alone. Who spreads their guesses over many addresses locks the name for devices that have
never logged in; a browser that has is let through. Names that nobody has are counted and locked
alike, so that no answer tells which exist.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from ground.database.insert import insert_unless_there
from ground.web.lockout import LockedFor, LockoutRule
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.people_tables import LoginFailures

FORGOTTEN_AFTER = timedelta(days=1)
"""A count that nobody has added to for so long begins anew."""

FORGIVEN_EVERY = timedelta(minutes=10)
"""Of the failures from everywhere one is forgiven so often: a guess an hour locks nobody."""

EVERYWHERE = ""


class Way(StrEnum):
    WEB = "web"
    PHONE = "phone"


class FailedLogIns:
    """Everything may raise RecordsUnavailable.

    Args:
        here: how failures from one place lock that place out.
        everywhere: how failures from all places together lock the name.
    """

    def __init__(self, records: Database, here: LockoutRule, everywhere: LockoutRule) -> None:
        self._records = records
        self._here = here
        self._everywhere = everywhere

    async def charge(self, way: Way, subject: str, place: str, *, known: bool = False) -> None:
        """Count one failure more, before the secret is looked at; `settle` takes it back.

        Counted before, so that many guesses at once are no more guesses. `known`: of a device that
        has logged in before: what others do does not lock it. Raises LockedFor.
        """
        key, at = _hashed(subject), now()
        async with self._records.writing() as session:
            counts = [(await _row(session, way, key, place), self._here)]
            if place != EVERYWHERE and not known:
                counts.append((await _row(session, way, key, EVERYWHERE), self._everywhere))
            for row, rule in counts:
                left = (row.locked_until - at).total_seconds() if row.locked_until else 0.0
                # A lock that is longer than any is was begun by a clock that was ahead.
                if 0 < left <= rule.longest_lock_s:
                    raise LockedFor(left)
            for row, rule in counts:
                row.failures = _remembered(row, at) + 1
                row.last_at = at
                pause = rule.pause(row.failures)
                row.locked_until = at + pause if pause is not None else None

    async def settle(self, way: Way, subject: str, place: str, *, known: bool = False) -> None:
        """The secret was right: this place begins anew, and the failure charged was none."""
        key = _hashed(subject)
        charged = {place} if known else {place, EVERYWHERE}
        async with self._records.writing() as session:
            rows = await session.scalars(
                select(LoginFailures)
                .where(
                    LoginFailures.way == way,
                    LoginFailures.subject == key,
                    LoginFailures.source.in_(charged),
                )
                .order_by(LoginFailures.source.desc())
                .with_for_update()
            )
            for row in rows:
                row.failures = 0 if row.source == place else max(0, row.failures - 1)
                row.locked_until = None

    async def unlock(self, session: AsyncSession, subjects: Iterable[str]) -> None:
        """Forget all failures of these names and operator IDs."""
        keys = [_hashed(subject) for subject in subjects]
        await session.execute(delete(LoginFailures).where(LoginFailures.subject.in_(keys)))

    async def locked(self, subjects: Iterable[str]) -> Mapping[str, datetime]:
        """Until when a log-in with each of these names or IDs is refused, somewhere at least."""
        by_key = {_hashed(subject): subject for subject in subjects}
        query = select(LoginFailures.subject, LoginFailures.locked_until).where(
            LoginFailures.locked_until > now(), LoginFailures.subject.in_(by_key)
        )
        found: dict[str, datetime] = {}
        async with self._records.reading() as session:
            for key, until in (await session.execute(query)).all():
                if until is not None:
                    name = by_key[key]
                    found[name] = max(until, found.get(name, until))
        return found

    async def purge(self) -> None:
        """Forget what does not count any more."""
        at = now()
        async with self._records.writing() as session:
            await session.execute(
                delete(LoginFailures).where(
                    LoginFailures.last_at < at - FORGOTTEN_AFTER,
                    or_(LoginFailures.locked_until.is_(None), LoginFailures.locked_until < at),
                )
            )


def place_of(address: str) -> str:
    """An address as failures are counted for it: of IPv6 the network of 64 bits, which one
    subscriber has whole (RFC 6177)."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _remembered(row: LoginFailures, at: datetime) -> int:
    """How many failures still count."""
    since = max(at - row.last_at, timedelta())  # clocks of two nodes differ
    if since > FORGOTTEN_AFTER:
        return 0
    if row.source == EVERYWHERE and row.way == Way.WEB:
        return max(0, row.failures - since // FORGIVEN_EVERY)
    return row.failures


async def _row(session: AsyncSession, way: Way, key: str, place: str) -> LoginFailures:
    await insert_unless_there(
        session,
        LoginFailures,
        way=way.value,
        subject=key,
        source=place,
        failures=0,
        last_at=now(),
    )
    return (
        await session.execute(
            select(LoginFailures)
            .where(
                LoginFailures.way == way,
                LoginFailures.subject == key,
                LoginFailures.source == place,
            )
            .with_for_update()
        )
    ).scalar_one()


def _hashed(subject: str) -> str:
    return hashlib.sha256(subject.encode("utf-8", "surrogatepass")).hexdigest()
