"""The audit log: who did what, written with the deed itself, never changed after."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from ivr.records.console_tables import AuditEntry
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.masking import clean, clean_detail


def note(session: AsyncSession, who: str, action: str, subject: str, **detail: object) -> None:
    """Add an entry to the transaction of the deed: both are there, or neither is."""
    session.add(
        AuditEntry(
            at=now(),
            who=clean(who) or "",
            action=action,
            subject=clean(subject) or "",
            detail=clean_detail(detail),
        )
    )


async def write(records: Database, who: str, action: str, subject: str, **detail: object) -> None:
    """An entry on its own, for a deed that changes nothing in the records."""
    async with records.writing() as session:
        note(session, who, action, subject, **detail)


async def read(
    records: Database, *, before: int | None = None, who: str = "", limit: int = 100
) -> Sequence[AuditEntry]:
    """Newest first; `before` is the id of the last entry of the page before."""
    query = select(AuditEntry).order_by(AuditEntry.entry_id.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditEntry.entry_id < before)
    if who:
        query = query.where(AuditEntry.who == who)
    async with records.reading() as session:
        return (await session.scalars(query)).all()


async def purge(session: AsyncSession, days: int) -> int:
    """Delete entries older than so many days; the database refuses young ones."""
    gone = await session.execute(delete(AuditEntry).where(AuditEntry.at < now() - timedelta(days)))
    return int(getattr(gone, "rowcount", 0))
