"""Recordings of calls go when their time is over, announced, and by no clock that is in doubt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ivr.node.expired_recordings import ExpiredRecordings
from ivr.recorded_calls.shelf import RecordedCalls

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
KEEP_DAYS = 30


@dataclass
class Doubt:
    why: str = ""

    async def why_wait(self) -> str:
        return self.why


def a_shelf(tmp_path: Path, *ages_days: int) -> RecordedCalls:
    shelf = RecordedCalls(tmp_path)
    for age in ages_days:
        shelf.new(f"call-{age}", (NOW - timedelta(days=age)).date()).close()
    return shelf


def days(shelf: RecordedCalls) -> list[int]:
    """How old those are that are left."""
    return [(NOW.date() - date.fromisoformat(path.name)).days for path in shelf.days()]


async def test_they_go_day_by_day_each_announced_before(tmp_path: Path) -> None:
    shelf = a_shelf(tmp_path, 0, 29, 30, 31, 32)
    chore = ExpiredRecordings(shelf, KEEP_DAYS, Doubt().why_wait, lambda: NOW)
    with capture_logs() as logged:
        await chore.run()
    assert logged[0]["day"] == "2026-10-29"
    assert days(shelf) == [32, 31, 30, 29, 0]
    await chore.run()
    assert days(shelf) == [31, 30, 29, 0]
    for _ in range(3):
        await chore.run()
    assert days(shelf) == [30, 29, 0], "that of today thirty days ago is not over yet"


async def test_a_clock_in_doubt_deletes_nothing_and_is_announced_anew(tmp_path: Path) -> None:
    shelf, doubt = a_shelf(tmp_path, 40), Doubt()
    chore = ExpiredRecordings(shelf, KEEP_DAYS, doubt.why_wait, lambda: NOW)
    await chore.run()
    doubt.why = "the newest call is of 2027"
    await chore.run()
    doubt.why = ""
    await chore.run()
    assert days(shelf) == [40]
    await chore.run()
    assert days(shelf) == []


async def test_where_nothing_was_ever_recorded_nothing_is_done(tmp_path: Path) -> None:
    chore = ExpiredRecordings(RecordedCalls(tmp_path / "none"), KEEP_DAYS, Doubt().why_wait)
    await chore.run()
    assert not (tmp_path / "none").exists()
