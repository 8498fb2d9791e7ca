"""Nothing is deleted by a clock that may be wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from ivr.records.call_book import CallBook
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.retention import CALLS, NEVER, NOT_BEFORE_S, Retention
from ivr.records.settings import RecordsSettings
from tests.records.conftest import PATIENT, NotingMonitor, an_offered_call
from tests.support.migrated import new_records

pytestmark = pytest.mark.service

KEPT = RecordsSettings(retention_days=180, purge_share=0.1)
TODAY = now()


@dataclass
class Clocks:
    """What a node goes by; each can be set."""

    wall: datetime = TODAY
    runs_s: float = 0.0
    rocars: datetime | None = None

    async def of_rocars(self) -> datetime | None:
        return self.rocars


@dataclass
class Records:
    database: Database
    book: CallBook

    async def calls(self, *ages_days: float) -> None:
        for age in ages_days:
            await self.book.open(an_offered_call(offered_at=TODAY - timedelta(age)))

    def retention(self, clocks: Clocks) -> Retention:
        return Retention(
            self.database,
            KEPT,
            rocars_clock=clocks.of_rocars,
            clock=lambda: clocks.wall,
            runs_s=lambda: clocks.runs_s,
        )


@pytest_asyncio.fixture
async def records(tmp_path: Path) -> AsyncIterator[Records]:
    url = new_records(tmp_path / "records.sqlite3")
    database, book = Database(url, PATIENT), CallBook(url, PATIENT, NotingMonitor())
    book.start()
    yield Records(database, book)
    await book.shut()
    await database.close()


async def test_what_is_old_goes_once_the_clock_has_been_right_for_an_hour(records: Records) -> None:
    await records.calls(181, *range(19))
    clocks = Clocks()
    retention = records.retention(clocks)
    waiting = await retention.due()
    assert "just been started; 60 minutes" in waiting.wait
    assert waiting.before(CALLS) == NEVER
    clocks.runs_s = NOT_BEFORE_S
    due = await retention.due()
    assert (due.wait, due.count, due.left) == ("", 1, ())
    assert due.before(CALLS) == TODAY - timedelta(180)


async def test_a_clock_that_is_a_year_ahead_deletes_nothing(records: Records) -> None:
    await records.calls(*range(8))
    clocks = Clocks(TODAY + timedelta(400))
    retention = records.retention(clocks)
    clocks.runs_s = 10 * NOT_BEFORE_S
    due = await retention.due()
    assert "the newest call is of" in due.wait
    assert due.left == ("8 of 8 calls",)
    assert due.before(CALLS) == NEVER


async def test_a_call_recorded_by_the_wrong_clock_does_not_vouch_for_it(records: Records) -> None:
    await records.calls(*range(8), -400)
    clocks = Clocks(TODAY + timedelta(400))
    retention = records.retention(clocks)
    clocks.runs_s = 10 * NOT_BEFORE_S
    due = await retention.due()
    assert due.wait == ""
    assert (due.left, due.count, due.before(CALLS)) == (("8 of 9 calls",), 0, NEVER)


async def test_a_clock_that_is_far_behind(records: Records) -> None:
    await records.calls(0, 200)
    retention = records.retention(Clocks(datetime(1970, 1, 2, tzinfo=TODAY.tzinfo)))
    assert "1970-01-02, and the newest call" in await retention.clock_doubt()


@pytest.mark.parametrize(("ahead_min", "believed"), [(14, True), (16, False), (-16, False)])
async def test_the_clock_of_rocars_is_asked_first(
    records: Records, ahead_min: int, believed: bool
) -> None:
    await records.calls(90)  # a quiet quarter is no sign, when ROCARS agrees
    clocks = Clocks(TODAY + timedelta(minutes=ahead_min), rocars=TODAY)
    doubt = await records.retention(clocks).clock_doubt()
    assert bool(doubt) is not believed
    assert ("ROCARS" in doubt) is not believed


async def test_empty_records_speak_against_no_clock(records: Records) -> None:
    assert await records.retention(Clocks(TODAY + timedelta(4000))).clock_doubt() == ""
