"""The audit log as people look through it: by person, deed and time, page by page.

Entries are found by their number, which grows with time, never by counting rows: a page costs the
same at the beginning of a million entries as at their end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ivr.records.audit_tables import AuditEntry
from ivr.records.database import Database

CLOCKS_DIFFER = timedelta(hours=1)
"""The clocks of two nodes differ by less: an entry is no further than that from where its time
would put it."""


@dataclass(frozen=True)
class AuditFilter:
    """What is looked for; what is empty does not matter.

    Attributes:
        action: the deed, as `audit.note` was given it.
        first, last: instants; `last` is not included.
        before: id of the last entry of the page before.
    """

    who: str = ""
    action: str = ""
    first: datetime | None = None
    last: datetime | None = None
    before: int | None = None


class EntryRow(NamedTuple):
    """What people are told of an entry; each attribute as that of `AuditEntry`."""

    entry_id: int
    at: datetime
    who: str
    action: str
    subject: str
    detail: Mapping[str, Any]


_COLUMNS = [AuditEntry.__table__.c[name] for name in EntryRow._fields]


async def find(records: Database, wanted: AuditFilter, limit: int) -> Sequence[AuditEntry]:
    """Newest first. Raises RecordsUnavailable."""
    async with records.reading() as session:
        query = await _newest(session, select(AuditEntry), wanted, limit)
        return () if query is None else (await session.scalars(query)).all()


async def rows(records: Database, wanted: AuditFilter, limit: int) -> Sequence[EntryRow]:
    """The entries that `find` finds, without their hashes: for many of them it is much quicker.

    Raises RecordsUnavailable.
    """
    async with records.reading() as session:
        query = await _newest(session, select(*_COLUMNS), wanted, limit)
        if query is None:
            return ()
        return [EntryRow._make(row) for row in await session.execute(query)]


async def _newest(
    session: AsyncSession, query: Select[Any], wanted: AuditFilter, limit: int
) -> Select[Any] | None:
    """What the query selects of the entries that are looked for, newest first; None when there can
    be none."""
    query = query.order_by(AuditEntry.entry_id.desc()).limit(limit)
    if wanted.who:
        query = query.where(AuditEntry.who == wanted.who)
    if wanted.action:
        query = query.where(AuditEntry.action == wanted.action)
    # One limit: with two, SQLite takes an index that fits less well.
    limits = [] if wanted.before is None else [wanted.before]
    if wanted.first is not None:
        oldest = await _first_since(session, wanted.first - CLOCKS_DIFFER)
        if oldest is None:
            return None
        query = query.where(AuditEntry.entry_id >= oldest, AuditEntry.at >= wanted.first)
    if wanted.last is not None:
        newer = await _first_since(session, wanted.last + CLOCKS_DIFFER)
        limits += [] if newer is None else [newer]
        query = query.where(AuditEntry.at < wanted.last)
    return query.where(AuditEntry.entry_id < min(limits)) if limits else query


async def _first_since(session: AsyncSession, instant: datetime) -> int | None:
    """The number of the first entry of this time or later; None if there is none."""
    return await session.scalar(
        select(AuditEntry.entry_id)
        .where(AuditEntry.at >= instant)
        .order_by(AuditEntry.at, AuditEntry.entry_id)
        .limit(1)
    )


async def deeds(records: Database) -> Sequence[str]:
    """Every deed that is in the log. Raises RecordsUnavailable.

    One step in the index for each: `SELECT DISTINCT` would read all entries.
    """
    found = select(func.min(AuditEntry.action).label("action")).cte("deeds", recursive=True)
    following = (
        select(func.min(AuditEntry.action))
        .where(AuditEntry.action > found.c.action)
        .scalar_subquery()
    )
    found = found.union_all(select(following).where(found.c.action.is_not(None)))
    async with records.reading() as session:
        known = await session.scalars(select(found.c.action).where(found.c.action.is_not(None)))
        return known.all()
