"""The audit log is looked through by person, deed and time, and never read from end to end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from ivr.records import audit
from ivr.records.audit_search import AuditFilter, deeds, find, rows
from ivr.records.database import Database
from ivr.records.migrations import upgrade
from ivr.records.settings import RecordsSettings
from tests.support.migrated import new_records

pytestmark = pytest.mark.service

MORNING = datetime(2026, 11, 2, 9, tzinfo=UTC)
ENTRIES = (
    (0, "chan", "call looked at"),
    (1, "lee", "call looked at"),
    (2, "chan", "reviewed"),
    (3, "lee", "made live"),
    (2.5, "chan", "call looked at"),  # by a node whose clock is half an hour behind
    (5, "lee", "call looked at"),
    (6, "chan", "reviewed"),
)
"""Hours after `MORNING`, who, and what: entry 1 is the first of them."""


def at(hours: float) -> datetime:
    return MORNING + timedelta(hours=hours)


@pytest.fixture(params=["sqlite", "postgresql"])
async def records(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Database]:
    if request.param == "sqlite":
        url = new_records(tmp_path / "records.sqlite3")
    else:
        url = await request.getfixturevalue("postgres").new_database()
        await asyncio.to_thread(upgrade, url)
    opened = Database(url, RecordsSettings())
    for hours, who, action in ENTRIES:
        monkeypatch.setattr(audit, "now", lambda hours=hours: at(hours))
        await audit.write(opened, who, action, "something")
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (AuditFilter(), [7, 6, 5, 4, 3, 2, 1]),
        (AuditFilter(before=3), [2, 1]),
        (AuditFilter(who="chan"), [7, 5, 3, 1]),
        (AuditFilter(action="call looked at"), [6, 5, 2, 1]),
        (AuditFilter(who="chan", action="call looked at", before=5), [1]),
        (AuditFilter(first=at(2)), [7, 6, 5, 4, 3]),
        (AuditFilter(last=at(3)), [5, 3, 2, 1]),
        (AuditFilter(first=at(2.2), last=at(2.8)), [5]),
        (AuditFilter(who="lee", first=at(1), last=at(5)), [4, 2]),
        (AuditFilter(first=at(9)), []),
        (AuditFilter(last=at(0)), []),
        (AuditFilter(who="nobody"), []),
    ],
)
async def test_what_is_looked_for_is_found(
    records: Database, wanted: AuditFilter, expected: list[int]
) -> None:
    assert [entry.entry_id for entry in await find(records, wanted, 10)] == expected
    assert [entry.entry_id for entry in await find(records, wanted, 1)] == expected[:1]
    assert [entry.entry_id for entry in await rows(records, wanted, 10)] == expected


async def test_the_deeds_that_are_in_it(records: Database) -> None:
    assert sorted(await deeds(records)) == ["call looked at", "made live", "reviewed"]


async def test_there_are_no_deeds_in_an_empty_log(tmp_path: Path) -> None:
    empty = Database(new_records(tmp_path / "records.sqlite3"), RecordsSettings())
    assert await deeds(empty) == []
    assert not await find(empty, AuditFilter(first=at(0), last=at(1)), 10)
    await empty.close()


@pytest.mark.parametrize("records", ["sqlite"], indirect=True)
async def test_no_search_goes_through_entries_in_vain(records: Database) -> None:
    """As SQLite plans it: entries are found in an index, and need not be sorted."""
    asked: list[tuple[str, Any]] = []

    def listen(_c: Any, _cursor: Any, statement: str, values: Any, _x: Any, _many: bool) -> None:
        asked.append((statement, values))

    async with records.reading() as session:
        engine = session.get_bind().engine
    event.listen(engine, "before_cursor_execute", listen)
    for who in ("", "chan"):
        for action in ("", "reviewed"):
            for first, last in ((None, None), (at(1), at(4))):
                for before in (None, 6):
                    await find(records, AuditFilter(who, action, first, last, before), 10)
    await deeds(records)
    event.remove(engine, "before_cursor_execute", listen)
    assert len(asked) > 30
    async with records.reading() as session:
        connection = await session.connection()
        for statement, values in asked:
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            steps = [str(step["detail"]) for step in plan.mappings()]
            in_order_of_their_number = "WHERE" not in statement
            assert in_order_of_their_number or not any(
                step.startswith("SCAN audit") for step in steps
            ), (statement, steps)
            assert not any("TEMP B-TREE" in step for step in steps), (statement, steps)
            for name, index in (("who", "who=?"), ("action", "action=?")):
                if f"audit.{name} = " in statement:
                    assert any(index in step for step in steps), (statement, steps)
