"""An upgrade of a database of an earlier release while a call goes on, as docs/running.md has it;
and the way back, which is the backup."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import date
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, insert

from ground.database.engine import for_writing
from ground.database.urls import sqlite_url
from ivr.records import audit, audit_chain
from ivr.records.call_book import CallBook
from ivr.records.database import Database, RecordsUnavailable, open_database
from ivr.records.facts import CallClosed, Step
from ivr.records.measures import Measure
from ivr.records.migrations import current, head, upgrade
from ivr.records.migrations.upgrade import MIGRATIONS
from ivr.records.outcome import CallOutcome, EndedBy
from ivr.records.settings import RecordsSettings
from ivr.records.tallies import Tallies
from ivr.records.tally_tables import Tally
from tests.records.conftest import PATIENT, NotingMonitor, an_offered_call
from tests.records.test_migrations import check

pytestmark = pytest.mark.service

EARLIER = "0017"
"""The newest revision of the last release before sums were kept; its tables of calls are those of
today, so that the book writes them as a node of that release would."""
DAY = date(2026, 11, 2)


async def at_revision(url: str, revision: str) -> None:
    engine = open_database(url, RecordsSettings())

    def to_it(connection: Connection) -> None:
        command.upgrade(MIGRATIONS.config(connection), revision)

    async with for_writing(engine).begin() as connection:
        await connection.run_sync(to_it)
    await engine.dispose()


async def test_a_call_that_goes_on_is_written_down_across_an_upgrade(tmp_path: Path) -> None:
    file, copy = tmp_path / "records.sqlite3", tmp_path / "copy.sqlite3"
    url = sqlite_url(file)
    await at_revision(url, EARLIER)
    old_node = CallBook(url, PATIENT, NotingMonitor())
    old_node.start()
    call_id = await old_node.open(an_offered_call())
    records = Database(url, PATIENT)
    await audit.write(records, "chan", "a deed", "before the upgrade")
    counted = {"day": DAY, "measure": Measure.OUTCOME.value, "name": "completed"}
    of_each = [counted | {"language": "yue", "count": 3}, counted | {"language": "en", "count": 2}]
    async with records.writing() as session:
        await session.execute(insert(Tally), of_each)
    with sqlite3.connect(file) as original:
        original.execute(f"VACUUM INTO '{copy}'")
    original.close()

    assert await asyncio.to_thread(upgrade, url) == head()
    old_node.step(call_id, Step("said", "goodbye.plain"))  # the call goes on
    assert await old_node.close(
        call_id, CallClosed(outcome=CallOutcome.COMPLETED, ended_by=EndedBy.CALLER)
    )
    await check(url)
    assert [step.name for step in await old_node.steps(call_id)] == ["goodbye.plain"]
    (both,) = await Tallies(records).read(DAY, DAY)
    assert (both.measure, both.count) == (Measure.OUTCOME, 5)
    assert (await audit_chain.check(records)).broken == ""
    await records.close()
    await old_node.shut()

    # The way back: the copy is of the earlier release still, and its open call is closed.
    restored = sqlite_url(copy)
    assert await asyncio.to_thread(current, restored) == EARLIER
    again = CallBook(restored, PATIENT, NotingMonitor())
    again.start()
    assert await again.close_orphans("hk1") == [call_id]
    await again.shut()


async def test_a_release_does_not_start_on_a_database_newer_than_it(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "records.sqlite3")
    await asyncio.to_thread(upgrade, url)
    with sqlite3.connect(tmp_path / "records.sqlite3") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    with pytest.raises(RecordsUnavailable, match="newer"):
        await asyncio.to_thread(upgrade, url)
