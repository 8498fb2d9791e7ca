"""A book of calls on a database of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ivr.records.call_book import CallBook
from ivr.records.calling_number import calling_number
from ivr.records.facts import CallOpened
from ivr.records.settings import RecordsSettings
from tests.support.migrated import new_records


@dataclass
class NotingMonitor:
    """A monitor that keeps what it is told."""

    records: list[str] = field(default_factory=list)
    states: list[bool] = field(default_factory=list)

    def lost(self, record: str) -> None:
        self.records.append(record)

    def degraded(self, degraded: bool) -> None:
        self.states.append(degraded)


FAST = RecordsSettings(
    flush_interval_s=0.02,
    busy_timeout_ms=200,
    retry_s=0.6,
    write_timeout_s=60,
    close_patience_s=30,
    queue_limit=1000,
)
"""Quick to try again, and in no hurry to give up: a busy machine is no failure."""
PATIENT = FAST.model_copy(update={"open_patience_s": 5, "busy_timeout_ms": 20_000})
"""For tests whose database is well: an offered call is on disk before it goes on, and another who
writes is waited for."""


def an_offered_call(**changes: object) -> CallOpened:
    given: dict[str, object] = {
        "node": "hk1",
        "worker_pid": 4711,
        "worker_slot": 0,
        "sip_call_id": "a84b4c76e66710@pbx.example",
        "source": "127.0.0.1:5060",
        "caller": calling_number("+85291234567"),
        "called": "39023333",
    }
    return CallOpened(**(given | changes))  # type: ignore[arg-type]


@pytest.fixture
def database(tmp_path: Path) -> str:
    return new_records(tmp_path / "records.sqlite3")


@pytest.fixture
def monitor() -> NotingMonitor:
    return NotingMonitor()


@pytest.fixture
async def book(database: str, monitor: NotingMonitor) -> AsyncIterator[CallBook]:
    book = CallBook(database, PATIENT, monitor)
    book.start()
    yield book
    await book.shut(5)
