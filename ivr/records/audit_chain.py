"""The chain of the audit log: each entry holds a hash of itself and of the one before."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, timedelta

from sqlalchemy import select

from ivr.records.audit_tables import AUDIT_KEPT, AuditEntry
from ivr.records.database import Database
from ivr.records.facts import now

_AT_ONCE = 2000


def sealed(entry: AuditEntry) -> str:
    """SHA-256 over the entry and the hash of the one before it, hexadecimal."""
    fields = [
        entry.previous,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.who,
        entry.action,
        entry.subject,
        entry.detail,
    ]
    written = json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


@dataclass(frozen=True)
class Verdict:
    """What a look at the whole chain found.

    Attributes:
        entries: how many are whole, oldest first.
        last, hash: id and hash of the newest of them: noted elsewhere, they show later that
            nothing was taken from the end.
        broken: what is wrong at the first entry that is not as it was written; empty: nothing.
    """

    entries: int
    last: int
    hash: str
    broken: str = ""


async def check(records: Database, noted: tuple[int, str] | None = None) -> Verdict:
    """Look at every entry. `noted` is id and hash of an entry as noted earlier, elsewhere.

    Raises RecordsUnavailable.
    """
    entries, last, end, seen_noted = 0, 0, "", noted is None
    while True:
        query = (
            select(AuditEntry)
            .where(AuditEntry.entry_id > last)
            .order_by(AuditEntry.entry_id)
            .limit(_AT_ONCE)
        )
        async with records.reading() as session:
            found = (await session.scalars(query)).all()
        for entry in found:
            wrong = _wrong(entry, end, first=entries == 0)
            if noted is not None and entry.entry_id == noted[0]:
                seen_noted = True
                if entry.hash != noted[1]:
                    wrong = wrong or f"entry {entry.entry_id} is not the one that was noted"
            if wrong:
                return Verdict(entries, last, end, wrong)
            entries, last, end = entries + 1, entry.entry_id, entry.hash
        if len(found) < _AT_ONCE:
            break
    if not seen_noted and noted is not None:
        return Verdict(entries, last, end, f"entry {noted[0]}, which was noted, is not there")
    return Verdict(entries, last, end)


def _wrong(entry: AuditEntry, before: str, *, first: bool) -> str:
    if entry.hash != sealed(entry):
        return f"entry {entry.entry_id} is not as it was written"
    if first:
        # Old entries go by retention. The database keeps younger ones than these.
        young = entry.at > now() - AUDIT_KEPT + timedelta(days=1)
        return f"entries before {entry.entry_id} are missing" if entry.previous and young else ""
    if entry.previous != before:
        return f"entries between {entry.entry_id} and the one before it are missing or changed"
    return ""
