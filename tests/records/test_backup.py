"""Backup and restore of records in a file, as docs/running.md has it, during a call."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from ground.database.urls import sqlite_url
from ivr.records import audit, audit_chain
from ivr.records.call_book import CallBook
from ivr.records.database import Database
from ivr.records.facts import Step
from ivr.records.migrations import head, upgrade
from tests.records.conftest import PATIENT, NotingMonitor, an_offered_call
from tests.records.test_migrations import check

pytestmark = pytest.mark.service


async def test_a_backup_taken_during_a_call_is_restored(
    book: CallBook, database: str, tmp_path: Path
) -> None:
    records = Database(database, PATIENT)
    await audit.write(records, "chan", "a deed", "before the backup")
    call_id = await book.open(an_offered_call())
    copy = tmp_path / "copy.sqlite3"
    with sqlite3.connect(tmp_path / "records.sqlite3") as original:
        original.execute(f"VACUUM INTO '{copy}'")
    original.close()
    book.step(call_id, Step("said", "goodbye.plain"))  # the call goes on
    await records.close()

    restored = sqlite_url(copy)
    assert await asyncio.to_thread(upgrade, restored) == head()
    await check(restored)
    records = Database(restored, PATIENT)
    assert (await audit_chain.check(records)).broken == ""
    assert (await audit.read(records))[0].subject == "before the backup"
    await records.close()
    again = CallBook(restored, PATIENT, NotingMonitor())
    again.start()
    assert await again.close_orphans("hk1") == [call_id]
    await again.shut()
