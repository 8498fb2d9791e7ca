"""What a start does to the records: nothing that a living service still needs."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import pytest

from ivr.node import preparation
from ivr.node.preparation import prepare_records
from ivr.records import migrations
from ivr.records.call_book import CallBook
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.node_orders import NodeOrders
from ivr.records.node_tables import NodeState
from ivr.records.outcome import CallOutcome
from ivr.settings.service import Settings
from tests.records.conftest import PATIENT, NotingMonitor, an_offered_call

pytestmark = pytest.mark.service


def a_node(folder: Path, records: Path) -> Settings:
    folder.mkdir(exist_ok=True)
    return Settings.model_validate(
        {
            "node": {"name": "n1", "data": str(folder)},
            "records": {"database_url": f"sqlite+aiosqlite:///{records}"},
        }
    )


async def _with_open_calls(url: str, pids: tuple[int, ...]) -> list[str]:
    book = CallBook(url, PATIENT, NotingMonitor())
    book.start()
    opened = [await book.open(an_offered_call(node="n1", worker_pid=pid)) for pid in pids]
    await book.shut()
    return opened


async def _outcomes(url: str) -> dict[str, CallOutcome | None]:
    book = CallBook(url, PATIENT, NotingMonitor())
    found = {call.call_id: call.outcome for call in await book.recent(10)}
    await book.shut()
    return found


async def _pulse(url: str, until: threading.Event) -> None:
    records = Database(url, PATIENT)
    while not until.is_set():
        await NodeOrders(records).say(
            NodeState(
                node="n1",
                at=now(),
                lines=4,
                active=1,
                front_up=True,
                closed=False,
                workers=[],
                holder="a folder on another machine",
                whereabouts="process 7 on ivr2, data in /var/lib/rocars",
            )
        )
        await asyncio.sleep(0.1)
    await records.close()


def test_a_living_service_of_the_same_name_is_left_alone(tmp_path: Path) -> None:
    settings = a_node(tmp_path / "second", tmp_path / "records.sqlite3")
    url = settings.records_url
    migrations.upgrade(url)
    (call_id,) = asyncio.run(_with_open_calls(url, (2**22 + 1,)))
    over = threading.Event()
    living = threading.Thread(target=lambda: asyncio.run(_pulse(url, over)))
    living.start()
    reported: list[str] = []
    try:
        # The pulse is there before it is looked for.
        while not asyncio.run(_names(url)):
            pass
        assert prepare_records(settings, reported.append) == 1
    finally:
        over.set()
        living.join()
    assert len(reported) == 1
    assert "process 7 on ivr2, data in /var/lib/rocars" in reported[0]
    assert asyncio.run(_outcomes(url)) == {call_id: None}


async def _names(url: str) -> list[str]:
    records = Database(url, PATIENT)
    names = [state.node for state in await NodeOrders(records).nodes()]
    await records.close()
    return names


def test_after_a_kill_living_workers_keep_their_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = a_node(tmp_path / "node", tmp_path / "records.sqlite3")
    url = settings.records_url
    migrations.upgrade(url)
    living, lost = asyncio.run(_with_open_calls(url, (os.getpid(), 2**22 + 1)))
    monkeypatch.setattr(preparation, "is_worker", lambda pid: pid == os.getpid())
    reported: list[str] = []
    assert prepare_records(settings, reported.append) == 0
    assert reported == []
    assert asyncio.run(_outcomes(url)) == {living: None, lost: CallOutcome.WORKER_DIED}


def test_records_that_cannot_be_used_are_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "records.sqlite3").write_text("no database at all, but some text that is long")
    reported: list[str] = []
    settings = a_node(tmp_path / "node", tmp_path / "records.sqlite3")
    assert prepare_records(settings, reported.append) == 1
    (line,) = reported
    assert line.startswith("records.database_url: ")
    assert "file is not a database" in line
    assert "\n" not in line
