"""The audit log: who did what, written with the deed itself, never changed after.

Each entry carries a hash of itself and of the one before it (`audit_chain`), so that a change that
goes round the triggers of the database is found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from ivr.records.audit_chain import sealed
from ivr.records.audit_search import AuditFilter, find
from ivr.records.audit_tables import AuditEntry
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.masking import clean, clean_detail

_LOCK = 0x0A0D17
"""Advisory lock of PostgreSQL: entries get their place in the chain one at a time."""

_NOWHERE: Mapping[str, str] = {}
_FROM: ContextVar[Mapping[str, str]] = ContextVar("audit_from", default=_NOWHERE)


@contextmanager
def deeds_from(**place: str) -> Iterator[None]:
    """Every entry written within says where the deed came from: an `address`, a `line`."""
    token = _FROM.set(place)
    try:
        yield
    finally:
        _FROM.reset(token)


async def note(
    session: AsyncSession, who: str, action: str, subject: str, **detail: object
) -> None:
    """Add an entry to the transaction of the deed: both are there, or neither is.

    To be called last in the transaction: until its end nobody else writes an entry.
    """
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    previous = await session.scalar(
        select(AuditEntry.hash).order_by(AuditEntry.entry_id.desc()).limit(1)
    )
    # A float may come back from JSON as another one; its words do not.
    storable = {
        key: str(value) if isinstance(value, float) else value for key, value in detail.items()
    }
    entry = AuditEntry(
        at=now(),
        who=clean(who) or "",
        action=action,
        subject=clean(subject) or "",
        detail=clean_detail({**_FROM.get(), **storable}),
        previous=previous or "",
    )
    entry.hash = sealed(entry)
    session.add(entry)
    await session.flush()


async def write(records: Database, who: str, action: str, subject: str, **detail: object) -> None:
    """An entry on its own, for a deed that changes nothing in the records."""
    async with records.writing() as session:
        await note(session, who, action, subject, **detail)


async def read(records: Database, *, who: str = "", limit: int = 100) -> Sequence[AuditEntry]:
    """The newest entries, of everybody or of one person, newest first."""
    return await find(records, AuditFilter(who=who), limit)


async def following(records: Database, after: int, limit: int = 500) -> Sequence[AuditEntry]:
    """Oldest first: what was written after the entry with this id."""
    query = (
        select(AuditEntry)
        .where(AuditEntry.entry_id > after)
        .order_by(AuditEntry.entry_id)
        .limit(limit)
    )
    async with records.reading() as session:
        return (await session.scalars(query)).all()


async def purge(session: AsyncSession, days: int) -> int:
    """Delete entries older than so many days; the database refuses young ones."""
    gone = await session.execute(delete(AuditEntry).where(AuditEntry.at < now() - timedelta(days)))
    return int(getattr(gone, "rowcount", 0))
